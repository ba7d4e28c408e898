//! Every key there is, and the names it goes by.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    /// `true` or `false`.
    Flag,
    Columns,
    Examples,
}

/// Every key there is: section, name, kind, default as text.
pub(super) const KEYS: &[(&str, &str, Kind, Option<&str>)] = &[
    ("", "database_url", Kind::Text, None),
    ("", "listen", Kind::Text, Some("127.0.0.1:8080")),
    ("", "data_dir", Kind::Text, None),
    ("", "base_url", Kind::Text, None),
    ("", "results_dir", Kind::Text, None),
    ("", "namespace", Kind::Text, None),
    ("", "votable_version", Kind::Text, Some("1.4")),
    ("", "metadata_drafts", Kind::Flag, Some("false")),
    ("", "cors_origins", Kind::Text, Some("*")),
    ("", "shutdown_seconds", Kind::Number, Some("30")),
    ("", "examples", Kind::Examples, None),
    ("limits", "maxrec_default", Kind::Number, Some("20000")),
    ("limits", "maxrec_hard", Kind::Number, Some("10000000")),
    ("limits", "sync_seconds", Kind::Number, Some("600")),
    ("limits", "body_bytes", Kind::Number, Some("16777216")),
    ("limits", "answer_bytes", Kind::Number, Some("17179869184")),
    ("uploads", "tables", Kind::Number, Some("10")),
    ("uploads", "rows", Kind::Number, Some("1000000")),
    ("uploads", "bytes", Kind::Number, Some("104857600")),
    ("uploads", "urls", Kind::Text, Some("public")),
    ("uploads", "allow", Kind::Text, None),
    ("uploads", "url_seconds", Kind::Number, Some("60")),
    ("uploads", "redirects", Kind::Number, Some("5")),
    ("jobs", "concurrent", Kind::Number, None),
    ("jobs", "concurrent_total", Kind::Number, Some("1000")),
    ("jobs", "concurrent_per_user", Kind::Number, Some("2")),
    ("jobs", "queued", Kind::Number, Some("10000")),
    ("jobs", "queued_per_user", Kind::Number, Some("1000")),
    ("jobs", "kept_per_user", Kind::Number, Some("10000")),
    ("jobs", "short_seconds", Kind::Number, Some("60")),
    ("jobs", "seconds_default", Kind::Number, Some("3600")),
    ("jobs", "seconds_hard", Kind::Number, Some("86400")),
    ("jobs", "lifetime_default", Kind::Number, Some("604800")),
    ("jobs", "lifetime_hard", Kind::Number, Some("2592000")),
    ("jobs", "list", Kind::Text, Some("all")),
    ("jobs", "lease_seconds", Kind::Number, Some("15")),
    ("obscore", "extra_columns", Kind::Columns, None),
    ("follow", "interval_seconds", Kind::Number, Some("1")),
    ("follow", "sweep_seconds", Kind::Number, Some("60")),
    ("log", "format", Kind::Text, Some("text")),
    ("log", "level", Kind::Text, None),
    ("pool", "readers", Kind::Number, Some("8")),
    ("pool", "long", Kind::Number, None),
    ("registry", "identifier", Kind::Text, None),
    ("registry", "title", Kind::Text, None),
    ("registry", "short_name", Kind::Text, None),
    ("registry", "description", Kind::Text, None),
    ("registry", "publisher", Kind::Text, None),
    ("registry", "creator", Kind::Text, None),
    ("registry", "contact_name", Kind::Text, None),
    ("registry", "contact_email", Kind::Text, None),
    ("registry", "subjects", Kind::Text, None),
    ("registry", "reference_url", Kind::Text, None),
    ("registry", "created", Kind::Text, None),
    ("registry_api", "token", Kind::Text, None),
    ("registry_api", "tokens_file", Kind::Text, None),
    ("registry_api", "remote", Kind::Flag, Some("false")),
    (
        "registry_api",
        "body_bytes",
        Kind::Number,
        Some("134217728"),
    ),
    ("pool", "waiting", Kind::Number, Some("400")),
    ("pool", "waiting_seconds", Kind::Number, Some("60")),
    ("datalink", "access_url", Kind::Text, Some("stored")),
    ("datalink", "ids", Kind::Number, Some("100000")),
    ("datalink", "cutout", Kind::Text, Some("none")),
    ("datalink", "documentation", Kind::Text, None),
    ("files", "roots", Kind::Text, None),
    ("files", "s3_endpoint", Kind::Text, None),
    ("files", "s3_region", Kind::Text, Some("us-east-1")),
    ("files", "s3_key_id", Kind::Text, None),
    ("files", "s3_secret", Kind::Text, None),
    ("files", "gs_key_id", Kind::Text, None),
    ("files", "gs_secret", Kind::Text, None),
    ("files", "signed_seconds", Kind::Number, Some("3600")),
    ("portal", "resolver", Kind::Text, None),
    ("portal", "aladin", Kind::Text, None),
    ("portal", "survey", Kind::Text, Some("CDS/P/DSS2/color")),
    ("portal", "token", Kind::Text, None),
    ("soda", "roots", Kind::Text, None),
    ("soda", "concurrent", Kind::Number, Some("4")),
];

/// Of a column: text, but for `indexed`.
pub(super) const COLUMN_KEYS: [&str; 7] = [
    "name",
    "type",
    "unit",
    "ucd",
    "utype",
    "description",
    "indexed",
];

/// Of an example, all text.
pub(super) const EXAMPLE_KEYS: [&str; 3] = ["name", "query", "description"];

/// Variables that are ours and not settings.
pub(super) const OTHER_VARIABLES: [&str; 1] = ["OBSTAP_CONFIG"];

/// Names among `variables` that look like ours and are no setting, with the
/// nearest name that is.
pub fn unknown_variables(variables: &[(String, String)]) -> Vec<(String, Option<String>)> {
    let known: Vec<String> = KEYS.iter().map(|k| variable(k.0, k.1)).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    variables
        .iter()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("OBSTAP_"))
        .filter(|name| key_of_variable(name).is_none() && !OTHER_VARIABLES.contains(&name.as_str()))
        .map(|name| (name.clone(), nearest(name, &known).map(str::to_owned)))
        .collect()
}

pub(super) fn path(section: &str, name: &str) -> String {
    match section {
        "" => name.to_owned(),
        _ => format!("{section}.{name}"),
    }
}

/// `limits.maxrec_hard` is set by `OBSTAP_LIMITS_MAXREC_HARD`.
pub(super) fn variable(section: &str, name: &str) -> String {
    format!(
        "OBSTAP_{}",
        path(section, name).replace('.', "_").to_uppercase()
    )
}

pub(super) fn key_of_variable(name: &str) -> Option<String> {
    KEYS.iter()
        .filter(|key| !matches!(key.2, Kind::Columns | Kind::Examples))
        .find(|key| variable(key.0, key.1) == name)
        .map(|key| path(key.0, key.1))
}

pub(super) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|&candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}
