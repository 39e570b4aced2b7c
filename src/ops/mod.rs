//! The oneshot jobs: gather (I/O) -> judge (pure) -> report.
//!
//! A job reads, judges with functions of plain values, and reports; its verdict is its exit code
//! ([`report::Severity::exit_code`]). Jobs restart nothing and stop nothing: that is systemd's. Each run
//! leaves a row in `job_runs` ([`job_run`]).

pub mod age;
pub mod agent_evidence;
pub mod backup;
pub mod chat;
pub mod command;
pub mod db_check;
pub mod drift;
pub mod end_report;
pub mod events;
pub mod exact_number;
pub mod exec_integrity;
pub mod failure;
pub mod failure_alert;
pub mod force_exit;
pub mod healthcheck;
pub mod hourly_kpi;
pub mod job_run;
pub mod kill;
pub mod log_retention;
pub mod preflight;
pub mod replay;
pub mod report;
pub mod status;
pub mod timer;
pub mod trades;
pub mod validate;

#[cfg(test)]
mod tests;
