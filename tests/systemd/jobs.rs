//! What the timers start: each job runs sealed, as the user ibis, and passes on a healthy agent.

use super::{AGENT, IBIS, JOBS, trading};

#[test]
fn every_timers_service_passes() {
    let Some(machine) = trading("") else { return };
    for job in JOBS {
        let service = format!("{job}.service");
        machine.succeed(&format!("systemctl start {service}"));
        assert_eq!(machine.show(&service, "Result"), "success", "{service}");
        assert_eq!(machine.show(&service, "ExecMainStatus"), "0", "{service}");
        let triggers = machine.show(&format!("{job}.timer"), "Unit");
        assert_eq!(triggers, service);
        assert_ne!(machine.show(&format!("{job}.timer"), "NextElapseUSecRealtime"), "", "{job}");
    }
    assert_eq!(machine.show(AGENT, "NRestarts"), "0");
    assert_eq!(
        machine.show("ibis-failure@ibis-healthcheck.service.service", "InactiveEnterTimestamp"),
        ""
    );
    machine.succeed("[ -d /run/ibis ]");
}

#[test]
fn a_dead_agent_is_critical() {
    let Some(machine) = trading("") else { return };
    machine.succeed("systemctl stop ibis-agent");
    let check = machine.run("systemctl start ibis-healthcheck");
    assert!(!check.status.success());
    assert_eq!(machine.show("ibis-healthcheck.service", "ExecMainStatus"), "2");
    machine.until("journalctl -u ibis-failure@ibis-healthcheck.service.service | grep -q Finished");
    let status = machine.run(&format!("{IBIS} status"));
    assert_eq!(status.status.code(), Some(2), "{}", crate::support::text(&status));
}
