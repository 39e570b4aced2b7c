//! The verdict on what was found: pure, a function per question.

use super::JOB;
use super::agent;
use super::evidence::{Evidence, LedgerEvidence, OTHER_JOBS};
use super::files;
use crate::config::settings::HealthSettings;
use crate::domain::hold::{Hold, Level};
use crate::ops::age::Age;
use crate::ops::agent_evidence::Service;
use crate::ops::kill::state;
use crate::ops::report::{Check, Report, Severity};
use crate::ops::timer::Timer;

/// Judges everything that was found.
pub fn judge(evidence: &Evidence, limits: &HealthSettings) -> Report {
    let mut checks = vec![
        agent::running(&evidence.agent),
        agent::service(&evidence.agent),
        agent::progress(&evidence.agent, limits, evidence.now),
        agent::data(&evidence.agent, limits, evidence.now),
        agent::crash_loop(&evidence.agent, limits, evidence.now),
        files::disk(&evidence.disk_free, limits),
        files::clock(evidence, limits),
        files::synchronized(evidence.synchronized),
        files::state_json(evidence, limits),
    ];
    match &evidence.ledger {
        Ok(ledger) => {
            checks.extend([
                Check::new("ledger_open", Severity::Ok, format!("{} events", ledger.head)),
                integrity(ledger),
                writable(ledger),
                holds(&ledger.holds),
                state::check(ledger.kill.as_ref(), ledger.kill_drill.as_ref(), evidence.now),
            ]);
            checks.extend((0..OTHER_JOBS.len()).map(|index| job(evidence, ledger, index, limits)));
        }
        Err(unusable) => {
            let severity = match unusable.missing && !evidence.agent.is_running() {
                true => Severity::Insufficient,
                false => Severity::Critical,
            };
            checks.push(Check::new("ledger_open", severity, "unusable").because(&*unusable.why));
        }
    }
    Report::new(JOB, evidence.now, checks)
}

fn integrity(ledger: &LedgerEvidence) -> Check {
    let id = "ledger_integrity";
    let hint = "stop the agent and run: ibis db check";
    match (ledger.chain_break, ledger.last_fill_orphaned) {
        (Some(event), _) => Check::new(id, Severity::Critical, format!("broken at event {event}"))
            .because(format!("the hash chain does not hold; {hint}")),
        (None, true) => Check::new(id, Severity::Critical, "orphaned fill")
            .because(format!("the newest fill belongs to no intent; {hint}")),
        (None, false) => Check::new(id, Severity::Ok, "chain holds"),
    }
}

fn writable(ledger: &LedgerEvidence) -> Check {
    match &ledger.written {
        Ok(()) => Check::new("ledger_writable", Severity::Ok, "yes"),
        Err(why) => Check::new("ledger_writable", Severity::Critical, "no").because(why),
    }
}

/// Latched holds are critical; what pauses or halves trading is degraded. A pause of one instrument
/// alone (a thin hour, say) is how the agent works, and only named.
fn holds(holds: &[Hold]) -> Check {
    let severity = holds.iter().map(hold_severity).max().unwrap_or(Severity::Ok);
    let mut names: Vec<String> = holds.iter().map(hold_text).collect();
    if names.is_empty() {
        names.push("none".to_owned());
    }
    let reasons: Vec<&str> = holds
        .iter()
        .filter(|hold| hold_severity(hold) > Severity::Ok)
        .map(|hold| hold.reason.as_str())
        .collect();
    Check::new("holds", severity, names.join(", ")).because(reasons.join("; "))
}

/// How bad a hold is.
pub fn hold_severity(hold: &Hold) -> Severity {
    match hold.level {
        Level::Running => Severity::Ok,
        Level::Degraded | Level::SoftPause if hold.scope.is_some() => Severity::Ok,
        Level::Degraded | Level::SoftPause => Severity::Degraded,
        Level::HardStop | Level::KillSwitch => Severity::Critical,
    }
}

fn hold_text(hold: &Hold) -> String {
    let until = hold.until.map(|until| format!(" until {until}")).unwrap_or_default();
    format!("{} {} {}{until}", hold.scope_str(), hold.level, hold.code)
}

