//! What the demo prints once the service is up.

/// Addresses and three things to paste into another terminal. `base_url` is
/// the service's address without `/tap`.
pub fn invitation(base_url: &str) -> String {
    let base = base_url.trim_end_matches('/');
    include_str!("invitation.txt").replace("{base}", base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_filled_in() {
        let text = invitation("http://127.0.0.1:8080/");
        assert!(text.contains("http://127.0.0.1:8080/tap\n"), "{text}");
        assert!(
            !text.contains("{base}") && !text.contains("//tap"),
            "{text}"
        );
    }
}
