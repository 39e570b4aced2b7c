//! `/show_config`: what differs from the defaults. No key holds a secret, but a path of an address may.

use std::collections::BTreeMap;

use crate::config::Settings;

/// Ends the names of keys whose addresses are not repeated.
const ADDRESS: &str = "_url";

/// A line for each key that is not at its default.
pub fn text(settings: &Settings) -> String {
    let defaults = Settings::defaults();
    let defaults: BTreeMap<&str, &str> = defaults.effective().collect();
    let mut lines = vec!["what differs from the defaults:".to_owned()];
    for (name, value) in settings.effective() {
        if defaults.get(name) != Some(&value) {
            let shown = if name.ends_with(ADDRESS) { "[an address]" } else { value };
            lines.push(format!("{name} = {shown}"));
        }
    }
    if lines.len() == 1 {
        lines.push("nothing".to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Sources};

    #[test]
    fn what_differs_is_shown_without_addresses() {
        let set = |key: &'static str, value: &str| ("a test".to_owned(), key, value.to_owned());
        let options =
            vec![set("alerts.webhook_url", "https://example.org/secret"), set("market.seed", "7")];
        let root = std::env::temp_dir().join("ibis-no-such-root");
        let loaded = config::load(&Sources { root, options, ..Sources::default() }).unwrap();
        assert_eq!(
            text(&loaded.settings),
            "what differs from the defaults:\n\
             alerts.webhook_url = [an address]\nmarket.seed = 7"
        );
        assert!(text(&Settings::defaults()).ends_with("\nnothing"));
    }
}
