//! The rules for Prometheus: that each can fire, that each can be silent, that none speaks of what is not
//! there. promtool, which is Prometheus' own code, evaluates them.

mod cases;
mod command;
mod evaluation;
mod existence;
mod memory;
mod scrape;
mod selector;
mod stage;

use ibis::config::Settings;
use ibis::monitoring::rule::Rule;
use ibis::monitoring::rules;

/// The shipped file.
const FILE: &str = "monitoring/ibis.rules.yml";

/// Every rule of the default configuration, which is what the shipped file has.
fn all_rules() -> Vec<Rule> {
    rules::all(&Settings::defaults()).into_iter().flat_map(|group| group.rules).collect()
}