/// Age and verdict of another job's last run.
fn job(
    evidence: &Evidence,
    ledger: &LedgerEvidence,
    index: usize,
    limits: &HealthSettings,
) -> Check {
    let (id, timer) = [
        ("job_exec_integrity", Timer::ExecIntegrity),
        ("job_hourly_kpi", Timer::HourlyKpi),
        ("job_log_retention", Timer::LogRetention),
        ("job_backup", Timer::Backup),
        ("job_restore_drill", Timer::RestoreDrill),
    ][index];
    let limit = timer.age_max(limits);
    let last = ledger.jobs[index].as_ref();
    let age = last.map(|last| Age::of(last.ended_at, evidence.now));
    // While the machine was off no timer ran: the clock starts with the agent.
    let since = [last.map(|last| last.ended_at), evidence.agent.newest().map(|run| run.started_at)];
    let waited = since.into_iter().flatten().max().map(|since| Age::of(since, evidence.now));
    let overdue = waited.is_some_and(|waited| waited.reaches(limit))
        && evidence.agent.service != Service::NotInstalled;
    let value = match (age, last) {
        (Some(age), Some(last)) => format!("{age} ago: {}", last.severity),
        _ => "never ran".to_owned(),
    };
    let timer = timer.job();
    let (severity, detail) = match last.map(|last| last.severity) {
        Some(found @ (Severity::Degraded | Severity::Critical)) => {
            let command = if index < 3 { timer.to_owned() } else { format!("db {timer}") };
            (found, format!("see: journalctl -u ibis-{timer}, or run: ibis {command}"))
        }
        _ if overdue => (Severity::Degraded, format!("see: systemctl status ibis-{timer}.timer")),
        _ => (Severity::Ok, String::new()),
    };
    Check::new(id, severity, value).against(format!("< {}", Age::from(limit))).because(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::domain::hold::HoldCode;
    use crate::domain::time::Timestamp;
    use crate::ops::agent_evidence::tests::working;
    use crate::ops::agent_evidence::{AgentEvidence, Clock, Lock, Run};
    use crate::ops::healthcheck::evidence::{LedgerUnusable, StateJson};
    use crate::ops::job_run::JobRun;
    use crate::store::kill::Latch;
    use Severity::{Critical, Degraded, Insufficient, Ok as Fine};

    const NOW: Timestamp = Timestamp::from_ms(1_771_532_639_000);

    fn ago(ms: i64) -> Timestamp {
        Timestamp::from_us(NOW.us() - ms * 1_000)
    }

    fn unit(active: &str) -> Service {
        Service::Unit { active: active.to_owned(), enabled: "enabled".to_owned(), main_pid: 4_711 }
    }

    fn healthy() -> Evidence {
        let run = |severity| Some(JobRun { ended_at: ago(60_000), severity, exit_code: 0 });
        Evidence {
            now: NOW,
            agent: AgentEvidence {
                lock: Lock::Held,
                runs: vec![working(1, NOW)],
                service: unit("active"),
            },
            ledger: Ok(LedgerEvidence {
                head: 77,
                chain_break: None,
                last_fill_orphaned: false,
                holds: Vec::new(),
                kill: None,
                kill_drill: None,
                jobs: [run(Fine), run(Insufficient), run(Fine), run(Fine), run(Fine)],
                written: Ok(()),
            }),
            state_json: StateJson::Whole { sequence: 77, written_at: ago(2_000) },
            disk_free: Ok(100 << 30),
            synchronized: false,
        }
    }

    fn judged(evidence: &Evidence) -> Report {
        judge(evidence, &Settings::defaults().health)
    }

    /// The verdict and the one check `id` after a change to healthy evidence; nothing else may speak.
    fn only(id: &str, change: impl FnOnce(&mut Evidence)) -> Severity {
        let mut evidence = healthy();
        change(&mut evidence);
        let report = judged(&evidence);
        for check in &report.checks {
            assert!(check.id == id || check.severity == Fine, "{id}: {check:?}");
        }
        report.overall()
    }

    fn run(evidence: &mut Evidence) -> &mut Run {
        &mut evidence.agent.runs[0]
    }

    fn ledger(evidence: &mut Evidence) -> &mut LedgerEvidence {
        evidence.ledger.as_mut().unwrap()
    }

    #[test]
    fn a_healthy_agent_is_ok() {
        let report = judged(&healthy());
        assert_eq!(report.overall(), Fine, "{}", report.to_text());
    }

    #[test]
    fn a_dead_agent_is_critical_and_no_other_finding_masks_it() {
        // The original lowered a dead agent's code to 1, because later checks could only raise 0.
        let findings: [fn(&mut Evidence); 6] = [
            |_| {},
            |evidence| evidence.disk_free = Ok(500 << 20),
            |evidence| evidence.disk_free = Err("no such directory".to_owned()),
            |evidence| evidence.state_json = StateJson::Bad("torn".to_owned()),
            |evidence| evidence.agent.service = Service::Unknown("no bus".to_owned()),
            |evidence| {
                let why = "no ledger".to_owned();
                evidence.ledger = Err(LedgerUnusable { missing: true, why });
            },
        ];
        for finding in findings {
            for ended in [None, Some(NOW)] {
                let mut evidence = healthy();
                evidence.agent.lock = Lock::Free;
                evidence.agent.service = unit("inactive");
                run(&mut evidence).ended_at = ended;
                finding(&mut evidence);
                let report = judged(&evidence);
                assert_eq!((report.overall(), report.overall().exit_code()), (Critical, 2));
                let check = report.checks.iter().find(|check| check.id == "agent_running");
                assert_eq!(check.unwrap().severity, Critical);
            }
        }
    }

    #[test]
    fn an_untestable_lock_is_insufficient_not_ok() {
        let unknown = |evidence: &mut Evidence| evidence.agent.lock = Lock::Unknown(String::new());
        assert_eq!(only("agent_running", unknown), Insufficient);
    }

    #[test]
    fn progress_and_data_are_judged_at_their_limits() {
        for (ms, progress) in
            [(119_999, Fine), (120_000, Degraded), (299_999, Degraded), (300_000, Critical)]
        {
            let found = only("agent_progress", |evidence| {
                run(evidence).progress_at = Some(ago(ms));
                run(evidence).engine_at = Some(ago(ms));
                run(evidence).started_at = ago(1_000_000);
            });
            assert_eq!(found, progress, "{ms}");
            let starting = only("agent_progress", |evidence| {
                run(evidence).progress_at = None;
                run(evidence).started_at = ago(ms);
            });
            assert_eq!(starting, progress, "{ms} without any");
        }
        for (ms, data) in
            [(59_999, Fine), (60_000, Degraded), (239_999, Degraded), (240_000, Critical)]
        {
            let found = only("data_fresh", |evidence| run(evidence).data_at = Some(ago(ms)));
            let set_forward = only("data_fresh", |evidence| {
                let hours = 7_200_000;
                run(evidence).engine_at = Some(ago(hours + 3_000));
                run(evidence).data_at = Some(ago(hours + ms));
            });
            assert_eq!(set_forward, data, "{ms}, with the wall clock set forward since the start");
            assert_eq!(found, data, "{ms}");
            let accelerated = only("data_fresh", |evidence| {
                let run = run(evidence);
                run.clock = Clock::Virtual;
                run.engine_at = Some(Timestamp::from_ms(5_000_000));
                run.data_at = Some(Timestamp::from_ms(5_000_000 - ms));
            });
            assert_eq!(accelerated, data, "{ms} by a virtual clock");
        }
    }

    #[test]
    fn crash_loops_disk_and_clock_are_judged_at_their_limits() {
        for (runs, severity) in [(3, Fine), (4, Degraded), (10, Degraded), (11, Critical)] {
            let found = only("crash_loop", |evidence| {
                evidence.agent.runs = (1..=runs).rev().map(|run| working(run, NOW)).collect();
            });
            assert_eq!(found, severity, "{runs} runs, the newest is alive");
        }
        let (gib, mib) = (1 << 30, 256 << 20);
        for (free, severity) in
            [(gib, Fine), (gib - 1, Degraded), (mib, Degraded), (mib - 1, Critical), (0, Critical)]
        {
            assert_eq!(only("disk_free", |evidence| evidence.disk_free = Ok(free)), severity);
        }
        let unknown = |evidence: &mut Evidence| evidence.disk_free = Err("EACCES".to_owned());
        assert_eq!(only("disk_free", unknown), Insufficient);
        for (ms, severity) in
            [(-999, Fine), (-1_000, Degraded), (-4_999, Degraded), (-5_000, Critical)]
        {
            let found = only("clock", |evidence| {
                run(evidence).progress_at = Some(ago(ms));
                run(evidence).engine_at = Some(ago(ms));
            });
            assert_eq!(found, severity, "{ms}");
        }
    }

    #[test]
    fn state_json_is_judged_by_age_while_the_agent_runs_and_by_sequence() {
        let whole = |sequence, ms| StateJson::Whole { sequence, written_at: ago(ms) };
        for (state, severity) in [
            (whole(77, 59_999), Fine),
            (whole(70, 1_000), Fine),
            (whole(77, 60_000), Degraded),
            (whole(77, 300_000), Critical),
            (whole(78, 0), Critical),
            (StateJson::Bad("it ends early".to_owned()), Degraded),
            (StateJson::Missing, Degraded),
        ] {
            let found = only("state_json", |evidence| evidence.state_json = state.clone());
            assert_eq!(found, severity, "{state:?}");
        }
        let young = only("state_json", |evidence| {
            evidence.state_json = StateJson::Missing;
            run(evidence).started_at = ago(1_000);
        });
        assert_eq!(young, Fine);
        let mut stopped = healthy();
        stopped.agent.lock = Lock::Free;
        for (sequence, severity) in [(77, Fine), (76, Degraded), (78, Critical)] {
            stopped.state_json = whole(sequence, 3_600_000);
            let check = files::state_json(&stopped, &Settings::defaults().health);
            assert_eq!(check.severity, severity, "{sequence}");
        }
    }

    #[test]
    fn a_ledger_that_is_broken_or_cannot_be_written_is_critical() {
        let broken = only("ledger_integrity", |evidence| ledger(evidence).chain_break = Some(70));
        let orphaned = only("ledger_integrity", |evidence| {
            ledger(evidence).last_fill_orphaned = true;
        });
        let full = only("ledger_writable", |evidence| {
            ledger(evidence).written = Err("disk is full".to_owned());
        });
        let unusable = only("ledger_open", |evidence| {
            let why = "no SQLite header".to_owned();
            evidence.ledger = Err(LedgerUnusable { missing: false, why });
        });
        assert_eq!([broken, orphaned, full, unusable], [Critical; 4]);
    }

    #[test]
    fn holds_are_judged_by_level_and_scope() {
        for (scope, level, severity) in [
            (None, Level::Degraded, Degraded),
            (None, Level::SoftPause, Degraded),
            (None, Level::HardStop, Critical),
            (None, Level::KillSwitch, Critical),
            (Some("BTC-USDT"), Level::SoftPause, Fine),
            (Some("BTC-USDT"), Level::HardStop, Critical),
        ] {
            let hold = Hold {
                scope: scope.map(|symbol| symbol.parse().unwrap()),
                code: HoldCode::Operator,
                level,
                reason: "asked".to_owned(),
                set_at: NOW,
                until: None,
            };
            let found = only("holds", |evidence| ledger(evidence).holds.push(hold));
            assert_eq!(found, severity, "{scope:?} {level}");
        }
    }

    #[test]
    fn other_jobs_are_judged_by_age_and_by_what_they_found() {
        let limit = 45 * 60_000;
        let last = |ms, severity| Some(JobRun { ended_at: ago(ms), severity, exit_code: 0 });
        for (job, started_ms, severity) in [
            (last(limit - 1, Fine), 86_400_000, Fine),
            (last(limit, Fine), 86_400_000, Degraded),
            (last(limit, Fine), limit - 1, Fine),
            (None, limit - 1, Fine),
            (None, limit, Degraded),
            (last(0, Degraded), 86_400_000, Degraded),
            (last(0, Critical), 86_400_000, Critical),
            (last(0, Insufficient), 86_400_000, Fine),
        ] {
            let found = only("job_exec_integrity", |evidence| {
                run(evidence).started_at = ago(started_ms);
                ledger(evidence).jobs[0] = job.clone();
            });
            assert_eq!(found, severity, "{job:?}, agent began {started_ms} ms ago");
        }
        let by_hand = only("job_exec_integrity", |evidence| {
            run(evidence).started_at = ago(86_400_000);
            evidence.agent.service = Service::NotInstalled;
            ledger(evidence).jobs[0] = None;
        });
        assert_eq!(by_hand, Fine, "without systemd there is no timer to be dead");
    }

    #[test]
    fn an_unverified_kill_switch_is_critical_and_an_old_drill_is_not() {
        let latch = |verified_at| Latch {
            code: HoldCode::KillSwitch,
            since: ago(60_000),
            reason: "root: a test".to_owned(),
            verified_at,
            flattening: false,
        };
        let id = "kill_switch";
        assert_eq!(only(id, |evidence| ledger(evidence).kill = Some(latch(None))), Critical);
        assert_eq!(only(id, |evidence| ledger(evidence).kill = Some(latch(Some(NOW)))), Fine);
        let month = 31 * 86_400_000;
        let drill = Some(JobRun { ended_at: ago(month), severity: Fine, exit_code: 0 });
        let mut evidence = healthy();
        ledger(&mut evidence).kill_drill = drill;
        let report = judged(&evidence);
        assert_eq!(report.overall(), Fine);
        let check = report.checks.iter().find(|check| check.id == id).unwrap();
        assert!(check.detail.starts_with("last drill: 31d"), "{}", check.detail);
    }

    #[test]
    fn the_unit_is_judged_with_the_lock() {
        for (active, severity) in
            [("active", Fine), ("inactive", Fine), ("failed", Critical), ("activating", Degraded)]
        {
            let service = |evidence: &mut Evidence| evidence.agent.service = unit(active);
            assert_eq!(only("agent_service", service), severity, "{active}");
        }
    }
}
