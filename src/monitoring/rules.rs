//! Every rule there is. Where seeds 000, 001 and 004 had one, it bears the seeds' threshold, unless the
//! configuration has it; what they got wrong is said beside it.

mod keeping;
mod money;
mod network;
mod process;
mod standing;

use std::time::Duration;

use super::rule::Group;
use crate::config::Settings;

/// What the labels of a scraped agent have in common: series of one agent are matched by them.
const TARGET: &str = "job, instance";
/// No time: a rule that fires as soon as it is so.
const AT_ONCE: Duration = Duration::ZERO;
/// A minute.
const MINUTE: Duration = Duration::from_secs(60);

/// All of them, with the thresholds of these settings.
pub fn all(settings: &Settings) -> Vec<Group> {
    vec![
        Group { name: "ibis-process", rules: process::rules(settings) },
        Group { name: "ibis-state", rules: standing::rules(settings) },
        Group { name: "ibis-network", rules: network::rules(settings) },
        Group { name: "ibis-money", rules: money::rules() },
        Group { name: "ibis-keeping", rules: keeping::rules(settings) },
    ]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::monitoring::rule::render;

    /// The rules of the default configuration, for who wants them without running anything.
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/monitoring/ibis.rules.yml");

    #[test]
    fn the_file_is_what_the_command_prints() {
        let text = render(&all(&Settings::defaults()));
        let shipped = std::fs::read_to_string(FILE).unwrap_or_default();
        if shipped != text && std::env::vars().any(|(name, _)| name == "IBIS_BLESS") {
            std::fs::create_dir_all(Path::new(FILE).parent().unwrap()).unwrap();
            std::fs::write(FILE, text).unwrap();
            return;
        }
        assert!(
            shipped == text,
            "monitoring/ibis.rules.yml is not what `ibis alerts rules` prints; run the tests with IBIS_BLESS=1"
        );
    }
}
