//! The machine itself: nothing else can be believed before this.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::machine::{Machine, has_remains, sweep};
use crate::support::{cgroup, skip, variable};

/// Bit 25 of a capability set, linux/capability.h.
const CAP_SYS_TIME: u64 = 1 << 25;

#[test]
fn boots_and_leaves_nothing() {
    let Some(machine) = Machine::boot() else { return };
    assert_eq!(machine.succeed("cat /proc/1/comm").trim(), "systemd");
    let bounding = machine.succeed("sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status");
    let bounding = u64::from_str_radix(bounding.trim(), 16).unwrap();
    assert_eq!(bounding & CAP_SYS_TIME, 0, "a command could set the host's clock");
    assert_eq!(machine.succeed("ls /sys/class/net").trim(), "lo");
    let name = machine.name().to_owned();
    let journal = machine.power_off();
    assert!(journal.len() > 10, "{} entries left behind", journal.len());
    assert!(!has_remains(&name));
}

/// Set in the child of the test below, which holds a machine until it is killed.
const HOLD: &str = "IBIS_HOLD_MACHINE";

#[test]
fn dies_with_a_killed_harness() {
    if variable(HOLD).is_some() {
        let Some(machine) = Machine::boot() else { return };
        println!("holding {}", machine.name());
        std::io::stdin().read_line(&mut String::new()).unwrap();
        return;
    }
    let mut held = Command::new(std::env::current_exe().unwrap());
    held.args(["--exact", "systemd::harness::dies_with_a_killed_harness", "--nocapture"]);
    held.env(HOLD, "1").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut held = held.spawn().unwrap();
    let lines = BufReader::new(held.stdout.take().unwrap()).lines();
    let name = lines
        .map_while(Result::ok)
        .find_map(|line| Some(line.split_once("holding ")?.1.to_owned()));
    held.kill().unwrap();
    held.wait().unwrap();
    let Some(name) = name else { return skip("the machine to be orphaned did not boot") };
    let group = cgroup::unified().join(&name).join("cgroup.events");
    let emptied = format!("while grep -q 'populated 1' {}; do sleep 0.02; done", group.display());
    Command::new("timeout").args(["20", "bash", "-c", &emptied]).status().unwrap();
    assert!(!cgroup::is_populated(&name), "{name} outlived its harness");
    sweep();
    assert!(!has_remains(&name));
}
