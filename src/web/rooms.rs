//! What stands on the other pages before their scripts come, and without them.

use std::fmt::Write;

use adql::Catalog;

use super::shell::{Page, Site, filled};
use crate::dali::{Announced, Datatype, Format, Layout};
use crate::output::escaped;

const QUERY: &str = include_str!("query.html");

/// The markup between head and foot.
pub fn main(site: &Site<'_>, page: Page, catalog: &Catalog) -> String {
    let root = escaped(site.root());
    match page {
        Page::Query => filled(QUERY, |mark| match mark {
            "root" => root.clone(),
            "formats" => formats(),
            _ => String::new(),
        }),
        Page::Schema => schema(&root, catalog),
        Page::Search => alone(page, &root, "Searching by position, time, band and more"),
        Page::Jobs => alone(page, &root, "Following jobs"),
        Page::Row => alone(page, &root, "Showing an observation with its files"),
        Page::Operator => alone(page, &root, "Looking after the service"),
        Page::Landing => String::new(),
    }
}

/// A page that is nothing without scripts, with the way to what does without.
fn alone(page: Page, root: &str, what: &str) -> String {
    let (to, name) = match page {
        Page::Jobs => ("/tap/async", "The list of jobs as XML"),
        Page::Operator => ("/metrics", "Counts and durations as text"),
        _ => ("/query", "Ask in ADQL"),
    };
    format!(
        "<div id=\"app\"><div class=\"wide\"><div class=\"page-head\"><h1>{}</h1></div>\
         <noscript><p class=\"note\">{what} needs scripts, which this browser does not run. \
         <a href=\"{root}{to}\">{name}</a></p></noscript></div></div>",
        page.title()
    )
}

/// The formats to choose from. Who asks here wants to look at the answer first.
fn formats() -> String {
    let is_page = |announced: &&Announced| announced.layout == Layout::Html;
    let others = Format::ALL.iter().filter(|announced| !is_page(announced));
    let mut options = String::new();
    for announced in Format::ALL.iter().filter(is_page).chain(others) {
        let name = announced.aliases.first().unwrap_or(&announced.media_type);
        // Writing to a String cannot fail.
        let _ = writeln!(
            options,
            "<option value=\"{}\">{}</option>",
            escaped(name),
            escaped(announced.title),
        );
    }
    options
}

/// All tables with all columns.
fn schema(root: &str, catalog: &Catalog) -> String {
    let mut told = format!(
        "<div id=\"app\"><div class=\"wide\"><div class=\"page-head\"><h1>{}</h1></div>",
        Page::Schema.title()
    );
    for table in catalog.tables() {
        let name = table.full_name();
        let _ = write!(
            told,
            "<details class=\"card fold\" id=\"{name}\"><summary><h2><code>{name}</code></h2> <span class=\"dim\">{text}</span></summary>\
             <div class=\"scroll\"><table class=\"plain\"><thead><tr><th>Column</th><th>Type</th><th>Unit</th><th>What it is</th><th>UCD</th></tr></thead><tbody>",
            name = escaped(&name),
            text = escaped(table.description.as_deref().unwrap_or_default()),
        );
        for column in &table.columns {
            let kind = Datatype::of(column);
            let size = kind.arraysize.map(|size| format!("[{size}]"));
            let _ = write!(
                told,
                "<tr><td><code>{}</code></td><td>{}{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
                escaped(&column.name),
                escaped(kind.datatype),
                escaped(size.as_deref().unwrap_or_default()),
                escaped(column.unit.as_deref().unwrap_or_default()),
                escaped(column.description.as_deref().unwrap_or_default()),
                escaped(column.ucd.as_deref().unwrap_or_default()),
            );
        }
        told.push_str("</tbody></table></div></details>");
    }
    let _ = write!(
        told,
        "<p class=\"dim\">The same for programs: <a href=\"{root}/tap/tables\">/tap/tables</a></p></div></div>"
    );
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_can_be_asked_without_scripts() {
        let site = Site {
            base: "https://sky.example/obs",
            title: "",
            description: "",
            resolver: None,
            aladin: None,
        };
        let page = main(&site, Page::Query, &Catalog::default());
        assert!(page.contains("action=\"/obs/tap/sync\""));
        assert!(page.contains("<option value=\"csv\">CSV</option>"));
        assert!(!page.contains("{{"), "{page}");
    }
}
