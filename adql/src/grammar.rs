//! ADQL 2.1 for sqlparser: which characters make names, which words are
//! reserved, and which words sqlparser must not take for keywords of its own.
//!
//! Source: REC-ADQL-2.1 section 2 and its grammar (appendix A).

use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

#[derive(Debug)]
pub(crate) struct Adql;

impl Dialect for Adql {
    // ADQL 2.1 section 2.1.5: a regular identifier starts with a letter.
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_ascii_alphabetic()
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_ascii_alphanumeric() || ch == '_'
    }

    // Only `"`; sqlparser's default takes back quotes too.
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
    }

    // Otherwise `'a' 'b'` is read in silence as 'a' with the alias 'b'.
    fn supports_string_literal_concatenation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        false
    }
}

/// ADQL 2.1 sections 2.1.3 and 2.1.4: the reserved words of SQL and of ADQL, sorted.
pub(crate) const RESERVED: &[&str] = &[
    "ABS",
    "ABSOLUTE",
    "ACOS",
    "ACTION",
    "ADD",
    "ALL",
    "ALLOCATE",
    "ALTER",
    "AND",
    "ANY",
    "ARE",
    "AREA",
    "AS",
    "ASC",
    "ASIN",
    "ASSERTION",
    "AT",
    "ATAN",
    "ATAN2",
    "AUTHORIZATION",
    "AVG",
    "BEGIN",
    "BETWEEN",
    "BIGINT",
    "BIT",
    "BIT_LENGTH",
    "BOTH",
    "BOX",
    "BY",
    "CASCADE",
    "CASCADED",
    "CASE",
    "CAST",
    "CATALOG",
    "CEILING",
    "CENTROID",
    "CHAR",
    "CHARACTER",
    "CHARACTER_LENGTH",
    "CHAR_LENGTH",
    "CHECK",
    "CIRCLE",
    "CLOSE",
    "COALESCE",
    "COLLATE",
    "COLLATION",
    "COLUMN",
    "COMMIT",
    "CONNECT",
    "CONNECTION",
    "CONSTRAINT",
    "CONSTRAINTS",
    "CONTAINS",
    "CONTINUE",
    "CONVERT",
    "COORD1",
    "COORD2",
    "COORDSYS",
    "CORRESPONDING",
    "COS",
    "COT",
    "COUNT",
    "CREATE",
    "CROSS",
    "CURRENT",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "CURSOR",
    "DATE",
    "DAY",
    "DEALLOCATE",
    "DECIMAL",
    "DECLARE",
    "DEFAULT",
    "DEFERRABLE",
    "DEFERRED",
    "DEGREES",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DESCRIPTOR",
    "DIAGNOSTICS",
    "DISCONNECT",
    "DISTANCE",
    "DISTINCT",
    "DOMAIN",
    "DOUBLE",
    "DROP",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXCEPTION",
    "EXEC",
    "EXECUTE",
    "EXISTS",
    "EXP",
    "EXTERNAL",
    "EXTRACT",
    "FALSE",
    "FETCH",
    "FIRST",
    "FLOAT",
    "FLOOR",
    "FOR",
    "FOREIGN",
    "FOUND",
    "FROM",
    "FULL",
    "GET",
    "GLOBAL",
    "GO",
    "GOTO",
    "GRANT",
    "GROUP",
    "HAVING",
    "HOUR",
    "IDENTITY",
    "ILIKE",
    "IMMEDIATE",
    "IN",
    "INDICATOR",
    "INITIALLY",
    "INNER",
    "INPUT",
    "INSENSITIVE",
    "INSERT",
    "INT",
    "INTEGER",
    "INTERSECT",
    "INTERSECTS",
    "INTERVAL",
    "INTO",
    "IN_UNIT",
    "IS",
    "ISOLATION",
    "JOIN",
    "KEY",
    "LANGUAGE",
    "LAST",
    "LEADING",
    "LEFT",
    "LEVEL",
    "LIKE",
    "LOCAL",
    "LOG",
    "LOG10",
    "LOWER",
    "MATCH",
    "MAX",
    "MIN",
    "MINUTE",
    "MOD",
    "MODULE",
    "MONTH",
    "NAMES",
    "NATIONAL",
    "NATURAL",
    "NCHAR",
    "NEXT",
    "NO",
    "NOT",
    "NULL",
    "NULLIF",
    "NUMERIC",
    "OCTET_LENGTH",
    "OF",
    "OFFSET",
    "ON",
    "ONLY",
    "OPEN",
    "OPTION",
    "OR",
    "ORDER",
    "OUTER",
    "OUTPUT",
    "OVERLAPS",
    "PAD",
    "PARTIAL",
    "PI",
    "POINT",
    "POLYGON",
    "POSITION",
    "POWER",
    "PRECISION",
    "PREPARE",
    "PRESERVE",
    "PRIMARY",
    "PRIOR",
    "PRIVILEGES",
    "PROCEDURE",
    "PUBLIC",
    "RADIANS",
    "RAND",
    "READ",
    "REAL",
    "REFERENCES",
    "REGION",
    "RELATIVE",
    "RESTRICT",
    "REVOKE",
    "RIGHT",
    "ROLLBACK",
    "ROUND",
    "ROWS",
    "SCHEMA",
    "SCROLL",
    "SECOND",
    "SECTION",
    "SELECT",
    "SESSION",
    "SESSION_USER",
    "SET",
    "SIN",
    "SIZE",
    "SMALLINT",
    "SOME",
    "SPACE",
    "SQL",
    "SQLCODE",
    "SQLERROR",
    "SQLSTATE",
    "SQRT",
    "SUBSTRING",
    "SUM",
    "SYSTEM_USER",
    "TABLE",
    "TAN",
    "TEMPORARY",
    "THEN",
    "TIME",
    "TIMESTAMP",
    "TIMEZONE_HOUR",
    "TIMEZONE_MINUTE",
    "TO",
    "TOP",
    "TRAILING",
    "TRANSACTION",
    "TRANSLATE",
    "TRANSLATION",
    "TRIM",
    "TRUE",
    "TRUNCATE",
    "UNION",
    "UNIQUE",
    "UNKNOWN",
    "UPDATE",
    "UPPER",
    "USAGE",
    "USER",
    "USING",
    "VALUE",
    "VALUES",
    "VARCHAR",
    "VARYING",
    "VIEW",
    "WHEN",
    "WHENEVER",
    "WHERE",
    "WITH",
    "WORK",
    "WRITE",
    "YEAR",
    "ZONE",
];

