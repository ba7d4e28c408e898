//! What stands around every page.

use std::fmt::Write;

use super::assets::Asset;
use crate::output::escaped;

const SHELL: &str = include_str!("shell.html");

/// What pages know of the service.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// How clients reach the service, without a slash at the end.
    pub base: &'a str,
    pub title: &'a str,
    pub description: &'a str,
    /// Address that tells where an object is, with `{name}` in it.
    pub resolver: Option<&'a str>,
    /// The script of Aladin Lite, and the survey that it shows.
    pub aladin: Option<(&'a str, &'a str)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Landing,
    Search,
    Query,
    Jobs,
    Schema,
    Row,
    Operator,
}

impl Page {
    pub const ALL: [Page; 7] = [
        Page::Landing,
        Page::Search,
        Page::Query,
        Page::Jobs,
        Page::Schema,
        Page::Row,
        Page::Operator,
    ];

    /// The page at a path; the first one where there is none.
    pub fn at(path: &str) -> Page {
        let named = Page::ALL.into_iter().find(|page| page.path() == path);
        named.unwrap_or(Page::Landing)
    }

    pub fn path(self) -> &'static str {
        match self {
            Page::Landing => "/",
            Page::Search => "/search",
            Page::Query => "/query",
            Page::Jobs => "/jobs",
            Page::Schema => "/schema",
            Page::Row => "/row",
            Page::Operator => "/operator",
        }
    }

    /// The name of its script in `portal/src/pages`.
    pub fn entry(self) -> &'static str {
        match self {
            Page::Landing => "landing",
            _ => self.path().trim_start_matches('/'),
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Page::Landing => "Overview",
            Page::Search => "Search",
            Page::Query => "Query",
            Page::Jobs => "Jobs",
            Page::Schema => "Tables",
            Page::Row => "Observation",
            Page::Operator => "Operators",
        }
    }

    /// Whether the navigation leads there.
    fn is_listed(self) -> bool {
        !matches!(self, Page::Row | Page::Operator)
    }
}

impl Site<'_> {
    /// The path of [`Site::base`]: what addresses on pages begin with, so that
    /// they stay right behind a proxy that hides its name from us.
    pub fn root(&self) -> &str {
        let after_scheme = self.base.split_once("://").map_or(self.base, |(_, it)| it);
        after_scheme.find('/').map_or("", |at| &after_scheme[at..])
    }

    /// A whole page around `main`, which is markup.
    pub fn page(&self, page: Page, main: &str) -> String {
        let root = escaped(self.root());
        let asset = |source: &str| {
            let name = Asset::of(source).map_or(source, |asset| asset.name);
            format!("{root}/portal/assets/{name}")
        };
        let mut nav = String::new();
        for to in Page::ALL.into_iter().filter(|to| to.is_listed()) {
            let current = match to == page {
                true => " aria-current=\"page\"",
                false => "",
            };
            // Writing to a String cannot fail.
            let _ = write!(
                nav,
                "<a href=\"{root}{}\"{current}>{}</a>",
                to.path(),
                to.title()
            );
        }
        let mut settings = String::new();
        let mut set = |name: &str, value: &str| {
            let _ = write!(settings, " data-{name}=\"{}\"", escaped(value));
        };
        if let Some(resolver) = self.resolver {
            set("resolver", resolver);
        }
        if let Some((script, survey)) = self.aladin {
            set("aladin", script);
            set("survey", survey);
        }
        let title = match page {
            Page::Landing => self.title.to_owned(),
            _ => format!("{} · {}", page.title(), self.title),
        };
        filled(SHELL, |mark| match mark {
            "main" => main.to_owned(),
            "nav" => nav.clone(),
            "icon" => asset("icon.svg"),
            "style" => asset("style.css"),
            "theme" => asset("theme.js"),
            "script" => asset(&format!("{}.js", page.entry())),
            "page" => page.entry().to_owned(),
            "version" => env!("CARGO_PKG_VERSION").to_owned(),
            "root" => root.clone(),
            "base" => escaped(self.base),
            "settings" => settings.clone(),
            "title" => escaped(&title),
            "about" => escaped(self.description),
            "site" => escaped(self.title),
            _ => String::new(),
        })
    }

    /// What a page may load, and from where (Content Security Policy 3): our
    /// own, a hub of SAMP on the user's machine, and what the operator allows.
    pub fn policy(&self) -> String {
        let mut scripts = "'self'".to_owned();
        let mut connect = "'self' http://127.0.0.1:21012 http://localhost:21012".to_owned();
        let mut images = "'self' data: blob:".to_owned();
        let mut more = String::new();
        let mut styles = "'self'".to_owned();
        if let Some(resolver) = self.resolver.and_then(origin) {
            let _ = write!(connect, " {resolver}");
        }
        if let Some(aladin) = self.aladin.and_then(|(script, _)| origin(script)) {
            // Aladin Lite is WebAssembly, brings its styles along and fetches
            // tiles from whichever mirror of a survey is near.
            let _ = write!(scripts, " {aladin} 'wasm-unsafe-eval'");
            connect.push_str(" https:");
            images.push_str(" https:");
            styles.push_str(" 'unsafe-inline'");
            more.push_str("; worker-src 'self' blob:");
        }
        format!(
            "default-src 'none'; script-src {scripts}; style-src {styles}; font-src 'self'; \
             img-src {images}; connect-src {connect}; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'{more}"
        )
    }
}

