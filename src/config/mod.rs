//! Configuration in three stages: fragments (a file each) are merged into an input that remembers
//! where each value came from, which is validated into [`Settings`].
//!
//! One table ([`table::KEYS`]) declares every key; parsing, errors with the nearest known key, the
//! environment's names and the sample file derive from it.
//!
//! **Failure**: [`ConfigError`], one line; the process exits with 78, which systemd does not restart.

mod address;
pub mod directory;
pub mod error;
pub mod fragment;
pub mod grammar;
pub mod in_force;
pub mod input;
pub mod key;
pub mod profile;
pub mod relation;
pub mod sample;
pub mod settings;
pub mod source;
pub mod table;
pub mod user_list;
pub mod value;
pub mod words;

use std::path::PathBuf;

pub use directory::Directories;
pub use error::{ConfigError, Origin};
pub use settings::Settings;
pub use source::Sources;

use input::Input;
use key::VARIABLE_PREFIX;

/// What [`load`] found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loaded {
    /// The validated settings.
    pub settings: Settings,
    /// Every key's value with where it came from.
    pub input: Input,
    /// The files read, in order.
    pub files: Vec<PathBuf>,
}

/// Reads, merges and validates all sources.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let mut input = Input::defaults();
    let files = sources.paths()?;
    for file in &files {
        for entry in fragment::read(file)? {
            input.apply(&entry)?;
        }
    }
    let mut variables: Vec<&(String, String)> = sources.variables.iter().collect();
    variables.sort_unstable();
    for (variable, text) in variables {
        let Some(name) = variable.strip_prefix(VARIABLE_PREFIX) else { continue };
        let name = name.replacen("__", ".", 1).to_ascii_lowercase();
        let origin = Origin::Variable(variable.clone());
        input.apply(&input::untyped(&name, text, origin))?;
    }
    for (option, name, text) in &sources.options {
        input.apply(&input::untyped(name, text, Origin::Option(option.clone())))?;
    }
    Ok(Loaded { settings: Settings::validate(&input)?, input, files })
}

