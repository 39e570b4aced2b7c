//! A difference between two of the three truths: its name, how bad, about what, both values, and who
//! repairs it.

use serde::Serialize;

use crate::ops::report::{Check, Severity};

/// One difference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// Its name in `snake_case`, stable between releases.
    pub name: &'static str,
    /// How bad.
    pub severity: Severity,
    /// The symbol, asset, order or fill it is about.
    pub subject: String,
    /// What the first side says; the name tells which that is.
    pub left: String,
    /// What the other side says.
    pub right: String,
    /// Who repairs it.
    pub repair: Repair,
}

/// Who repairs a difference. Only what is provable from the ledger is repaired by this job.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// `--apply` writes `state.json` from the ledger, while no agent runs.
    RebuildStateJson,
    /// `--apply` adds the fills up from the first one.
    RebuildAuditTotals,
    /// The agent settles it with the venue when it reconciles, at its next start at the latest.
    Agent,
    /// Nobody can prove which side is right.
    Person,
    /// Nothing is wrong by itself.
    None,
}

impl Repair {
    const fn hint(self) -> &'static str {
        match self {
            Self::RebuildStateJson => "repair: ibis exec-integrity --apply, with the agent stopped",
            Self::RebuildAuditTotals => "repair: ibis exec-integrity --apply",
            Self::Agent => "the agent settles it when it reconciles",
            Self::Person => "needs a person; see: ibis status, journalctl -u ibis-agent",
            Self::None => "",
        }
    }
}

impl Difference {
    /// A difference between two values.
    pub fn new(
        name: &'static str,
        severity: Severity,
        subject: impl ToString,
        values: (impl ToString, impl ToString),
        repair: Repair,
    ) -> Self {
        let (left, right) = (values.0.to_string(), values.1.to_string());
        Self { name, severity, subject: subject.to_string(), left, right, repair }
    }

    /// The line of the report.
    pub fn check(&self) -> Check {
        Check::new(self.name, self.severity, &self.subject)
            .against(format!("{} | {}", self.left, self.right))
            .because(self.repair.hint())
    }
}
