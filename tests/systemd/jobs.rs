//! What the timers start: each job runs sealed, as the user ibis, and passes on a healthy agent.

use super::{AGENT, IBIS, JOBS, trading};

#[test]
fn every_timers_service_passes() {
    let Some(machine) = trading("") else { return };
    for job in JOBS {
        let (service, timer) = (format!("{job}.service"), format!("{job}.timer"));
        assert_eq!(machine.show(&timer, "Unit"), service);
        assert_ne!(machine.show(&timer, "NextElapseUSecRealtime"), "", "{timer}");
    }
    let outcome = |job: &str| {
        machine.run(&format!("systemctl start {job}"));
        let [result, status] = ["Result", "ExecMainStatus"].map(|it| machine.show(job, it));
        (job.to_owned(), result, status)
    };
    let outcomes = JOBS.map(outcome);
    let passed = JOBS.map(|job| (job.to_owned(), "success".to_owned(), "0".to_owned()));
    assert_eq!(outcomes, passed, "{}", machine.succeed("journalctl --no-pager -u 'ibis-*'"));
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
