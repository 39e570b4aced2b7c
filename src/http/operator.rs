//! Orders of an operator, on their way to the agent: through the spool that every way uses, so that a
//! hung agent does them once it goes on, and a dead one at its start.

use std::fmt;
use std::path::{Path, PathBuf};

use rustix::process::{Signal, getpid, kill_process};

use crate::domain::operator::{Command, CommandId, Outcome, Wish};
use crate::store;
use crate::store::operator as spool;

/// The way to the agent. Called on a thread that may wait for a disk.
pub trait Operator: fmt::Debug + Send + Sync {
    /// Writes the command down, durably: a crash after it does not lose it. The error is one line.
    fn submit(&self, command: &Command) -> Result<(), String>;

    /// What came of the command of that name; none yet, or none that can be read now.
    fn outcome(&self, id: &CommandId) -> Option<Outcome>;
}

/// The spool of an agent's directories, and its ledger.
#[derive(Clone, Debug)]
pub struct Spooled {
    state_dir: PathBuf,
    runtime_dir: Option<PathBuf>,
}

impl Spooled {
    /// The spool of an agent that works in these directories.
    pub fn new(state_dir: &Path, runtime_dir: Option<&Path>) -> Self {
        let runtime_dir = runtime_dir.map(Path::to_owned);
        Self { state_dir: state_dir.to_owned(), runtime_dir }
    }
}

impl Operator for Spooled {
    fn submit(&self, command: &Command) -> Result<(), String> {
        let written = spool::submit(&self.state_dir, self.runtime_dir.as_deref(), command);
        match written {
            Ok(_) => Ok(()),
            // No room for the latch is no reason to go on: the agent, which this process is, is told by
            // the signal that means the same, and keeps it in memory until its ledger can be written.
            Err(error) if matches!(command.wish, Wish::Kill { .. }) && tell_agent() => {
                log::error!("the kill switch has no file ({error}); told by SIGUSR1");
                Ok(())
            }
            Err(error) => Err(format!("the order cannot be written down: {error}")),
        }
    }

    fn outcome(&self, id: &CommandId) -> Option<Outcome> {
        let ledger = store::open_reader(&self.state_dir).ok()?;
        spool::outcome(&ledger, id).ok().flatten().map(|(_, outcome)| outcome)
    }
}

fn tell_agent() -> bool {
    kill_process(getpid(), Signal::USR1).is_ok()
}
