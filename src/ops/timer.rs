//! The jobs that have a timer, and how long ago each may have ended.

use std::time::Duration;

use super::{backup, exec_integrity, healthcheck, hourly_kpi, log_retention};
use crate::config::settings::HealthSettings;

/// A job with a timer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Timer {
    /// Looks at the agent and what it needs.
    Healthcheck,
    /// Compares ledger, `state.json` and the venue's account.
    ExecIntegrity,
    /// Reports each hour.
    HourlyKpi,
    /// Bounds what is kept.
    LogRetention,
    /// Copies ledger and paper account.
    Backup,
    /// Restores the newest copy to see that it can be.
    RestoreDrill,
}

impl Timer {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Healthcheck,
        Self::ExecIntegrity,
        Self::HourlyKpi,
        Self::LogRetention,
        Self::Backup,
        Self::RestoreDrill,
    ];

    /// The job's name in the ledger.
    pub const fn job(self) -> &'static str {
        match self {
            Self::Healthcheck => healthcheck::JOB,
            Self::ExecIntegrity => exec_integrity::JOB,
            Self::HourlyKpi => hourly_kpi::JOB,
            Self::LogRetention => log_retention::JOB,
            Self::Backup => backup::make::JOB,
            Self::RestoreDrill => backup::drill::JOB,
        }
    }

    /// The same as a label's value.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Healthcheck => "healthcheck",
            Self::ExecIntegrity => "exec_integrity",
            Self::HourlyKpi => "hourly_kpi",
            Self::LogRetention => "log_retention",
            Self::Backup => "backup",
            Self::RestoreDrill => "restore_drill",
        }
    }

    /// How long ago its last run may have ended.
    pub fn age_max(self, limits: &HealthSettings) -> Duration {
        match self {
            Self::Healthcheck => limits.healthcheck_age_max,
            Self::ExecIntegrity => limits.exec_integrity_age_max,
            Self::HourlyKpi => limits.hourly_kpi_age_max,
            Self::LogRetention => limits.log_retention_age_max,
            Self::Backup => limits.backup_age_max,
            Self::RestoreDrill => limits.restore_drill_age_max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_the_jobs_name() {
        for timer in Timer::ALL {
            assert_eq!(timer.label(), timer.job().replace('-', "_"));
        }
    }
}
