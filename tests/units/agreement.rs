//! The units agree with the command line and with what README tells an operator.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::unit_file::{UnitFile, services, timers};
use crate::support::{binary, output, repository, succeed};

fn readme() -> String {
    fs::read_to_string(repository().join("README.md")).unwrap()
}

/// The exit statuses a unit treats specially.
fn statuses(unit: &UnitFile) -> BTreeSet<String> {
    let keys = ["SuccessExitStatus", "RestartPreventExitStatus"];
    let values = keys.iter().flat_map(|key| unit.values(key)).flat_map(str::split_whitespace);
    values.map(str::to_owned).collect()
}

#[test]
fn every_command_in_a_unit_exists() {
    let binary = binary();
    for unit in services() {
        let command = unit.values("ExecStart").next().unwrap();
        let words: Vec<&str> = command.split_whitespace().collect();
        assert_eq!(words[0], "/usr/bin/ibis", "{}", unit.name);
        let help = output(Command::new(&binary).args([words[1], "--help"]));
        assert!(help.status.success(), "{}: ibis {} is unknown", unit.name, words[1]);
    }
}

#[test]
fn every_exit_status_in_a_unit_is_documented() {
    let readme = readme();
    let rows = readme.lines().filter(|line| line.starts_with('|'));
    let codes =
        rows.filter_map(|row| row.split('|').nth(1)).map(|cell| cell.trim().trim_matches('`'));
    let documented: BTreeSet<&str> = codes.collect();
    for unit in services() {
        for status in statuses(&unit) {
            assert!(
                documented.contains(status.as_str()),
                "{}: {status} is not in README",
                unit.name
            );
        }
    }
}

#[test]
fn only_what_needs_a_person_is_not_restarted() {
    let services = services();
    let agent = services.iter().find(|unit| unit.name == "ibis-agent.service").unwrap();
    assert_eq!(agent.values("RestartPreventExitStatus").collect::<Vec<_>>(), ["64 65 77 78"]);
    for job in services
        .iter()
        .filter(|unit| timers().iter().any(|t| t.name == unit.name.replace(".service", ".timer")))
    {
        assert!(statuses(job).contains("1"), "{}: degraded is an answer", job.name);
        assert!(!statuses(job).contains("2"), "{}: critical is a failure", job.name);
    }
}

#[test]
fn readme_names_every_unit() {
    let readme = readme();
    for unit in services().iter().chain(&timers()) {
        let stem = unit.name.split('.').next().unwrap();
        assert!(readme.contains(stem), "README does not mention {stem}");
    }
    succeed(Command::new(binary()).arg("--help"));
}
