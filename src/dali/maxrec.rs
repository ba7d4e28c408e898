//! MAXREC (DALI 1.1 section 3.4.4).

use super::{Error, Params};

/// The number of rows asked for. Zero asks for metadata alone.
///
/// A number too large for us is as good as no limit of the request's own.
pub fn maxrec(params: &Params) -> Result<Option<u64>, Error> {
    let Some(text) = params.single("MAXREC")? else {
        return Ok(None);
    };
    let digits = text.trim();
    if digits.is_empty() {
        return Ok(None);
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Error(format!(
            "MAXREC must be a whole number, zero or more; it is \"{text}\""
        )));
    }
    Ok(Some(digits.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maxrec_is_a_count() {
        fn check(text: &str, expected: Result<Option<u64>, ()>) {
            let mut params = Params::default();
            params.add("maxrec", text);
            assert_eq!(maxrec(&params).map_err(|_| ()), expected, "{text}");
        }
        assert_eq!(maxrec(&Params::default()), Ok(None));
        check("", Ok(None));
        check("0", Ok(Some(0)));
        check(" 12 ", Ok(Some(12)));
        check("99999999999999999999999", Ok(Some(u64::MAX)));
        check("-1", Err(()));
        check("+1", Err(()));
        check("1.5", Err(()));
        check("ten", Err(()));
    }
}
