//! Install, enable, upgrade and remove, as README tells a user to.

use super::{AGENT, IBIS, JOBS, installed};
use crate::support::machine::{BINARY, CHECKOUT};

#[test]
fn enable_now_runs_the_agent_and_its_timers() {
    let Some(machine) = installed() else { return };
    assert_eq!(machine.show(AGENT, "ActiveState"), "inactive", "installing alone starts nothing");
    machine.succeed("systemctl enable --now ibis-agent");
    assert_eq!(machine.show(AGENT, "ActiveState"), "active");
    assert_eq!(machine.show(AGENT, "SubState"), "running");
    assert!(!machine.show(AGENT, "StatusText").is_empty(), "READY without a sentence");
    for job in JOBS {
        let timer = format!("{job}.timer");
        assert_eq!(machine.show(&timer, "ActiveState"), "active", "{timer}");
        assert_eq!(machine.show(&timer, "UnitFileState"), "enabled", "{timer}");
    }
    let status = machine.succeed("cd / && ibis status --json");
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["overall"], "OK", "{status}");
    assert_eq!(status["service_active"], "active", "{status}");
    assert_eq!(status["service_enabled"], "enabled", "{status}");
    machine.succeed(&format!("runuser -u ibis -- {IBIS} status"));
}

#[test]
fn installing_again_keeps_an_edited_configuration() {
    let Some(machine) = installed() else { return };
    machine.succeed("echo '# edited' >> /etc/ibis/ibis.toml");
    let again = format!("IBIS_BINARY={BINARY} {CHECKOUT}/scripts/install");
    let said = machine.succeed(&again);
    assert!(said.contains("/etc/ibis/ibis.toml was edited and is kept"), "{said}");
    machine.succeed("grep -q '# edited' /etc/ibis/ibis.toml");
    assert_eq!(machine.succeed("stat -c '%U:%G %a' /etc/ibis/ibis.toml").trim(), "root:ibis 640");
    machine.succeed("mv /usr/share/ibis/ibis.toml /etc/ibis/ibis.toml");
    machine.succeed(&again);
    machine.succeed("cmp /usr/share/ibis/ibis.toml /etc/ibis/ibis.toml");
}

#[test]
fn uninstalling_leaves_nothing_but_data() {
    let Some(machine) = installed() else { return };
    machine.succeed("systemctl enable --now ibis-agent && systemctl start ibis-healthcheck");
    machine.succeed("echo '# edited' >> /etc/ibis/ibis.toml");
    machine.succeed(&format!("{CHECKOUT}/scripts/install --uninstall"));
    let units = machine.succeed("systemctl list-units --all --no-legend 'ibis-*'");
    assert_eq!(units.trim(), "");
    let mut left = machine.written("ibis");
    left.retain(|path| !path.starts_with("/var/lib/ibis/") && path != BINARY);
    assert_eq!(left, ["/etc/ibis/ibis.toml"]);
    assert!(!machine.path("/run/ibis").exists());
    machine.succeed("grep -q '# edited' /etc/ibis/ibis.toml && [ -s /var/lib/ibis/ibis.db ]");
    machine.succeed("id ibis");
    let entry = machine.run("journalctl --dump-catalog | grep -c 'Defined-By: ibis'");
    assert_eq!(String::from_utf8_lossy(&entry.stdout).trim(), "0");
}
