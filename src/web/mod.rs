//! Pages for people, without scripts.
//!
//! Must not know: HTTP, SQL.

pub mod api;

use std::fmt::Write;

use adql::Catalog;

use crate::dali::{Announced, Format, Layout};
use crate::output::escaped;

const INDEX: &str = include_str!("index.html");

/// The first page: what is here and how to ask.
pub fn index(base: &str, catalog: &Catalog) -> String {
    let mut tables = String::new();
    for table in catalog.tables() {
        let description = table.description.as_deref().unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(
            tables,
            "<tr><td><a href=\"{base}/tap/tables/{name}\">{name}</a></td><td>{count}</td><td>{text}</td></tr>",
            base = escaped(base),
            name = escaped(&table.full_name()),
            count = table.columns.len(),
            text = escaped(description),
        );
    }
    INDEX
        .replace("{{formats}}", &formats())
        .replace("{{tables}}", &tables)
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        .replace("{{base}}", &escaped(base))
}

/// The formats to choose from. Who asks here wants to look at the answer first.
fn formats() -> String {
    let is_page = |announced: &&Announced| announced.layout == Layout::Html;
    let others = Format::ALL.iter().filter(|announced| !is_page(announced));
    let mut options = String::new();
    for announced in Format::ALL.iter().filter(is_page).chain(others) {
        let name = announced.aliases.first().unwrap_or(&announced.media_type);
        let _ = writeln!(
            options,
            "<option value=\"{}\">{}</option>",
            escaped(name),
            escaped(announced.title),
        );
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_the_service_and_nothing_is_left_open() {
        let page = index("https://sky.example/obs", &Catalog::default());
        assert!(page.contains("action=\"https://sky.example/obs/tap/sync\""));
        assert!(page.contains("<option value=\"csv\">CSV</option>"));
        assert!(!page.contains("{{"), "{page}");
    }
}
