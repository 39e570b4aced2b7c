//! An operator's command to the agent: given through the spool, whoever gives it, and its outcome looked
//! up in the ledger. An agent that hangs or is dead does it once it goes on, or at its start.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock;
use crate::domain::operator::{Command, CommandId, Outcome, Via, Wish};
use crate::domain::time::Timestamp;
use crate::durable::instance_lock;
use crate::ops::agent_evidence::lock_path;
use crate::store::{self, operator};

/// The ledger is looked at this often while an outcome is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long an agent may take to answer: fifty turns of its loop.
pub const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// Who says what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Saying {
    /// By whom.
    pub by: String,
    /// By which way.
    pub via: Via,
    /// Why.
    pub reason: String,
}

/// What came of a command within the time one waited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It is done, at this instant of the engine's clock.
    Done(Timestamp),
    /// It is not.
    Refused {
        /// Why not, and what to do.
        why: String,
        /// When it would be done; none where time alone does not help.
        after: Option<Timestamp>,
    },
    /// No agent runs: it waits for the next start.
    Dead,
    /// An agent runs and has not said anything: it hangs, or is still starting.
    Hung,
}

impl Answer {
    /// For people: `pause: done at 2026-02-19T20:24:00Z`. `word` is what was wanted.
    pub fn told(&self, word: &str) -> String {
        match self {
            Self::Done(at) => format!("{word}: done at {at}"),
            Self::Refused { why, .. } => format!("{word}: refused: {why}"),
            Self::Dead => format!("{word}: given; no agent runs, the next one obeys at its start"),
            Self::Hung => {
                format!("{word}: given; the agent does not answer, it obeys once it goes on")
            }
        }
    }
}

/// The way to the agent of a state directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Where its ledger is.
    pub state_dir: PathBuf,
    /// Takes commands where the state directory cannot.
    pub runtime_dir: Option<PathBuf>,
}

impl Line {
    /// Gives a command, durably. Returns its name.
    pub fn give(&self, wish: Wish, saying: &Saying) -> io::Result<CommandId> {
        let at = clock::wall_now();
        let text = format!("{}-{}-{}", saying.via, at.us(), std::process::id());
        let id = CommandId::new(&text).map_err(io::Error::other)?;
        self.give_as(id, at, wish, saying)?;
        Ok(id)
    }

    /// As [`Line::give`], under a name of the giver's, said at `at` by the wall clock: given twice it is
    /// done once.
    pub fn give_as(
        &self,
        id: CommandId,
        at: Timestamp,
        wish: Wish,
        saying: &Saying,
    ) -> io::Result<()> {
        let Saying { by, via, reason } = saying.clone();
        let command = Command { id, at, by, via, reason, wish };
        operator::submit(&self.state_dir, self.runtime_dir.as_deref(), &command).map(drop)
    }

    /// Waits for what comes of a command until `deadline` of the monotonic clock, or until there is no
    /// agent that could say.
    pub fn wait(&self, id: &CommandId, deadline: Duration) -> Answer {
        loop {
            // Before the ledger: an agent that did it and ended is no dead one.
            let alive = self.is_held();
            if let Some(answer) = self.answer(id) {
                return answer;
            }
            if !alive {
                return Answer::Dead;
            }
            if clock::monotonic() >= deadline {
                return Answer::Hung;
            }
            pause(LOOK_EVERY);
        }
    }

    /// What the ledger says came of a command.
    pub fn answer(&self, id: &CommandId) -> Option<Answer> {
        let ledger = store::open_reader(&self.state_dir).ok()?;
        Some(match operator::outcome(&ledger, id).ok()?? {
            (at, Outcome::Done) => Answer::Done(at),
            (_, Outcome::Refused { why, after }) => Answer::Refused { why, after },
        })
    }

    /// True where a process holds the directory, or where that cannot be told.
    pub fn is_held(&self) -> bool {
        instance_lock::is_held(&lock_path(&self.state_dir)).unwrap_or(true)
    }

    /// The commands that wait for the agent.
    pub fn waiting(&self) -> Vec<Command> {
        let homes = [Some(self.state_dir.as_path()), self.runtime_dir.as_deref()];
        let mut all: Vec<Command> =
            homes.into_iter().flatten().flat_map(|home: &Path| operator::waiting(home)).collect();
        all.sort_by_key(|command| (command.at, command.id));
        all
    }
}

/// Waits; a oneshot command has no loop to hold up.
pub(in crate::ops) fn pause(duration: Duration) {
    std::thread::park_timeout(duration);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{LEDGER, ledger_path};

    #[test]
    fn a_command_waits_for_a_dead_agent_and_its_outcome_is_the_ledgers() {
        let home = std::env::temp_dir().join(format!("ibis-command-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&home));
        std::fs::create_dir_all(&home).unwrap();
        let line = Line { state_dir: home.clone(), runtime_dir: None };
        let (by, reason) = ("root".to_owned(), "a test".to_owned());
        let saying = Saying { by, via: Via::Cli, reason };
        let id = line.give(Wish::Release, &saying).unwrap();
        assert_eq!(line.wait(&id, Duration::ZERO), Answer::Dead);
        assert_eq!(line.waiting().len(), 1);
        let lock = instance_lock::InstanceLock::take(&lock_path(&home)).unwrap();
        assert_eq!(line.wait(&id, Duration::ZERO), Answer::Hung);
        drop(lock);
        let ledger = LEDGER.open_writer(&ledger_path(&home)).unwrap();
        let row = "INSERT INTO operator_commands
                   (id, given_at_us, at_us, by, via, reason, wish, outcome, why, after_us)
                   VALUES (?1, 1, 2, 'root', 'cli', 'a test', '\"release\"', 'refused', 'no', 7)";
        ledger.execute(row, [id.as_str()]).unwrap();
        let after = Some(Timestamp::from_us(7));
        let refused = Answer::Refused { why: "no".to_owned(), after };
        assert_eq!(line.wait(&id, Duration::ZERO), refused);
        std::fs::remove_dir_all(&home).unwrap();
    }
}
