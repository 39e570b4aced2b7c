//! The oneshot jobs: gather (I/O) -> judge (pure) -> report.
//!
//! A job reads, judges with functions of plain values, and reports; its verdict is its exit code
//! ([`report::Severity::exit_code`]). Jobs restart nothing and stop nothing: that is systemd's. Each run
//! leaves a row in `job_runs` ([`job_run`]).

pub mod age;
pub mod agent_evidence;
pub mod healthcheck;
pub mod exact_number;
pub mod job_run;
pub mod report;
pub mod trades;