/// The words whose meaning sqlparser may know; every other unquoted word is a
/// plain name to it (a column may be called `sort`, `limit`, `view`, …).
pub(crate) const STRUCTURE: &[&str] = &[
    "ALL",
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BIGINT",
    "BY",
    "CASE",
    "CAST",
    "CHAR",
    "CHARACTER",
    "CROSS",
    "DESC",
    "DISTINCT",
    "DOUBLE",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXISTS",
    "FALSE",
    "FLOAT",
    "FROM",
    "FULL",
    "GROUP",
    "HAVING",
    "ILIKE",
    "IN",
    "INNER",
    "INT",
    "INTEGER",
    "INTERSECT",
    "INTERVAL",
    "IS",
    "JOIN",
    "LEFT",
    "LIKE",
    "NATURAL",
    "NOT",
    "NULL",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "PRECISION",
    "REAL",
    "RIGHT",
    "SELECT",
    "SMALLINT",
    "TOP",
    "THEN",
    "TRUE",
    "UNION",
    "USING",
    "VARCHAR",
    "WHEN",
    "WHERE",
    "WITH",
];

pub(crate) fn is_reserved(word: &str) -> bool {
    let upper = word.to_ascii_uppercase();
    RESERVED.binary_search(&upper.as_str()).is_ok()
}

/// Whether `name` can be written without quotes (ADQL 2.1 section 2.1.5).
pub fn is_regular(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !is_reserved(name)
}

/// Makes plain names of all words that ADQL does not give a structure to, and
/// one literal of `0X1F`, which sqlparser would read as `0 AS X1F`.
pub(crate) fn soften(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut softened = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(mut token) = tokens.next() {
        if let Some(next) = tokens.peek()
            && let Some(digits) = hexadecimal(&token, next)
        {
            token.token = Token::HexStringLiteral(digits);
            token.span.end = next.span.end;
            tokens.next();
        }
        if let Token::Word(word) = &mut token.token
            && word.quote_style.is_none()
            && !STRUCTURE.contains(&word.value.to_ascii_uppercase().as_str())
        {
            word.keyword = Keyword::NoKeyword;
        }
        softened.push(token);
    }
    softened
}

/// ADQL 2.1 appendix A, <unsigned_hexadecimal>: `0x` and hexadecimal digits, in either case.
fn hexadecimal(token: &TokenWithSpan, next: &TokenWithSpan) -> Option<String> {
    let (Token::Number(zero, false), Token::Word(word)) = (&token.token, &next.token) else {
        return None;
    };
    let digits = word.value.strip_prefix(['X', 'x'])?;
    let good = zero == "0"
        && word.quote_style.is_none()
        && token.span.end == next.span.start
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_hexdigit());
    good.then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserved_words_are_sorted() {
        assert!(RESERVED.is_sorted());
        assert!(is_reserved("Select") && is_reserved("size") && !is_reserved("limit"));
    }
}
