//! Datasets to ingest.
//!
//! ```json
//! {"id": "0197…", "type": "raw", "run": "HSC/raw/all",
//!  "data_id": {"instrument": "HSC", "exposure": 903334, "detector": 47},
//!  "files": [{"uri": "file:///…", "size": 1000, "media_type": "image/fits",
//!             "checksum": "sha256:…", "component": "…"}]}
//! ```
//!
//! In a table each dimension has a column, and each row has a file; rows of
//! one dataset follow each other.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use uuid::Uuid;

use super::{Form, LONGEST, Words, check_many, check_text, parsed, table};
use crate::input::Value;
use crate::registry::File;
use crate::registry::own::error::Error;
use crate::registry::own::universe::DIMENSIONS;
use crate::registry::own::values::{Part, Values, place};

/// What a dataset says that does not say it itself.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    pub dataset_type: Option<String>,
    pub run: Option<String>,
}

/// A dataset as it was given.
#[derive(Clone, Debug)]
pub struct Given {
    /// Where it stands: the line, or the row.
    pub place: usize,
    pub id: Option<Uuid>,
    pub dataset_type: Arc<str>,
    pub run: Arc<str>,
    pub(in crate::registry::own) values: Values,
    pub files: Vec<File>,
}

/// A text, borrowed where JSON writes it as it is.
#[derive(Clone)]
struct Word<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Word<'a>, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
                Ok(Cow::Borrowed(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Text).map(Word)
    }
}

