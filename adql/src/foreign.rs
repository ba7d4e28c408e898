//! What other dialects of SQL have and ADQL has not, and what to write instead.

const PATTERN: &str = "LIKE knows % for any characters and _ for one, and no classes as [0-9]: \
                       write (x LIKE 'M1%' OR x LIKE 'M2%' OR …); ILIKE ignores case";

/// What ADQL has instead of a function of that name (in capitals).
pub(crate) fn function(name: &str) -> Option<&'static str> {
    const NOW: &str = "write the time itself, '2026-03-01T12:00:00'; for a Modified Julian Date, as in t_min, \
                       ivo_to_mjd('2026-03-01T12:00:00')";
    const PART_OF_TIME: &str = "compare with the bounds: x >= '2026-01-01' AND x < '2027-01-01' is \
        the year 2026; of Modified Julian Dates, as t_min, ivo_to_mjd('2026-01-01') and \
        ivo_to_mjd('2027-01-01') are the bounds";
    const PART_OF_TEXT: &str =
        "look into a string with LIKE; CAST(x AS VARCHAR(3)) gives its first 3 characters";
    const TIME: &str = "a time is written '2026-03-01T12:00:00', a Modified Julian Date, as in t_min, \
                        ivo_to_mjd('2026-03-01')";
    const CHOICE: &str = "write CASE WHEN a < b THEN a ELSE b END";
    const CONE: &str =
        "a cone search is CONTAINS(POINT(s_ra, s_dec), CIRCLE(10.5, -20.3, 0.1)) = 1, in degrees";
    const WINDOW: &str = "ADQL has no window functions; GROUP BY with MIN, MAX, COUNT … comes near";
    Some(match name {
        "IFNULL" | "NVL" => "write COALESCE(a, b)",
        "ISNULL" => "write x IS NULL, or COALESCE(a, b) for a value instead of NULL",
        "CONCAT" | "CONCAT_WS" => "strings are joined by ||: a || ' ' || b",
        "SUBSTRING" | "SUBSTR" | "LEFT" | "RIGHT" | "MID" | "SPLIT_PART" => PART_OF_TEXT,
        "POSITION" | "INSTR" | "CHARINDEX" | "LOCATE" | "STRPOS" | "STARTS_WITH" => PART_OF_TEXT,
        "LENGTH" | "LEN" | "CHAR_LENGTH" | "CHARACTER_LENGTH" | "OCTET_LENGTH" => {
            "ADQL does not measure strings; x LIKE '_____' is true of 5 characters, one for each _, \
             and x LIKE '_____%' of 5 or more"
        }
        "TRIM" | "LTRIM" | "RTRIM" | "REPLACE" | "TRANSLATE" | "REVERSE" | "INITCAP" => {
            "strings are changed by LOWER, UPPER and || alone; LIKE '%x%' finds x among blanks"
        }
        "LCASE" => "write LOWER(x)",
        "UCASE" => "write UPPER(x)",
        "NOW" | "GETDATE" | "SYSDATE" | "TODAY" | "CURDATE" | "CURRENT_DATE" | "CURRENT_TIME"
        | "CURRENT_TIMESTAMP" | "LOCALTIMESTAMP" => NOW,
        "DATE" | "TO_DATE" | "TO_TIMESTAMP" | "STR_TO_DATE" | "DATETIME" | "TIME" => TIME,
        "YEAR" | "MONTH" | "DAY" | "HOUR" | "EXTRACT" | "DATE_PART" | "DATEPART" | "DATE_TRUNC"
        | "DATEADD" | "DATE_ADD" | "DATE_SUB" | "STRFTIME" => PART_OF_TIME,
        "DATEDIFF" | "DATE_DIFF" | "TIMESTAMPDIFF" | "AGE" => {
            "days between Modified Julian Dates are t_max - t_min, those between times \
             ivo_to_mjd(b) - ivo_to_mjd(a)"
        }
        "CEIL" => "write CEILING(x)",
        "TRUNC" | "FIX" | "INT" => "write TRUNCATE(x)",
        "POW" => "write POWER(x, y)",
        "LN" => "LOG(x) is the natural logarithm",
        "LOG2" => "write LOG(x) / LOG(2)",
        "SQUARE" | "SQR" => "write POWER(x, 2)",
        "CBRT" => "write POWER(x, 1.0 / 3)",
        "RANDOM" => "write RAND()",
        "SIND" | "COSD" | "TAND" => "the functions of angles take radians: SIN(RADIANS(x))",
        "SIGN" | "IF" | "IIF" | "DECODE" | "NULLIF" | "GREATEST" | "LEAST" => CHOICE,
        "TO_CHAR" | "STR" | "TEXT" => "write CAST(x AS VARCHAR)",
        "CAST" => "write CAST(x AS INTEGER)",
        "CONVERT" | "TO_NUMBER" | "FLOAT" | "DOUBLE" | "INTEGER" => {
            "write CAST(x AS DOUBLE PRECISION)"
        }
        "STDDEV" | "STDEV" | "STD" | "STDDEV_POP" | "STDDEV_SAMP" => {
            "write SQRT(AVG(x * x) - AVG(x) * AVG(x))"
        }
        "VARIANCE" | "VAR" | "VAR_POP" => "write AVG(x * x) - AVG(x) * AVG(x)",
        "MEAN" | "AVERAGE" => "write AVG(x)",
        "GROUP_CONCAT" | "STRING_AGG" | "LISTAGG" => "write ivo_string_agg(x, ', ')",
        "JULIANDAY" | "TO_JULIAN" | "JD" => "write ivo_to_jd(x)",
        "TO_MJD" | "MJD" => "write ivo_to_mjd(x)",
        "MEDIAN" | "PERCENTILE_CONT" | "MODE" => {
            "the aggregates of ADQL are AVG, COUNT, MAX, MIN and SUM"
        }
        "REGEXP_LIKE" | "REGEXP" | "RLIKE" | "MATCH" => PATTERN,
        "ROW_NUMBER" | "RANK" | "DENSE_RANK" | "LAG" | "LEAD" | "NTILE" => WINDOW,
        "ANGDIST" | "ANGULAR_DISTANCE" | "ANGSEP" | "HAVERSINE" | "SEPARATION" | "Q3C_DIST" => {
            "write DISTANCE(POINT(ra1, dec1), POINT(ra2, dec2)), in degrees"
        }
        "CONE" | "CONESEARCH" | "CONE_SEARCH" | "CROSSMATCH" | "Q3C_RADIAL_QUERY" | "Q3C_JOIN"
        | "SCIRCLE" | "SPOINT" | "ST_DWITHIN" | "ST_CONTAINS" | "WITHIN" => CONE,
        "ST_INTERSECTS" | "OVERLAPS" | "INTERSECT" => "write INTERSECTS(a, b) = 1",
        "ELLIPSE" => "the shapes are POINT, CIRCLE, POLYGON and REGION('…')",
        "RECTANGLE" | "SQUARE_BOX" => "write POLYGON(ra1, dec1, ra2, dec2, ra3, dec3, …)",
        _ => return None,
    })
}

