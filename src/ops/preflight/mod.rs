//! `preflight`: may this agent be started, and may it trade? Everything a start depends on is looked at
//! before it is needed; nothing is changed, repaired or sent.
//!
//! ```text
//! gather(state_dir) -> Evidence -> judge(evidence, settings) -> findings
//! the venue's own checks (exchange::kucoin::preflight) -> findings
//! ledger against account (exec_integrity) -> parity -> findings
//! ```
//!
//! | check | fails | exit | warns | insufficient |
//! |---|---|---|---|---|
//! | configuration | | | a running agent began with another | |
//! | profile | dev in live mode | 78 | | |
//! | armed | live mode without it | 78 | | |
//! | state directory | no directory, cannot be written | 75 | | |
//! | disk free | below `health.disk_free_critical` | 2 | below `health.disk_free_warn` | not told |
//! | ledger | damaged, foreign, newer | 65 | | busy, not migrated |
//! | ledger identity | another mode or instance | 65 | | no ledger to be read |
//! | ledger integrity | structure, hash chain, with `--full` all of it | 65 | | same |
//! | ledger clock | written in the future | 75 | a little so | same |
//! | crash loop | more than 10 unclean ends in a row | 2 | one or more | same |
//! | kill switch | set, or on its way | 2 | | same |
//! | holds | | | a latch, or an operator's pause | same |
//! | agent lock | | | an agent works here | cannot be told |
//! | clock synchronized | | | it is not | nobody says |
//! | units | one is missing | 2 | one differs from the shipped | |
//! | alerts | | | a secret cannot be read; live, and nobody is told but the journal | |
//! | timers | one is not installed | 2 | one is not enabled | systemd does not answer |
//! | parity | what no agent settles | 2 | what the next look settles | not compared |
//! | orphan orders | | | somebody else's, ours without an intent | not compared |
//!
//! The clock of this machine is the venue's to judge wherever the venue is asked. A failure with exit 2
//! does not stop a start: the agent itself sends nothing then that opens a position, and somebody has to
//! look after what is held.

mod alerts;
mod evidence;
mod finding;
mod judge;
mod judge_ledger;
mod judge_machine;
mod parity;
#[cfg(test)]
mod tests;
mod units;

pub use alerts::look as alerts;
pub use evidence::{Depth, Evidence};
pub use finding::{Class, Finding, word};
pub use judge::{is_venue_asked, judge};
pub use parity::look as parity;

use serde_json::{Value, json};

use super::report::Severity;

/// Every check of one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preflight {
    /// In the order they are best read.
    pub findings: Vec<Finding>,
}

impl Preflight {
    /// The worst verdict; nothing looked at is no verdict.
    pub fn overall(&self) -> Severity {
        let worst = self.findings.iter().map(|finding| finding.severity).max();
        worst.unwrap_or(Severity::Insufficient)
    }

    /// What the most telling failure means, if any.
    pub fn class(&self) -> Option<Class> {
        self.findings.iter().filter_map(|finding| finding.class).max()
    }

    /// The failure that refuses a start, if any: the first of the most telling.
    pub fn refusal(&self) -> Option<&Finding> {
        let class = self.class().filter(|class| class.stops_a_start())?;
        self.findings.iter().find(|finding| finding.class == Some(class))
    }

    /// The exit code of a look.
    pub fn exit_code(&self) -> u8 {
        self.class().map_or(self.overall().exit_code(), Class::exit_code)
    }

    /// For people: a line a check, in order.
    pub fn to_text(&self) -> String {
        let shown = |severity| match severity {
            Severity::Critical => "FAIL",
            Severity::Ok | Severity::Insufficient | Severity::Degraded => word(severity),
        };
        let line = |finding: &Finding| format!("{:12} {finding}\n", shown(finding.severity));
        let overall = format!("overall: {}\n", shown(self.overall()));
        self.findings.iter().map(line).chain([overall]).collect()
    }

    /// For programs: one object.
    pub fn to_json(&self, mode: &str, profile: &str) -> Value {
        json!({
            "mode": mode,
            "profile": profile,
            "checks": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "overall": word(self.overall()),
            "exit_code": self.exit_code(),
        })
    }
}
