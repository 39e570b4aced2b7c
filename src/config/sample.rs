//! The commented sample configuration, rendered from the table. `units/config/ibis.toml` is a copy
//! that a test keeps equal.

use std::fmt::Write as _;

use super::table::KEYS;

/// What the file says before the first section.
const HEADER: &str = "\
# Configuration of ibis. Every line is commented out and shows the built-in default.
#
# Files are read in this order, later ones win: /usr/lib/ibis/config.d/*.toml, this file,
# /etc/ibis/config.d/*.toml, /run/ibis/config.d/*.toml; then IBIS__SECTION__KEY from the environment.
# Keys above the first section are those of [agent]. Keys marked (reload) take effect on `systemctl reload ibis-agent`, the others on a restart.
";

/// The sample file.
pub fn render() -> String {
    let mut text = HEADER.to_owned();
    let mut section = "";
    for key in KEYS {
        if key.section() != section {
            section = key.section();
            line(&mut text, &format!("\n[{section}]"));
        }
        let reload = if key.reloadable { " (reload)" } else { "" };
        let range = match key.range_text() {
            range if range.is_empty() => String::new(),
            range => format!("{}{}. ", range[..1].to_uppercase(), &range[1..]),
        };
        line(&mut text, &format!("\n# {}{reload}", key.doc));
        line(&mut text, &format!("# {range}Origin: {}.", key.origin));
        line(&mut text, &format!("#{} = {}", key.leaf(), key.default_value().to_toml()));
    }
    text
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::fragment;
    use crate::config::input::Input;
    use std::path::Path;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/units/config/ibis.toml");

    #[test]
    fn the_installed_file_is_the_rendering() {
        let installed = std::fs::read_to_string(FILE).unwrap_or_default();
        if installed != render() && std::env::vars().any(|(name, _)| name == "IBIS_BLESS") {
            std::fs::write(FILE, render()).unwrap();
            return;
        }
        assert!(
            installed == render(),
            "units/config/ibis.toml is not the rendering of the table; run the tests with IBIS_BLESS=1"
        );
    }

    #[test]
    fn uncommented_it_sets_every_key_to_its_default() {
        let uncommented: String = render()
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if !rest.starts_with(' ') && rest.contains(" = ") => rest,
                _ => line,
            })
            .fold(String::new(), |text, line| text + line + "\n");
        let entries = fragment::parse(Path::new("sample"), &uncommented).unwrap();
        assert_eq!(entries.len(), KEYS.len());
        let mut input = Input::defaults();
        for entry in &entries {
            input.apply(entry).unwrap();
        }
        for ((name, value, _), (_, default, _)) in input.iter().zip(Input::defaults().iter()) {
            assert_eq!(value, default, "{name}");
        }
    }
}
