//! What `systemd-analyze verify` accepts and an operator regrets.

use super::unit_file::{UnitFile, services, timers};

const AGENT: &str = "ibis-agent.service";
const FAILURE: &str = "ibis-failure@.service";
const START_LIMITS: [&str; 3] = ["StartLimitIntervalSec", "StartLimitBurst", "StartLimitAction"];

#[test]
fn there_is_something_to_check() {
    assert_eq!(services().len(), 8);
    assert_eq!(timers().len(), 6);
}

#[test]
fn persistent_stands_only_beside_on_calendar() {
    for timer in timers() {
        assert!(timer.has("OnCalendar"), "{}", timer.name);
        assert!(timer.has("Persistent"), "{}: say whether a missed run is made up", timer.name);
        assert!(timer.has("AccuracySec"), "{}: the default is a minute", timer.name);
        let monotonic =
            timer.directives.iter().any(|d| d.key.starts_with("On") && d.key.ends_with("Sec"));
        assert!(!monotonic, "{}: Persistent= has no effect on monotonic timers", timer.name);
    }
}

#[test]
fn every_timer_starts_with_the_agent_and_starts_a_job() {
    let services = services();
    let agent = services.iter().find(|unit| unit.name == AGENT).unwrap();
    let also: Vec<&str> = agent.values("Also").flat_map(str::split_whitespace).collect();
    for timer in timers() {
        assert!(
            also.contains(&timer.name.as_str()),
            "{} is not enabled with the agent",
            timer.name
        );
        assert!(timer.values("WantedBy").any(|value| value == "timers.target ibis-agent.service"));
        let job = timer.name.replace(".timer", ".service");
        assert!(services.iter().any(|unit| unit.name == job), "{job} is missing");
    }
    assert_eq!(also.len(), timers().len());
}

#[test]
fn only_the_agent_has_a_runtime_directory() {
    for unit in services() {
        assert_eq!(unit.has("RuntimeDirectory"), unit.name == AGENT, "{}", unit.name);
        for directory in ["StateDirectory", "ConfigurationDirectory"] {
            assert_eq!(unit.values(directory).collect::<Vec<_>>(), ["ibis"], "{}", unit.name);
            let mode = format!("{directory}Mode");
            let modes: Vec<&str> = unit.values(&mode).collect();
            assert_eq!(modes, ["0750"], "{}: {mode} is applied anew at each start", unit.name);
        }
    }
}

#[test]
fn start_limits_stand_in_the_unit_section() {
    for unit in services() {
        for directive in &unit.directives {
            if START_LIMITS.contains(&directive.key.as_str()) {
                assert_eq!(directive.section, "Unit", "{}: ignored elsewhere", unit.name);
            }
        }
    }
}

#[test]
fn oneshots_are_bounded_and_report_their_failure() {
    for unit in services().into_iter().filter(|unit| unit.name != AGENT) {
        assert_eq!(unit.values("Type").collect::<Vec<_>>(), ["oneshot"], "{}", unit.name);
        assert!(unit.has("TimeoutStartSec"), "{}: the default is for ever", unit.name);
        let handler = unit.name == FAILURE;
        assert_eq!(unit.has("OnFailure"), !handler, "{}", unit.name);
    }
}

#[test]
fn the_sealed_units_share_one_sandbox() {
    let services = services();
    let mut sealed = services.iter().filter(|unit| ![AGENT, FAILURE].contains(&unit.name.as_str()));
    let first = sealed.next().unwrap();
    for unit in sealed {
        assert_eq!(unit.sandbox, first.sandbox, "{} and {}", unit.name, first.name);
    }
}

#[test]
fn the_agents_sandbox_differs_only_in_the_network_and_in_kept_sockets() {
    let services = services();
    let find = |name: &str| services.iter().find(|unit| unit.name == name).unwrap();
    let (agent, job) = (find(AGENT), find("ibis-healthcheck.service"));
    let only = |a: &UnitFile, b: &UnitFile| -> Vec<String> {
        a.sandbox.iter().filter(|line| !b.sandbox.contains(line)).cloned().collect()
    };
    let network = ["IPAddressDeny=any", "PrivateNetwork=yes", "RestrictAddressFamilies=AF_UNIX"];
    assert_eq!(only(job, agent), network);
    let allowed = [
        "IPAddressDeny=link-local multicast",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        // Takes over, without unsafe code, the sockets that systemd kept.
        "SystemCallFilter=pidfd_getfd",
    ];
    assert_eq!(only(agent, job), allowed);
}

/// It tells channels of alerts over the network, whoever is dead.
#[test]
fn the_report_of_failures_is_sealed_as_the_agent_is() {
    let services = services();
    // But for the one call with which the agent takes its sockets back after a restart.
    let sealed = |name: &str| {
        let unit = services.iter().find(|unit| unit.name == name).unwrap();
        let lines = unit.sandbox.iter().filter(|line| !line.contains("pidfd_getfd"));
        lines.cloned().collect::<Vec<String>>()
    };
    assert_eq!(sealed(FAILURE), sealed(AGENT));
}

#[test]
fn the_sandbox_is_sorted() {
    for unit in services() {
        let keys: Vec<&str> =
            unit.sandbox.iter().map(|line| line.split('=').next().unwrap()).collect();
        assert!(keys.len() > 30, "{}: {keys:?}", unit.name);
        assert!(keys.is_sorted(), "{}: {keys:?}", unit.name);
    }
}

#[test]
fn nothing_runs_through_a_shell_or_as_root() {
    for unit in services() {
        assert_eq!(unit.values("User").collect::<Vec<_>>(), ["ibis"], "{}", unit.name);
        for forbidden in ["EnvironmentFile", "Environment", "SetCredential", "PIDFile"] {
            assert!(!unit.has(forbidden), "{}: {forbidden}=", unit.name);
        }
        for directive in unit.directives.iter().filter(|d| d.key.starts_with("Exec")) {
            assert!(!directive.value.contains("sh -c"), "{}: {}", unit.name, directive.value);
        }
    }
}
