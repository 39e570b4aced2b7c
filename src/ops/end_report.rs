//! `end-report`: the agent's process is gone; write down how it ended, while systemd still knows.
//!
//! systemd forgets a service's result with its next start. A run that said itself how it ended is left as
//! it is, and so is one that was reported before.

use std::path::Path;

use crate::durable::instance_lock;
use crate::store::run::{self, Unexplained};
use crate::store::run_cause::RunCause;
use crate::store::{self};

use super::agent_evidence::lock_path;

/// Writes down how the newest run ended. Returns what was written; none where there was nothing to.
pub fn run(state_dir: &Path, service_result: &str) -> anyhow::Result<Option<(u32, RunCause)>> {
    // Of an agent that still works here nothing is known yet.
    if instance_lock::is_held(&lock_path(state_dir))? {
        return Ok(None);
    }
    let mut ledger = store::open_existing(state_dir)?;
    let cause = RunCause::of_service_result(service_result);
    let explained = run::explain(&mut ledger, Unexplained::Newest, cause)?;
    Ok(explained.map(|run| (run, cause)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{LEDGER, ledger_path};

    #[test]
    fn what_ended_without_a_word_is_explained_once() {
        let directory = std::env::temp_dir().join(format!("ibis-end-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(&directory).unwrap();
        assert!(run(&directory, "watchdog").is_err(), "no ledger");
        let ledger = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
        assert_eq!(run(&directory, "watchdog").unwrap(), None, "no run");
        let begin = "INSERT INTO runs (version, clock, market, config_hash, pid, started_at_us)
                     VALUES ('0', 'wall', 'synthetic', '', 1, 1)";
        ledger.execute(begin, []).unwrap();
        assert_eq!(run(&directory, "watchdog").unwrap(), Some((1, RunCause::Watchdog)));
        assert_eq!(run(&directory, "signal").unwrap(), None, "reported before");
        ledger.execute(begin, []).unwrap();
        let end = "UPDATE runs SET ended_at_us = 2, cause = 'operator' WHERE run = 2";
        ledger.execute(end, []).unwrap();
        assert_eq!(run(&directory, "exit-code").unwrap(), None, "it said so itself");
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