/// The settings of these sections as far as they can be read, all others the defaults, unchecked against
/// each other: for a report about a process that a wrong configuration keeps from starting.
pub fn salvage(sources: &Sources, sections: &[&str]) -> Settings {
    let mut input = Input::defaults();
    let files = sources.paths().unwrap_or_default();
    let entries = files.iter().filter_map(|file| fragment::read(file).ok()).flatten();
    let variables = sources.variables.iter().filter_map(|(variable, text)| {
        let name = variable.strip_prefix(VARIABLE_PREFIX)?;
        let name = name.replacen("__", ".", 1).to_ascii_lowercase();
        Some(input::untyped(&name, text, Origin::Variable(variable.clone())))
    });
    for entry in entries.chain(variables) {
        let section = entry.name.split_once('.').map_or("agent", |(section, _)| section);
        if sections.contains(&section) {
            // What is wrong is what keeps the default.
            input.apply(&entry).ok();
        }
    }
    Settings::unchecked(&input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A staging root of its own for each test, removed at the end.
    struct Root(PathBuf);

    impl Root {
        fn new(test: &str) -> Self {
            let name = format!("ibis-config-{}-{test}", std::process::id());
            let root = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&root).unwrap();
            Self(root)
        }

        fn file(&self, path: &str, text: &str) -> PathBuf {
            let path = self.0.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        }

        fn sources(&self) -> Sources {
            Sources { root: self.0.clone(), ..Sources::default() }
        }
    }

    impl Drop for Root {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn variable(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn later_sources_win_and_origins_are_kept() {
        let root = Root::new("order");
        let seed = |seed: u64| format!("[market]\nseed = {seed}\n");
        let found = |sources: &Sources| {
            let loaded = load(sources).unwrap();
            let (_, origin) = loaded.input.get("market.seed").unwrap();
            (loaded.settings.market.seed, origin.to_string().replace(root.0.to_str().unwrap(), ""))
        };
        let mut sources = root.sources();
        assert_eq!(found(&sources), (1, "default".into()));
        root.file("usr/lib/ibis/config.d/50.toml", &seed(2));
        assert_eq!(found(&sources), (2, "/usr/lib/ibis/config.d/50.toml:2".into()));
        root.file("etc/ibis/ibis.toml", &seed(3));
        assert_eq!(found(&sources), (3, "/etc/ibis/ibis.toml:2".into()));
        root.file("etc/ibis/config.d/10.toml", &seed(4));
        root.file("etc/ibis/config.d/20.toml", &seed(5));
        root.file("etc/ibis/config.d/30.conf", "not read");
        assert_eq!(found(&sources).0, 5);
        root.file("run/ibis/config.d/00.toml", &seed(6));
        assert_eq!(found(&sources).0, 6);
        sources.files = vec![root.file("a.toml", &seed(7)), root.file("b.toml", &seed(8))];
        assert_eq!(found(&sources), (8, "/b.toml:2".into()));
        assert_eq!(load(&sources).unwrap().files, sources.files);
        sources.variables.push(variable("IBIS__MARKET__SEED", "9"));
        sources.variables.push(variable("HOME", "/"));
        assert_eq!(found(&sources), (9, "environment IBIS__MARKET__SEED".into()));
        sources.options.push(("--seed".into(), "market.seed", "10".into()));
        assert_eq!(found(&sources), (10, "--seed".into()));
    }

    #[test]
    fn errors_are_one_line_with_place_and_advice() {
        let root = Root::new("errors");
        for (text, expected) in [
            (
                "[risk]\nnotional_mni = 11",
                ":2: unknown key \"risk.notional_mni\"; did you mean risk.notional_min?",
            ),
            ("[agent]\nseed = 1", ":2: unknown key \"agent.seed\"; did you mean market.seed?"),
            ("risk = 5", ":1: risk is a section, not a key; write [risk] on a line of its own"),
            (
                "[zzzzzzzzzzzz]\nqqqqqqqqqqq = 1",
                ":2: unknown key \"zzzzzzzzzzzz.qqqqqqqqqqq\"; the sections are agent, market, \
                 strategy, risk, control, reconcile, exchange, paper, health, guards, protections, conditions, recorder, \
                 retention, backup, \
                 http, alerts, validate, drift",
            ),
            (
                "[strategy]\nstop_loss = 0.035",
                ":2: strategy.stop_loss = \"0.035\" is not a percentage; write \"3.5%\"",
            ),
            (
                "\n[strategy]\nstop_loss = \"60%\"",
                ":3: strategy.stop_loss = 60% is out of range; write a value from 0.1% to 50%",
            ),
            (
                "[agent]\nmode = \"live\"",
                ":2: agent.mode = live without agent.armed = true; write armed = true where real orders \
                 are meant, else mode = \"paper\"",
            ),
            (
                "mode = \"live\"\narmed = true",
                ":1: market.symbols is empty, and the venue lists a thousand; name those to trade: \
                 symbols = [\"BTC-USDT\", \"ETH-USDT\"]",
            ),
            (
                "[http]\nlisten = \"0.0.0.0:9000\"",
                ":2: http.listen = 0.0.0.0:9000 is no loopback address, without a token; set \
                 http.token_file, or listen on 127.0.0.1",
            ),
            (
                "[http]\nlisten = \"localhost:9000\"",
                ":2: http.listen = \"localhost:9000\" is not an IP address and a port; write one such as \
                 \"127.0.0.1:9000\" or \"[::1]:9000\"",
            ),
            (
                "[risk]\nnotional_max = 10",
                ":2: risk.notional_min = 11 is above risk.notional_max = 10; set risk.notional_max \
                 to 11 or more, or lower risk.notional_min",
            ),
            (
                "[strategy]\nfast_candles = 20",
                ":2: strategy.fast_candles = 20 is not below strategy.slow_candles = 20; make the \
                 fast average the shorter one",
            ),
        ] {
            let file = root.file("bad.toml", text);
            let sources = Sources { files: vec![file.clone()], ..Sources::default() };
            let error = load(&sources).unwrap_err().to_string();
            assert_eq!(error, format!("{}{expected}", file.display()));
        }
        let missing = root.0.join("none.toml");
        let sources = Sources { files: vec![missing.clone()], ..Sources::default() };
        let error = load(&sources).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{}: cannot read", missing.display())), "{error}");
        let variables = vec![variable("IBIS__RISK__NOTIONAL_MINI", "12")];
        let error = load(&Sources { variables, ..root.sources() }).unwrap_err().to_string();
        assert_eq!(
            error,
            "environment IBIS__RISK__NOTIONAL_MINI: unknown key \"risk.notional_mini\"; \
             did you mean IBIS__RISK__NOTIONAL_MIN?"
        );
    }

    #[test]
    fn commands_need_people_and_a_chat() {
        let root = Root::new("chat");
        for (text, expected) in [
            (
                "telegram_users = \"11,ada\"",
                "alerts.telegram_users has \"ada\", which is no user's number; write numbers of \
                 Telegram users: \"11,22\"",
            ),
            (
                "telegram_users = \"11\"",
                "alerts.telegram_users without alerts.telegram_chat_id; name the chat in which they \
                 may give commands",
            ),
        ] {
            let file = root.file("bad.toml", &format!("[alerts]\n{text}"));
            let sources = Sources { files: vec![file.clone()], ..Sources::default() };
            let error = load(&sources).unwrap_err().to_string();
            assert_eq!(error, format!("{}:2: {expected}", file.display()));
        }
    }

    #[test]
    fn a_mistake_is_reported_though_a_later_source_overrides_it() {
        let root = Root::new("override");
        root.file("etc/ibis/ibis.toml", "[market]\nstale_after = 30\n");
        root.file("run/ibis/config.d/1.toml", "[market]\nstale_after = \"40s\"\n");
        assert!(load(&root.sources()).unwrap_err().to_string().contains("write \"30s\""));
    }

    #[test]
    fn a_reload_takes_what_it_can_and_names_the_rest() {
        let root = Root::new("reload");
        let old = Settings::defaults();
        let variables = vec![
            variable("IBIS__MARKET__STALE_AFTER", "31s"),
            variable("IBIS__MARKET__SYMBOLS", "BTC-USDT, ETH-USDT"),
        ];
        let new = load(&Sources { variables, ..root.sources() }).unwrap().settings;
        let changed = old.changed(&new);
        assert_eq!(changed.reloadable, ["market.stale_after"]);
        assert_eq!(changed.restart, ["market.symbols"]);
        assert_ne!(old.hash(), new.hash());
        let merged = old.reloaded(&new);
        assert_eq!(merged.market.stale_after, Duration::from_secs(31));
        assert!(merged.market.symbols.is_empty());
        assert_eq!(merged.changed(&new).restart, ["market.symbols"]);
        assert_eq!(old.reloaded(&old), old);
        assert_eq!(old.hash().len(), 64);
    }

    #[test]
    fn of_a_wrong_configuration_one_section_is_saved() {
        let root = Root::new("salvage");
        root.file(
            "etc/ibis/ibis.toml",
            "mode = \"live\"\n[bogus]\nx = 1\n[alerts]\ncommand = \"/bin/x\"\nfloor_low = 3\n",
        );
        root.file("etc/ibis/config.d/10.toml", "not TOML");
        let variables = vec![variable("IBIS__ALERTS__TELEGRAM_CHAT_ID", "-5")];
        let sources = Sources { variables, ..root.sources() };
        assert!(load(&sources).is_err());
        let saved = salvage(&sources, &["agent", "alerts"]);
        assert_eq!(saved.agent.mode, settings::Mode::Live);
        let alerts = saved.alerts;
        assert_eq!((alerts.command.as_str(), alerts.telegram_chat_id.as_str()), ("/bin/x", "-5"));
        assert_eq!(alerts.floor_low, Settings::defaults().alerts.floor_low);
    }

    #[test]
    fn every_key_can_be_set_by_its_variable() {
        let root = Root::new("variables");
        let variables = table::KEYS.iter().map(|k| (k.variable(), k.default.to_owned())).collect();
        let loaded = load(&Sources { variables, ..root.sources() }).unwrap();
        assert_eq!(loaded.settings, Settings::defaults());
        assert!(loaded.input.iter().all(|(_, _, origin)| *origin != Origin::Default));
    }
}
