//! Live mode as an operator sets it up: the drop-ins, the key as a credential, an exchange on loopback.

use super::{AGENT, IBIS, configure, installed};
use crate::support::machine::Machine;

const ACCOUNT: &str = "/etc/ibis/kucoin.toml";
const EXCHANGE: &str =
    "ibis exchange --listen 127.0.0.1:8640 --credentials /etc/ibis/kucoin.toml --seed 3";

/// A machine with an exchange and an armed agent, both running, their market at this speed.
fn live(speed: &str) -> Option<Machine> {
    let machine = installed()?;
    machine.succeed(&format!("systemd-run --unit=venue -p Type=exec {EXCHANGE} {speed}"));
    machine.until(&format!("[ -s {ACCOUNT} ] && journalctl -u venue | grep -q listens"));
    machine.write(
        "/etc/ibis/config.d/live.toml",
        "mode = \"live\"\narmed = true\nprofile = \"prod\"\n\
         [market]\nsymbols = [\"BTC-USDT\", \"ETH-USDT\", \"SOL-USDT\", \"ARB-USDT\"]\n\
         [exchange]\nbase_url = \"http://127.0.0.1:8640\"\n",
    );
    machine.succeed(
        "for unit in ibis-agent ibis-exec-integrity; do
             mkdir -p /etc/systemd/system/$unit.service.d
             cp /usr/share/ibis/live/$unit.service.d/50-live.conf /etc/systemd/system/$unit.service.d/
         done",
    );
    configure(&machine, &format!("[Service]\nExecStart=\nExecStart=/usr/bin/ibis agent {speed}\n"));
    machine.succeed("systemctl enable --now ibis-agent");
    Some(machine)
}

#[test]
fn the_key_is_a_credential_and_the_jobs_reconcile_with_the_venue() {
    let Some(machine) = live("--speed 600") else { return };
    // The file is root's: the service has it from the manager alone.
    assert_eq!(machine.succeed(&format!("stat -c %U:%a {ACCOUNT}")).trim(), "root:600");
    machine.until("journalctl -u ibis-agent | grep -q 'filled: buy'");
    machine.until(&format!("{IBIS} status | grep -q '^dead_man_switch: armed'"));
    let status = machine.run(&format!("{IBIS} status")).stdout;
    let status = String::from_utf8_lossy(&status).into_owned();
    assert!(status.contains("\nmode: live\n"), "{status}");
    machine
        .until(&format!("systemctl start ibis-exec-integrity && systemctl -q is-active {AGENT}"));
    // The agent drains, and the venue has nothing of it at work.
    machine.succeed("systemctl stop ibis-agent && systemctl start ibis-exec-integrity");
    assert_eq!(machine.show("ibis-exec-integrity.service", "ExecMainStatus"), "0");
    let secret = machine.succeed(&format!("sed -n 's/^secret = \"\\(.*\\)\"/\\1/p' {ACCOUNT}"));
    assert!(secret.trim().len() > 8, "no secret in the file");
    machine.succeed("journalctl --sync");
    let journal = machine.succeed("journalctl -o export --no-pager");
    assert!(!journal.contains(secret.trim()), "the journal has the secret");
}

#[test]
fn a_venue_that_is_away_is_waited_for_and_a_missing_key_is_not() {
    let Some(machine) = live("") else { return };
    machine.succeed("systemctl stop ibis-agent venue");
    machine.succeed("systemctl start --no-block ibis-agent");
    machine.until("systemctl show ibis-agent -p StatusText | grep -q 'waiting for the venue'");
    assert_eq!(machine.show(AGENT, "ActiveState"), "activating");
    machine.succeed(&format!("systemd-run --unit=venue2 -p Type=exec {EXCHANGE}"));
    machine.until(&format!("systemctl -q is-active {AGENT}"));
    assert_eq!(machine.show(AGENT, "NRestarts"), "0");
    machine.succeed(&format!("systemctl stop ibis-agent; rm {ACCOUNT}"));
    assert!(!machine.run("systemctl start ibis-agent").status.success());
    assert_eq!(machine.show(AGENT, "ExecMainStatus"), "243");
}
