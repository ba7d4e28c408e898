//! A template's text, cut into pieces.

/// The longest template read, in bytes.
const MOST_BYTES: usize = 8_192;

/// A piece as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw<'a> {
    /// With doubled braces made single.
    Text(String),
    Field {
        name: &'a str,
        conversion: Option<Conversion>,
        spec: &'a str,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conversion {
    /// `!s`
    Text,
    /// `!r`
    Source,
    /// `!a`
    Ascii,
}

/// Cuts a template into texts and fields.
///
/// # Errors
/// Braces that do not match, what no field has, and fields inside of fields.
pub(super) fn parse(template: &str) -> Result<Vec<Raw<'_>>, String> {
    if template.len() > MOST_BYTES {
        return Err(format!(
            "it has {} bytes; a template may have {MOST_BYTES}",
            template.len()
        ));
    }
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(place) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(place);
        text.push_str(before);
        if let Some(after) = brace.strip_prefix("{{") {
            text.push('{');
            rest = after;
        } else if let Some(after) = brace.strip_prefix("}}") {
            text.push('}');
            rest = after;
        } else if let Some(inside) = brace.strip_prefix('{') {
            if !text.is_empty() {
                pieces.push(Raw::Text(std::mem::take(&mut text)));
            }
            let (field, after) = field(inside)?;
            pieces.push(field);
            rest = after;
        } else {
            return Err("a single } stands for nothing; write }} for the character".into());
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Raw::Text(text));
    }
    Ok(pieces)
}

/// Reads on behind a `{`.
fn field(inside: &str) -> Result<(Raw<'_>, &str), String> {
    let mut brackets = false;
    let end = inside.char_indices().find(|&(_, c)| match c {
        '[' => {
            brackets = true;
            false
        }
        ']' => {
            brackets = false;
            false
        }
        // Between brackets the others are part of a name.
        ':' | '!' | '}' | '{' => !brackets,
        _ => false,
    });
    let Some((end, mark)) = end else {
        return Err("a { has no }; write {{ for the character".into());
    };
    let (name, after) = inside.split_at(end);
    let after = after.get(mark.len_utf8()..).unwrap_or_default();
    let (conversion, after, mark) = match mark {
        '!' => {
            let mut letters = after.chars();
            let conversion = match letters.next() {
                Some('s') => Conversion::Text,
                Some('r') => Conversion::Source,
                Some('a') => Conversion::Ascii,
                _ => return Err(format!("{{{name}!…}}: after ! stands s, r or a")),
            };
            let mark = letters.next().unwrap_or(' ');
            (Some(conversion), letters.as_str(), mark)
        }
        mark => (None, after, mark),
    };
    match mark {
        '}' => Ok((
            Raw::Field {
                name,
                conversion,
                spec: "",
            },
            after,
        )),
        ':' => {
            let Some(end) = after.find(['{', '}']) else {
                return Err(format!("{{{name}:… has no }}"));
            };
            let (spec, rest) = after.split_at(end);
            let Some(rest) = rest.strip_prefix('}') else {
                return Err(format!(
                    "{{{name}:…}}: a field inside a format specification is not supported"
                ));
            };
            let field = Raw::Field {
                name,
                conversion,
                spec,
            };
            Ok((field, rest))
        }
        '{' => Err(format!(
            "{{{name}{{…: a field cannot stand in the name of another"
        )),
        _ => Err(format!("{{{name}!…: after the conversion stands : or }}")),
    }
}
