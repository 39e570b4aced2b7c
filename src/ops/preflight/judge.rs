//! The verdict on what was found: pure, a function a question. Here those about the configuration.

use super::evidence::{Evidence, Ledger};
use super::finding::{Class, Finding};
use super::{judge_ledger, judge_machine};
use crate::config::Settings;
use crate::config::profile::Profile;
use crate::config::settings::{MarketSource, Mode};
use crate::ops::agent_evidence::Lock;

/// Judges everything that was found, in the order in which it is best read.
pub fn judge(evidence: &Evidence, settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![
        configuration(evidence, settings),
        profile(settings),
        armed(settings),
        judge_machine::state_dir(&evidence.state_dir),
        judge_machine::disk(&evidence.disk_free, &settings.health),
    ];
    findings.extend(judge_ledger::judge(evidence, settings));
    findings.extend(evidence.lock.as_ref().map(judge_machine::lock));
    if evidence.lock.is_some() && !is_venue_asked(settings) {
        findings.push(judge_machine::synchronized(evidence.synchronized));
    }
    if let Some(units) = &evidence.units {
        findings.extend([judge_machine::units(units), judge_machine::timers(units)]);
    }
    findings
}

/// True where the venue is part of what is traded: its clock is the one that counts.
pub fn is_venue_asked(settings: &Settings) -> bool {
    settings.agent.mode == Mode::Live || settings.market.source == MarketSource::Kucoin
}

/// The configuration was read and checked, or there were no settings; what runs may be older.
fn configuration(evidence: &Evidence, settings: &Settings) -> Finding {
    let (name, hash) = ("configuration", settings.hash());
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    let value = format!("valid, hash {}", short(&hash));
    let running = match &evidence.ledger {
        Ledger::Open(ledger) if evidence.lock == Some(Lock::Held) => ledger.config_hash.as_deref(),
        Ledger::Open(_) | Ledger::Missing | Ledger::Bad(_) | Ledger::Unread(_) => None,
    };
    match running.filter(|running| *running != hash) {
        Some(running) => {
            let advice = format!(
                "the agent that runs began with {}: systemctl reload ibis-agent says what needs a \
                 restart",
                short(running)
            );
            Finding::warn(name, value, advice)
        }
        None => Finding::ok(name, value),
    }
}

fn profile(settings: &Settings) -> Finding {
    let (name, agent) = ("profile", &settings.agent);
    let word = agent.profile.as_str();
    match agent.profile {
        Profile::Dev if agent.mode == Mode::Live => {
            let advice = "write profile = \"canary\" to begin with little, or \"prod\"";
            Finding::fail(name, "dev in live mode", advice, Class::Config)
        }
        Profile::Dev | Profile::Prod => Finding::ok(name, word),
        Profile::Canary if settings.locked().is_empty() => Finding::ok(name, word),
        Profile::Canary => {
            let locked: Vec<String> = settings.locked().iter().map(ToString::to_string).collect();
            Finding::ok(name, format!("{word}, locked: {}", locked.join(", ")))
        }
    }
}

fn armed(settings: &Settings) -> Finding {
    let name = "armed";
    match (settings.agent.mode, settings.agent.armed) {
        (Mode::Paper, _) => Finding::ok(name, "paper: no real orders"),
        (Mode::Live, true) => Finding::ok(name, "live: real orders"),
        (Mode::Live, false) => {
            let advice = "write armed = true where real orders are meant, else mode = \"paper\"";
            Finding::fail(name, "live mode, not armed", advice, Class::Config)
        }
    }
}
