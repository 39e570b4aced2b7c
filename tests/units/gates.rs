//! systemd's own judgement, over a staged installation.

use std::path::Path;
use std::process::Command;

use super::unit_file::{services, timers};
use crate::support::stage::Stage;
use crate::support::{has, skip, succeed};

/// Ten times the exposure level: a floor of 1.1 comes with a network.
const AGENT_EXPOSURE_MAX: &str = "15";
/// Sealed jobs reach 0.2.
const JOB_EXPOSURE_MAX: &str = "5";

/// A stage, where systemd's tools are there to look at it.
fn stage() -> Option<Stage> {
    if !has("systemd-analyze") {
        skip("systemd-analyze is missing (Debian: apt-get install systemd)");
        return None;
    }
    Some(Stage::install("252"))
}

fn tool(program: &str, root: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg(format!("--root={}", root.display())).env("SYSTEMD_COLORS", "0");
    command
}

#[test]
fn verify_finds_nothing() {
    let Some(stage) = stage() else { return };
    let mut verify = tool("systemd-analyze", stage.root());
    // With --root, sysinit.target is missing: only our own units are judged.
    verify.args(["verify", "--man=no", "--recursive-errors=no"]);
    for unit in services().iter().chain(&timers()) {
        verify.arg(stage.root().join("usr/lib/systemd/system").join(&unit.name));
    }
    assert_eq!(succeed(&mut verify), "");
}

#[test]
fn exposure_stays_low() {
    let Some(stage) = stage() else { return };
    for unit in services() {
        let network = ["ibis-agent.service", "ibis-failure@.service"].contains(&unit.name.as_str());
        let threshold = if network { AGENT_EXPOSURE_MAX } else { JOB_EXPOSURE_MAX };
        let mut security = tool("systemd-analyze", stage.root());
        security.args(["security", "--offline=true", "--no-pager"]);
        succeed(security.arg(format!("--threshold={threshold}")).arg(&unit.name));
    }
}

#[test]
fn calendars_are_valid() {
    if stage().is_none() {
        return;
    }
    for timer in timers() {
        for expression in timer.values("OnCalendar") {
            succeed(Command::new("systemd-analyze").args(["calendar", expression]));
        }
    }
}

#[test]
fn users_directories_and_catalog_are_accepted() {
    let Some(stage) = stage() else { return };
    let users = succeed(tool("systemd-sysusers", stage.root()).arg("--dry-run"));
    assert!(users.contains("ibis"), "{users}");
    if has("systemd-tmpfiles") && rustix::process::geteuid().is_root() {
        succeed(&mut tool("systemd-sysusers", stage.root()));
        succeed(tool("systemd-tmpfiles", stage.root()).arg("--create"));
    }
    succeed(tool("journalctl", stage.root()).arg("--update-catalog"));
    let catalog = succeed(tool("journalctl", stage.root()).arg("--list-catalog"));
    assert!(catalog.contains("ibis:"), "{catalog}");
}
