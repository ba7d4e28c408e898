//! What the pages for people may use beside the service itself.

use super::Error;
use super::merged::Merged;
use super::registry_api::{RULE, Secret, is_token};

/// Off by default: the pages ask nobody else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Portal {
    /// Address that tells where an object is, with `{name}` for its name.
    pub resolver: Option<String>,
    /// The script of Aladin Lite.
    pub aladin: Option<String>,
    /// The survey that it shows.
    pub survey: String,
    /// What opens the page for operators.
    pub token: Option<Secret>,
}

impl Portal {
    pub(super) fn read(merged: &Merged) -> Result<Portal, Error> {
        let address = |name: &str| {
            let key = format!("portal.{name}");
            let text = merged.text(&key);
            let good = |text: &String| {
                let safe = text.starts_with("https://") || text.starts_with("http://");
                safe && !text.contains(|c: char| c.is_whitespace() || "\"';<>".contains(c))
            };
            match text {
                Some(text) if !good(&text) => {
                    Err(merged.wrong(&key, "must be an address that begins with https://"))
                }
                text => Ok(text),
            }
        };
        let resolver = address("resolver")?;
        if resolver
            .as_ref()
            .is_some_and(|text| !text.contains("{name}"))
        {
            return Err(merged.wrong("portal.resolver", "must have {name} in it"));
        }
        let token = merged.text("portal.token");
        if token.as_ref().is_some_and(|token| !is_token(token)) {
            // Not `wrong`, which shows what it is.
            return Err(Error(format!("portal.token {RULE}")));
        }
        Ok(Portal {
            resolver,
            aladin: address("aladin")?,
            survey: merged.text("portal.survey").unwrap_or_default(),
            token: token.map(Secret::new),
        })
    }
}
