//! `ibis alerts rules`

use std::fs;

use super::{FILE, all_rules};
use crate::support::home::Home;
use crate::support::repository;

#[test]
fn the_command_prints_the_shipped_file() {
    let home = Home::new();
    let printed = home.ibis("alerts rules");
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""), "{printed:?}");
    assert_eq!(printed.stdout, fs::read_to_string(repository().join(FILE)).unwrap());
    let groups = home.json("alerts rules")["groups"].clone();
    let rules = groups.as_array().unwrap().iter().flat_map(|it| it["rules"].as_array().unwrap());
    assert_eq!(rules.count(), all_rules().len());
}

#[test]
fn thresholds_are_those_of_the_configuration() {
    let home = Home::new();
    home.write(
        "a.toml",
        "[market]\nstale_after = \"45s\"\n[health]\nprogress_age_warn = \"90s\"\n\
         unclean_starts_warn = 7\nexec_integrity_age_max = \"2h\"\n[guards]\ndegraded_max = \"0s\"\n",
    );
    let printed = home.ibis("alerts rules --config a.toml").stdout;
    for part in [
        "max by (job, instance, symbol) (time() - ibis_market_last_update_timestamp_seconds) > 45'",
        "time() - ibis_loop_last_success_timestamp_seconds > 90'",
        "[1h])) > 7'",
        "time() - ibis_reconcile_last_success_timestamp_seconds > 7200 and",
        "time() - ibis_agent_state_since_timestamp_seconds > 900 and",
    ] {
        assert!(printed.contains(part), "{part} is not in\n{printed}");
    }
    home.write("bad.toml", "[market]\nstale_after = \"soon\"\n");
    home.ibis("alerts rules --config bad.toml").refused(78);
}

#[test]
fn every_rule_says_how_bad_it_is_what_is_so_and_which_command_shows_more() {
    for rule in all_rules() {
        let words = ["ibis ", "systemctl ", "timedatectl"];
        assert!(words.iter().any(|word| rule.runbook.contains(word)), "{rule:?}");
        assert!(rule.runbook.contains("ibis"), "{}: no command of ours", rule.alert);
        assert!(rule.summary.ends_with('.') && rule.summary.len() < 120, "{rule:?}");
        assert!(rule.alert.starts_with("Ibis"), "{rule:?}");
    }
}

#[test]
fn no_runbook_names_a_command_that_is_not_there() {
    let home = Home::new();
    for rule in all_rules() {
        for (at, _) in rule.runbook.match_indices("ibis ") {
            let before = rule.runbook[..at].chars().next_back();
            let words = rule.runbook[at + 5..].split([';', ',']).next().unwrap();
            let command: Vec<&str> =
                words.split(' ').take_while(|word| !word.starts_with('-')).take(2).collect();
            if before.is_some_and(|c| c != ' ') || command.is_empty() {
                continue;
            }
            let help = home.ibis(&format!("{} --help", command.join(" ")));
            assert_eq!(help.code, Some(0), "{}: ibis {}", rule.alert, command.join(" "));
        }
    }
}
