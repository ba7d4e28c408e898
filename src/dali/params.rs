//! The parameters of a request.

use super::Error;

/// Name and value, in the order they came. Names compare without case
/// (DALI 1.1 section 3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    pairs: Vec<(String, String)>,
}

impl Params {
    /// Adds what a query string or an `application/x-www-form-urlencoded`
    /// body says.
    pub fn add_encoded(&mut self, text: &[u8]) {
        for pair in text.split(|&b| b == b'&').filter(|pair| !pair.is_empty()) {
            let mut parts = pair.splitn(2, |&b| b == b'=');
            let name = decode(parts.next().unwrap_or_default());
            let value = decode(parts.next().unwrap_or_default());
            self.add(&name, value);
        }
    }

    pub fn add(&mut self, name: &str, value: impl Into<String>) {
        self.pairs.push((name.to_uppercase(), value.into()));
    }

    /// Name and value of each, in the order they came; names in capitals.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn remove(&mut self, name: &str) {
        let name = name.to_uppercase();
        self.pairs.retain(|(given, _)| *given != name);
    }

    /// Text that [`Params::add_encoded`] reads. As much of it as possible
    /// stays readable.
    ///
    /// ```
    /// use obstap::dali::Params;
    /// let mut params = Params::default();
    /// params.add("query", "SELECT 1+1");
    /// assert_eq!(params.encoded(), "QUERY=SELECT 1%2B1");
    /// ```
    pub fn encoded(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.pairs {
            if !text.is_empty() {
                text.push('&');
            }
            encode(name, &mut text);
            text.push('=');
            encode(value, &mut text);
        }
        text
    }

    /// The value of a parameter that may be given once (DALI 1.1 section 3.2);
    /// the same value twice is not an error, since nothing is in doubt.
    pub fn single(&self, name: &str) -> Result<Option<&str>, Error> {
        let mut values = self.all(name);
        let first = values.next();
        match values.find(|&value| Some(value) != first) {
            None => Ok(first),
            Some(_) => Err(Error(format!(
                "parameter {name} is given more than once, with different values; give it once"
            ))),
        }
    }

    /// All values of a parameter.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let name = name.to_uppercase();
        self.pairs
            .iter()
            .filter(move |(given, _)| *given == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Encodes what has a meaning of its own, and what a database has no place for.
fn encode(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '%' | '&' | '=' | '+' | '\0' => {
                out.push_str(&format!("%{:02X}", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
}

/// Text for the value of a parameter in an address (RFC 3986 section 2.1).
pub fn encoded(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + text.len() / 2);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                safe.push(char::from(byte));
            }
            _ => safe.push_str(&format!("%{byte:02X}")),
        }
    }
    safe
}

/// `+` is a space and `%41` a byte; what is not UTF-8 becomes U+FFFD.
fn decode(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(byte),
            },
            _ => bytes.push(byte),
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Params {
        let mut params = Params::default();
        params.add_encoded(text.as_bytes());
        params
    }

    #[test]
    fn encoded_text_comes_back() {
        let text = "SELECT a+b AS \"x&y\" -- 100% λ\n=#?";
        let mut params = Params::default();
        params.add_encoded(format!("q={}", encoded(text)).as_bytes());
        assert_eq!(params.single("q"), Ok(Some(text)));
    }

    #[test]
    fn values_are_decoded_and_names_have_no_case() {
        fn check(text: &str, value: Option<&str>) {
            assert_eq!(read(text).single("QUERY"), Ok(value), "{text}");
        }
        check("", None);
        check("a=b&&c", None);
        check("QUERY", Some(""));
        check("query=x", Some("x"));
        check("QuErY=SELECT+1%2B1&b=c", Some("SELECT 1+1"));
        check("QUERY=a=b", Some("a=b"));
        check("QUERY=100%&x", Some("100%"));
        check("QUERY=%4", Some("%4"));
        check("QUERY=%zz%c3%a9", Some("%zzé"));
        check("QUERY=%ff", Some("\u{fffd}"));
        check("%51UERY=x", Some("x"));
    }

    #[test]
    fn what_is_encoded_is_read_again() {
        fn check(value: &str) {
            let mut params = Params::default();
            params.add("A", value);
            params.add("B=&", "b");
            assert_eq!(read(&params.encoded()), params, "{value}");
        }
        check("");
        check("SELECT 1 + 1 = 2 & '100%41'\n\0é");
    }

    #[test]
    fn a_parameter_given_twice_must_not_leave_a_doubt() {
        fn check(text: &str, good: bool) {
            assert_eq!(read(text).single("MAXREC").is_ok(), good, "{text}");
        }
        check("MAXREC=1", true);
        check("MAXREC=1&maxrec=1", true);
        check("MAXREC=1&maxrec=2", false);
    }
}