/// A value of a dimension.
enum Raw<'a> {
    Word(Cow<'a, str>),
    Number(i64),
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw<'a>, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Raw<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a whole number")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Raw<'de>, E> {
                Ok(Raw::Word(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Raw<'de>, E> {
                Ok(Raw::Word(Cow::Owned(text.to_owned())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Raw<'de>, E> {
                Ok(Raw::Number(number))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Raw<'de>, E> {
                let number = i64::try_from(number);
                number
                    .map(Raw::Number)
                    .map_err(|_| E::custom("a number is too large for a dimension"))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// The values of dimensions by name.
struct Named<'a>([Option<Raw<'a>>; DIMENSIONS.len()]);

impl<'de: 'a, 'a> Deserialize<'de> for Named<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Named<'a>, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Named<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of dimensions and their values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<'de>, A::Error> {
                use serde::de::Error;
                let mut named = Named(std::array::from_fn(|_| None));
                while let Some(Word(name)) = map.next_key()? {
                    let place = place(&name);
                    let slot = place.and_then(|place| named.0.get_mut(place));
                    let Some(slot) = slot else {
                        let known: Vec<&str> = DIMENSIONS.iter().map(|it| it.name).collect();
                        return Err(A::Error::custom(format!(
                            "unknown dimension `{name}`, expected one of {}",
                            known.join(", ")
                        )));
                    };
                    if slot.is_some() {
                        return Err(A::Error::custom(format!("duplicate dimension `{name}`")));
                    }
                    *slot = Some(map.next_value()?);
                }
                Ok(named)
            }
        }
        deserializer.deserialize_map(Map)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item<'a> {
    #[serde(borrow, default)]
    id: Option<Word<'a>>,
    #[serde(borrow, default, rename = "type")]
    dataset_type: Option<Word<'a>>,
    #[serde(borrow, default)]
    run: Option<Word<'a>>,
    #[serde(borrow)]
    data_id: Named<'a>,
    #[serde(borrow, default)]
    files: Vec<FileItem<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileItem<'a> {
    #[serde(borrow)]
    uri: Word<'a>,
    #[serde(borrow, default)]
    component: Option<Word<'a>>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(borrow, default)]
    media_type: Option<Word<'a>>,
    #[serde(borrow, default)]
    checksum: Option<Word<'a>>,
}

/// The datasets of a body.
///
/// # Errors
/// The first that cannot be understood, with its line.
pub fn datasets(body: &[u8], form: Form, defaults: &Defaults) -> Result<Vec<Given>, Error> {
    let mut words = Words::default();
    match form {
        Form::Json => {
            let items: Vec<(usize, Item<'_>)> = parsed(body)?;
            items
                .into_iter()
                .map(|(place, item)| given(place, item, defaults, &mut words))
                .collect()
        }
        Form::Table(format) => tabled(table(body, format)?, defaults, &mut words),
    }
}

fn given(
    line: usize,
    item: Item<'_>,
    defaults: &Defaults,
    words: &mut Words,
) -> Result<Given, Error> {
    let place = format_args!("line {line}").to_string();
    let mut values = Values::default();
    for (at, raw) in item.data_id.0.into_iter().enumerate() {
        if let Some(raw) = raw {
            values.set(at, part(&place, at, raw, words)?);
        }
    }
    let mut files = Vec::with_capacity(item.files.len());
    for it in item.files {
        let owned = |word: Option<Word<'_>>| word.map(|word| word.0.into_owned());
        files.push(File {
            uri: it.uri.0.into_owned(),
            component: owned(it.component),
            size: it.size,
            media_type: owned(it.media_type),
            checksum: owned(it.checksum),
        });
    }
    let id = match item.id {
        Some(Word(text)) => Some(uuid(&place, &text)?),
        None => None,
    };
    let dataset_type = item.dataset_type.as_ref().map(|word| &*word.0);
    let run = item.run.as_ref().map(|word| &*word.0);
    made(line, id, dataset_type, run, values, files, defaults, words)
}

#[allow(clippy::too_many_arguments)]
fn made(
    line: usize,
    id: Option<Uuid>,
    dataset_type: Option<&str>,
    run: Option<&str>,
    values: Values,
    files: Vec<File>,
    defaults: &Defaults,
    words: &mut Words,
) -> Result<Given, Error> {
    let named = |what: &str, given: Option<&str>, default: &Option<String>| {
        let name = given.or(default.as_deref());
        name.map(str::to_owned).ok_or_else(|| {
            Error::invalid(format!(
                "line {line}: the dataset has no {what}: give it \"{what}\", or one for all"
            ))
        })
    };
    let dataset_type = named("type", dataset_type, &defaults.dataset_type)?;
    let run = named("run", run, &defaults.run)?;
    for file in &files {
        check_file(line, file)?;
    }
    Ok(Given {
        place: line,
        id,
        dataset_type: words.keep(&dataset_type),
        run: words.keep(&run),
        values,
        files,
    })
}

fn check_file(line: usize, file: &File) -> Result<(), Error> {
    let texts = [
        ("uri", Some(&file.uri)),
        ("component", file.component.as_ref()),
        ("media_type", file.media_type.as_ref()),
        ("checksum", file.checksum.as_ref()),
    ];
    for (name, text) in texts {
        if let Some(text) = text
            && (text.len() > LONGEST || text.contains('\0'))
        {
            check_text(&format!("line {line}"), name, text, LONGEST)?;
        }
    }
    if !is_uri(&file.uri) {
        return Err(Error::invalid(format!(
            "line {line}: {:?} is no absolute URI: begin it with file://, https:// or s3://, and \
             write what is not allowed in it with %",
            file.uri.chars().take(80).collect::<String>()
        )));
    }
    if file.size.is_some_and(|size| i64::try_from(size).is_err()) {
        return Err(Error::invalid(format!("line {line}: size is too large")));
    }
    let is_checksum = |text: &String| {
        let parts = text.split_once(':');
        parts.is_some_and(|(name, digits)| {
            !name.is_empty()
                && !digits.is_empty()
                && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    };
    match &file.checksum {
        Some(text) if !is_checksum(text) => Err(Error::invalid(format!(
            "line {line}: checksum must be an algorithm, a colon and hexadecimal digits, as in \
             sha256:9f86…"
        ))),
        _ => Ok(()),
    }
}

/// RFC 3986 section 4.3: a scheme, and no character that must be escaped.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && !rest.is_empty()
        && rest
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
}

fn part(place: &str, at: usize, raw: Raw<'_>, words: &mut Words) -> Result<Part, Error> {
    let dimension = &DIMENSIONS[at];
    match (raw, dimension.is_word) {
        (Raw::Word(word), true) => {
            check_text(place, dimension.name, &word, 256)?;
            if word.is_empty() {
                let name = dimension.name;
                return Err(Error::invalid(format!("{place}: {name} is empty")));
            }
            Ok(Part::Word(words.keep(&word)))
        }
        (Raw::Number(number), false) => Ok(Part::Number(number)),
        (_, is_word) => Err(Error::invalid(format!(
            "{place}: {} must be {}",
            dimension.name,
            if is_word { "a text" } else { "a whole number" }
        ))),
    }
}

fn uuid(place: &str, text: &str) -> Result<Uuid, Error> {
    let shown: String = text.chars().take(80).collect();
    let id = Uuid::try_parse(text)
        .map_err(|_| Error::invalid(format!("{place}: {shown:?} is no UUID")))?;
    match id.is_nil() {
        true => Err(Error::invalid(format!(
            "{place}: the UUID of all zeros names nothing"
        ))),
        false => Ok(id),
    }
}

/// What a column of a table is for.
#[derive(Clone, Copy)]
enum Role {
    Id,
    Type,
    Run,
    Dimension(usize),
    Uri,
    Component,
    Size,
    MediaType,
    Checksum,
}

fn role(name: &str) -> Option<Role> {
    Some(match name.trim() {
        "id" => Role::Id,
        "type" => Role::Type,
        "run" => Role::Run,
        "uri" => Role::Uri,
        "component" => Role::Component,
        "size" => Role::Size,
        "media_type" => Role::MediaType,
        "checksum" => Role::Checksum,
        other => Role::Dimension(place(other)?),
    })
}

fn tabled(
    table: crate::input::Table,
    defaults: &Defaults,
    words: &mut Words,
) -> Result<Vec<Given>, Error> {
    let mut roles = Vec::new();
    for name in table.columns() {
        roles.push(role(name).ok_or_else(|| {
            let known = DIMENSIONS.iter().map(|it| it.name);
            let known: Vec<&str> = known.collect();
            Error::invalid(format!(
                "unknown column {name:?}; there are id, type, run, uri, component, size, \
                 media_type, checksum, {}",
                known.join(", ")
            ))
        })?);
    }
    let mut all: Vec<Given> = Vec::new();
    for row in table {
        let row = row.map_err(|error| Error::invalid(error.to_string()))?;
        let line = usize::try_from(row.place).unwrap_or(usize::MAX);
        let place = format!("line {line}");
        let (mut id, mut dataset_type, mut run) = (None, None, None);
        let mut values = Values::default();
        let mut file = File {
            uri: String::new(),
            component: None,
            size: None,
            media_type: None,
            checksum: None,
        };
        for (role, value) in roles.iter().zip(row.values) {
            let number = || match &value {
                Value::Int(number) => Some(*number),
                Value::Text(text) => text.trim().parse().ok(),
                _ => None,
            };
            let wrong =
                |what: &str| Error::invalid(format!("{place}: {} is no {what}", value.named()));
            if value == Value::Null {
                continue;
            }
            let text = match &value {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            };
            match role {
                Role::Dimension(at) if !DIMENSIONS[*at].is_word => {
                    let name = DIMENSIONS[*at].name;
                    let number =
                        number().ok_or_else(|| wrong(&format!("whole number ({name})")))?;
                    values.set(*at, Part::Number(number));
                }
                Role::Size => {
                    let size = number().and_then(|size| u64::try_from(size).ok());
                    file.size = Some(size.ok_or_else(|| wrong("number of bytes"))?);
                }
                role => {
                    let text = text.ok_or_else(|| wrong("text"))?;
                    match role {
                        Role::Id => id = Some(uuid(&place, &text)?),
                        Role::Type => dataset_type = Some(text),
                        Role::Run => run = Some(text),
                        Role::Uri => file.uri = text,
                        Role::Component => file.component = Some(text),
                        Role::MediaType => file.media_type = Some(text),
                        Role::Checksum => file.checksum = Some(text),
                        Role::Dimension(at) => {
                            let raw = Raw::Word(text.into());
                            values.set(*at, part(&place, *at, raw, words)?);
                        }
                        Role::Size => {}
                    }
                }
            }
        }
        let files = match file.uri.is_empty() {
            true => Vec::new(),
            false => vec![file],
        };
        let (dataset_type, run) = (dataset_type.as_deref(), run.as_deref());
        let given = made(line, id, dataset_type, run, values, files, defaults, words)?;
        match all.last_mut() {
            Some(last) if is_same(last, &given) => last.files.extend(given.files),
            _ => all.push(given),
        }
        check_many(all.len())?;
    }
    Ok(all)
}

/// Whether two rows, one after the other, are files of one dataset.
fn is_same(last: &Given, next: &Given) -> bool {
    last.id == next.id
        && last.dataset_type == next.dataset_type
        && last.run == next.run
        && last.values == next.values
        && !last.files.is_empty()
        && !next.files.is_empty()
}