/// What to write instead of a reserved word that stands where a name may stand.
pub(crate) fn word(name: &str) -> Option<&'static str> {
    Some(match name {
        "UNIQUE" => "write SELECT DISTINCT",
        "INTO" => "leave it out: the answer is sent back; nothing can be stored",
        "FETCH" => "write SELECT TOP n",
        "CURRENT_DATE" | "CURRENT_TIME" | "CURRENT_TIMESTAMP" => return function(name),
        _ => return None,
    })
}

/// What to write instead of a column that other databases have of themselves.
pub(crate) fn column(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_uppercase().as_str() {
        "UNIQUE" => return word("UNIQUE"),
        "ROWNUM" | "ROW_NUMBER" | "LIMIT" => "write SELECT TOP n for the first n rows",
        "SYSDATE" | "NOW" | "TODAY" | "CURRENT_DATE" | "CURRENT_TIME" | "CURRENT_TIMESTAMP" => {
            return function("NOW");
        }
        _ => return None,
    })
}

/// What to write instead of a word that begins no query.
pub(crate) fn statement(name: &str) -> &'static str {
    match name {
        "SHOW" | "DESCRIBE" | "DESC" | "LIST" | "HELP" => {
            "SELECT table_name FROM tap_schema.tables lists the tables, \
             SELECT column_name FROM tap_schema.columns their columns"
        }
        "INSERT" | "UPDATE" | "DELETE" | "CREATE" | "DROP" | "ALTER" | "TRUNCATE" | "GRANT"
        | "REPLACE" | "MERGE" => "tables can be read, not changed",
        "EXPLAIN" => "send the query itself; how it is done is not told",
        _ => "write SELECT column, … FROM table WHERE condition",
    }
}

/// What to write instead of an operator of sqlparser's that ADQL has not.
pub(crate) fn operator(written: &str) -> Option<&'static str> {
    Some(match written {
        "==" | "===" => "write = for equality",
        "=!" | "!==" | "<=>" | "~=" | "^=" => "write <> for inequality",
        "=<" => "write <=",
        "=>" => "write >=",
        "&&" => "write AND",
        "!" => "write NOT",
        "**" => "write POWER(a, b)",
        "//" | "DIV" => "write a / b; of whole numbers the fraction is cut off",
        "::" => "write CAST(x AS VARCHAR), CAST(x AS INTEGER), …",
        "~" | "~*" | "!~" | "!~*" | "~~" | "~~*" | "REGEXP" | "RLIKE" | "SIMILAR" | "GLOB" => {
            PATTERN
        }
        "XOR" => "write (a AND NOT b) OR (b AND NOT a)",
        "<<" | ">>" => "multiply or divide by POWER(2, n)",
        ":=" => "write = for equality",
        _ => return None,
    })
}
