//! Verdicts on the ledger and on what it says: whole, ours, of the past, and what it holds against
//! trading.

use super::evidence::{Evidence, Ledger, LedgerEvidence};
use super::finding::{Class, Finding};
use crate::config::Settings;
use crate::config::settings::{HealthSettings, Mode};
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::time::Timestamp;
use crate::ops::age::Age;
use crate::store::LEDGER;
use crate::store::run::CRASH_STREAK_MAX;

/// What is asked of an open ledger, by name.
const QUESTIONS: [&str; 4] = ["ledger identity", "ledger integrity", "ledger clock", "crash loop"];
/// Problems told; `ibis db check` lists more.
const PROBLEMS_TOLD: usize = 3;

/// Judges the ledger.
pub fn judge(evidence: &Evidence, settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![opened(&evidence.ledger)];
    match &evidence.ledger {
        Ledger::Open(ledger) => findings.extend([
            identity(ledger, settings),
            integrity(ledger),
            clock(ledger.written_at, evidence.now, &settings.health),
            crash_loop(ledger.unclean_streak),
            kill_switch(&ledger.holds, evidence.kill_waits),
            holds(&ledger.holds),
        ]),
        Ledger::Missing => {
            findings.extend(QUESTIONS.map(|name| Finding::ok(name, "no ledger yet")));
            findings.push(kill_switch(&[], evidence.kill_waits));
            findings.push(holds(&[]));
        }
        Ledger::Bad(_) | Ledger::Unread(_) => {
            let names = QUESTIONS.into_iter().chain(["kill switch", "holds"]);
            let unread =
                |name| Finding::insufficient(name, "unknown", "see the check of the ledger");
            findings.extend(names.map(unread));
        }
    }
    findings
}

fn opened(ledger: &Ledger) -> Finding {
    let name = "ledger";
    match ledger {
        Ledger::Open(ledger) => {
            let schema = LEDGER.migrations.len();
            Finding::ok(name, format!("schema {schema}, {} events", ledger.events))
        }
        Ledger::Missing => Finding::ok(name, "none yet: the first start makes it"),
        Ledger::Bad(why) => {
            let advice =
                "restore the newest backup (ibis db restore FILE), or name another --state-dir";
            Finding::fail(name, why, advice, Class::Data)
        }
        Ledger::Unread(why) => Finding::insufficient(name, why, "try again"),
    }
}

fn identity(ledger: &LedgerEvidence, settings: &Settings) -> Finding {
    let name = "ledger identity";
    let mode = match settings.agent.mode {
        Mode::Paper => "paper",
        Mode::Live => "live",
    };
    let instance = settings.agent.instance.as_str();
    for (what, of_ledger, configured) in
        [("mode", &ledger.mode, mode), ("instance", &ledger.instance, instance)]
    {
        if let Some(of_ledger) = of_ledger.as_deref().filter(|it| *it != configured) {
            let value = format!("its {what} is {of_ledger}, the configuration says {configured}");
            return Finding::fail(name, value, "name another --state-dir", Class::Data);
        }
    }
    Finding::ok(name, format!("{mode}, {instance}"))
}

fn integrity(ledger: &LedgerEvidence) -> Finding {
    let name = "ledger integrity";
    if ledger.problems.is_empty() {
        let value = format!("{} of {} events verified", ledger.verified, ledger.events);
        return Finding::ok(name, value);
    }
    let told: Vec<&str> = ledger.problems.iter().take(PROBLEMS_TOLD).map(String::as_str).collect();
    let advice = "look with ibis db check, then restore the newest backup: ibis db restore FILE";
    Finding::fail(name, told.join("; "), advice, Class::Data)
}

/// What was written must not lie in the future: a start refuses a clock that was set back.
fn clock(written_at: Option<Timestamp>, now: Timestamp, limits: &HealthSettings) -> Finding {
    let name = "ledger clock";
    let Some(written_at) = written_at else { return Finding::ok(name, "nothing written yet") };
    let ahead = Age::of(now, written_at);
    let value = format!("{ahead} behind what was written");
    let advice = "the clock was set back: let systemd-timesyncd or chrony set it; see: timedatectl";
    if ahead.reaches(limits.clock_skew_critical) {
        Finding::fail(name, value, advice, Class::Busy)
    } else if ahead.reaches(limits.clock_skew_warn) {
        Finding::warn(name, value, advice)
    } else {
        Finding::ok(name, "runs forward")
    }
}

fn crash_loop(streak: u32) -> Finding {
    let (name, value) = ("crash loop", format!("{streak} unclean ends in a row"));
    match streak {
        0 => Finding::ok(name, value),
        1..=CRASH_STREAK_MAX => {
            let advice = "trading waits after the start; see: journalctl -u ibis-agent -p err";
            Finding::warn(name, value, advice)
        }
        _ => {
            let advice = format!(
                "more than {CRASH_STREAK_MAX} stop trading: find the cause (journalctl -u ibis-agent \
                 -p err), start, then resume"
            );
            Finding::fail(name, value, advice, Class::Held)
        }
    }
}

fn kill_switch(holds: &[Hold], waits: bool) -> Finding {
    let name = "kill switch";
    if let Some(kill) = holds.iter().find(|hold| hold.level == Level::KillSwitch) {
        let value = format!("set since {}: {}", kill.set_at, kill.reason);
        let advice = "no order is sent; find out why, then release it, and resume";
        return Finding::fail(name, value, advice, Class::Held);
    }
    if waits {
        let advice = "the next start obeys it first; to undo it, start, release it, and resume";
        return Finding::fail(name, "asked for, no agent has read it", advice, Class::Held);
    }
    Finding::ok(name, "not set")
}

/// A latch waits for a person, and so does an operator's pause; what a cause set, its end clears.
fn holds(holds: &[Hold]) -> Finding {
    let name = "holds";
    let waits = |hold: &&Hold| hold.level.latches() || hold.code == HoldCode::Operator;
    let text = |hold: &Hold| format!("{} {} {}", hold.scope_str(), hold.level, hold.code);
    let all: Vec<String> = holds.iter().map(text).collect();
    let value = if all.is_empty() { "none".to_owned() } else { all.join(", ") };
    let waiting: Vec<&Hold> = holds.iter().filter(waits).collect();
    if waiting.is_empty() {
        return Finding::ok(name, value);
    }
    let reasons: Vec<&str> = waiting.iter().map(|hold| hold.reason.as_str()).collect();
    let advice = format!("no entries until an operator resumes; why: {}", reasons.join("; "));
    Finding::warn(name, value, advice)
}