/// A template with its `{{marks}}` replaced. What stands in for one is not looked
/// at again, so that no text of others is taken for a mark.
pub fn filled(template: &str, text: impl Fn(&str) -> String) -> String {
    let mut parts = template.split("{{");
    let mut page = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once("}}") {
            Some((mark, rest)) => {
                page.push_str(&text(mark));
                page.push_str(rest);
            }
            None => page.push_str(part),
        }
    }
    page
}

/// Scheme, host and port of an address.
fn origin(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    (!host.is_empty() && host.bytes().all(plain)).then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: Site<'static> = Site {
        base: "https://sky.example/obs",
        title: "A <b> & C {{main}}",
        description: "",
        resolver: None,
        aladin: None,
    };

    #[test]
    fn nothing_is_left_open_and_no_text_becomes_markup() {
        for page in Page::ALL {
            let text = SITE.page(page, "<p>{{root}}</p>");
            assert_eq!(Page::at(page.path()), page);
            assert!(text.contains("A &lt;b&gt; &amp; C {{main}}"));
            assert!(text.contains("<p>{{root}}</p>"));
            assert!(text.contains("href=\"/obs/search\""));
            assert!(!text.contains("<script>") && !text.contains("style="));
            assert_eq!(
                text.matches("aria-current").count(),
                usize::from(page.is_listed())
            );
        }
    }

    #[test]
    fn the_policy_is_widened_by_settings_alone() {
        let policy = SITE.policy();
        for never in ["unsafe", "https:", "*"] {
            assert!(!policy.contains(never), "{policy}");
        }
        let site = Site {
            resolver: Some("https://names.example/find?n={name}"),
            ..SITE
        };
        assert!(site.policy().contains(" https://names.example;"));
        let site = Site {
            aladin: Some(("https://a.example/v3/aladin.js", "P/DSS2/color")),
            ..SITE
        };
        let policy = site.policy();
        assert!(policy.contains("script-src 'self' https://a.example 'wasm-unsafe-eval';"));
    }

    #[test]
    fn origins() {
        fn check(address: &str, expected: Option<&str>) {
            assert_eq!(origin(address).as_deref(), expected, "{address}");
        }
        check("https://a.example:8/b;c", Some("https://a.example:8"));
        check("https://a.example; script-src *", None);
        check("nowhere", None);
        check("https:///a", None);
    }
}
