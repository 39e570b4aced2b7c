//! ibis on a real systemd: each test boots a machine and installs ibis in it as a user would.

mod backup;
mod books;
mod failure;
mod harness;
mod http;
mod installation;
mod jobs;
mod journal;
mod life;
mod live;
mod recovery;
mod sandbox;
mod supervision;

use crate::support::machine::{BINARY, CHECKOUT, Machine};

/// The unit under test.
const AGENT: &str = "ibis-agent.service";
/// The jobs the timers start.
const JOBS: [&str; 6] = [
    "ibis-backup",
    "ibis-exec-integrity",
    "ibis-healthcheck",
    "ibis-hourly-kpi",
    "ibis-log-retention",
    "ibis-restore-drill",
];
/// `ibis` as an operator runs it on the state of the agent.
const IBIS: &str = "ibis --state-dir /var/lib/ibis";

/// Boots a machine and installs ibis; `None` where no machine can be had.
fn installed() -> Option<Machine> {
    let machine = Machine::boot()?;
    machine.succeed(&format!("IBIS_BINARY={BINARY} {CHECKOUT}/scripts/install"));
    Some(machine)
}

/// As [`installed`], with the agent running fast enough to trade within seconds.
fn trading(service: &str) -> Option<Machine> {
    let machine = installed()?;
    let fast = "ExecStart=\nExecStart=/usr/bin/ibis agent --speed 600\nRestartSec=100ms\n";
    configure(&machine, &format!("[Service]\n{fast}{service}"));
    machine.succeed("systemctl enable --now ibis-agent");
    Some(machine)
}

/// Lays a drop-in over the agent's unit.
fn configure(machine: &Machine, text: &str) {
    machine.write("/run/systemd/system/ibis-agent.service.d/50-test.conf", text);
    machine.succeed("systemctl daemon-reload");
}

/// Waits until the agent runs under another process than before; returns its number of restarts.
fn restarted(machine: &Machine, main_pid_before: &str) -> u32 {
    let pid = format!("$(systemctl show {AGENT} -p MainPID --value)");
    machine.until(&format!(
        "[ {pid} != 0 ] && [ {pid} != {main_pid_before} ] && systemctl -q is-active {AGENT}"
    ));
    machine.show(AGENT, "NRestarts").parse().unwrap()
}
