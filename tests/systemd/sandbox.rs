//! The exposure score counts directives; this tries to get out.

use super::{AGENT, JOBS, installed};
use crate::support::machine::Machine;

/// What a unit's process must not be able to do, as shell commands.
const FORBIDDEN: [&str; 10] = [
    "touch /etc/ibis/planted",
    "touch /usr/planted",
    "touch /run/planted",
    "ls /root /home/*",
    "cat /etc/shadow",
    "head -c 1 /dev/mem",
    "mount -t tmpfs none /tmp",
    "unshare -m true",
    "cat /proc/1/environ",
    "cat /proc/sys/kernel/osrelease",
];
/// What it needs.
const NEEDED: [&str; 5] = [
    "touch $STATE_DIRECTORY/probe",
    "cat $CONFIGURATION_DIRECTORY/ibis.toml",
    "systemctl show ibis-agent.service -p ActiveState | grep -q =",
    "[ $(id -un) = ibis ]",
    "echo from the sandbox",
];

/// Keeps the sandbox, replaces what it is around.
const PROBE: &str = "[Unit]\nOnFailure=\nStartLimitIntervalSec=0\n\
    [Service]\nType=oneshot\nRestart=no\nSuccessExitStatus=\nWatchdogSec=0\n\
    ExecStart=\nExecStart=/bin/sh /opt/probe\n";

/// Puts a probe in the place of `ibis` in these services.
fn lay_probe(machine: &Machine, services: &[&str]) {
    for service in services {
        machine.write(&format!("/run/systemd/system/{service}.d/60-probe.conf"), PROBE);
    }
    machine.succeed("systemctl daemon-reload");
}

/// Runs a command as the probe of a service; true when it succeeds.
fn succeeds(machine: &Machine, service: &str, command: &str) -> bool {
    machine.write("/opt/probe", &format!("exec >/dev/null 2>&1\n{command}\n"));
    machine.run(&format!("systemctl start {service}")).status.success()
}

fn assert_sealed(machine: &Machine, service: &str) {
    for command in NEEDED {
        assert!(succeeds(machine, service, command), "{service} cannot: {command}");
    }
    for command in FORBIDDEN {
        assert!(!succeeds(machine, service, command), "{service} can: {command}");
    }
}

#[test]
fn the_agent_can_do_its_work_and_nothing_else() {
    let Some(machine) = installed() else { return };
    lay_probe(&machine, &[AGENT]);
    assert_sealed(&machine, AGENT);
}

#[test]
fn the_jobs_can_do_their_work_and_have_no_network() {
    let Some(machine) = installed() else { return };
    // The sandbox is the same in every job, which another test proves.
    let job = format!("{}.service", JOBS[0]);
    lay_probe(&machine, &[AGENT, &job]);
    assert_sealed(&machine, &job);
    let network = "/bin/bash -c 'exec 3<>/dev/udp/127.0.0.1/9'";
    assert!(!succeeds(&machine, &job, network), "{job} reaches a network");
    assert!(succeeds(&machine, AGENT, network), "the control API needs the loopback");
}
