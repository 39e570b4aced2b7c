//! The kill switch is set: the latch, the cancels, the proof, and what is said of them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use serde::Serialize;

use super::sweep::Swept;
use crate::clock;
use crate::domain::operator::{CommandId, Wish};
use crate::ops::agent_evidence::lock_path;
use crate::ops::command::{self, ANSWER_WAIT, Answer, Line, Saying};
use crate::ops::report::Severity;
use crate::store::kill::{self, Latch};
use crate::store::run::meta;
use crate::store::{self, ledger_path};

/// The ledger is looked at this often while its proof is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// An agent that may have obeyed is asked for this long, even where the time is over.
const LAST_LOOK: Duration = Duration::from_millis(500);

/// What is at hand to stop with.
pub trait Means {
    /// False on paper, where the venue is the agent's own.
    fn is_live(&self) -> bool;

    /// Cancels everything at a live venue with a client of one's own, until the deadline of the monotonic
    /// clock.
    fn sweep(&self, deadline: Duration) -> Swept;

    /// Runs an agent, where there is none, until it has obeyed or for so long. The error is one line.
    fn session(&self, time: Duration) -> Result<(), String>;
}

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The way to the agent.
    pub line: &'a Line,
    /// Who says so, and why.
    pub saying: &'a Saying,
    /// Sell what is held, too.
    pub flatten: bool,
    /// How long it may take.
    pub timeout: Duration,
}

/// What the agent did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Obedience {
    /// It obeyed; the ledger has the command.
    Obeyed,
    /// There is none; the next one obeys before it sends anything.
    Dead,
    /// It has not answered; it obeys before it sends anything, once it goes on.
    Hung,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Activation {
    /// The command's name; none where the latch could not be written.
    pub command: Option<String>,
    /// What the agent did.
    pub agent: Obedience,
    /// True where it is proved that nothing is at work.
    pub verified: bool,
    /// True where everything that was held is sold; none where that was not wanted.
    pub flat: Option<bool>,
    /// What was done at the venue; none on paper.
    pub venue: Option<Swept>,
    /// True where the venue is the agent's own: it stands still with it.
    pub paper: bool,
    /// What a person should know; a line each.
    pub notes: Vec<String>,
}

impl Activation {
    /// The verdict: critical while something may be at work, degraded where not all that was wanted is
    /// done.
    pub fn severity(&self) -> Severity {
        let stands_still = self.paper && self.agent == Obedience::Hung;
        if self.command.is_none() || (!self.verified && !stands_still) {
            return Severity::Critical;
        }
        match self.agent == Obedience::Hung || self.flat == Some(false) {
            true => Severity::Degraded,
            false => Severity::Ok,
        }
    }
}

/// Sets the latch, cancels, and proves it.
pub fn run(wanted: &Wanted<'_>, means: &impl Means) -> Activation {
    let deadline = clock::monotonic() + wanted.timeout;
    let mut act = Act { wanted, means, deadline, paper: false, notes: Vec::new(), flat: None };
    act.look_at_mode();
    let held = wanted.line.is_held();
    // A running agent sells only after it has stopped: one that hangs is not told to sell, some day.
    let id = act.give(wanted.flatten && !held);
    // At once, whatever the agent does.
    let mut venue = means.is_live().then(|| means.sweep(deadline));
    let answer = match &id {
        Some(id) if held => wanted.line.wait(id, act.patience()),
        None if held => act.signal(),
        Some(_) | None => Answer::Dead,
    };
    let agent = act.follow(id.as_ref(), &answer);
    if agent == Obedience::Obeyed && venue.is_some() {
        // What it sent just before it obeyed may have come after the first look.
        venue = Some(means.sweep(deadline.max(clock::monotonic() + LAST_LOOK)));
    }
    let verified = match &venue {
        Some(swept) => swept.empty,
        None => act.is_proved_on_paper(agent),
    };
    let flat = wanted.flatten.then(|| act.flat == Some(true));
    let command = id.map(|id| id.to_string());
    Activation { command, agent, verified, flat, venue, paper: act.paper, notes: act.notes }
}

/// On the way.
struct Act<'a, M> {
    wanted: &'a Wanted<'a>,
    means: &'a M,
    deadline: Duration,
    paper: bool,
    notes: Vec<String>,
    flat: Option<bool>,
}

impl<M: Means> Act<'_, M> {
    fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    fn give(&mut self, flatten: bool) -> Option<CommandId> {
        match self.wanted.line.give(Wish::Kill { flatten }, self.wanted.saying) {
            Ok(id) => Some(id),
            Err(error) => {
                let state_dir = self.wanted.line.state_dir.display();
                self.note(format!(
                    "{state_dir}: the latch cannot be written: {error}; make room, or name the right \
                     --state-dir, and say it again"
                ));
                None
            }
        }
    }

    /// The latch has no room: the agent is told by the signal that means the same, and keeps it in memory
    /// until its ledger can be written.
    fn signal(&mut self) -> Answer {
        let told = holder(&self.wanted.line.state_dir)
            .and_then(Pid::from_raw)
            .and_then(|pid| rustix::process::kill_process(pid, Signal::USR1).ok().map(|()| pid));
        let Some(pid) = told else {
            self.note("the agent cannot be told: kill -s USR1 it, or stop it");
            return Answer::Hung;
        };
        let number = pid.as_raw_nonzero();
        self.note(format!("process {number} was told by SIGUSR1; its journal says what it does"));
        let patience = self.patience();
        loop {
            if let Some(latch) = self.latch() {
                return Answer::Done(latch.since);
            }
            if clock::monotonic() >= patience {
                return Answer::Hung;
            }
            command::pause(LOOK_EVERY);
        }
    }

    /// A configuration that is not the agent's must not pass for it.
    fn look_at_mode(&mut self) {
        let ledger = store::open_reader(&self.wanted.line.state_dir).ok();
        let mode = ledger.and_then(|ledger| meta(&ledger, "mode").ok().flatten());
        let configured = if self.means.is_live() { "live" } else { "paper" };
        match mode.as_deref().filter(|mode| *mode != configured) {
            Some(mode) => self.note(format!(
                "the agent here is {mode}, the configuration says {configured}; name its --config"
            )),
            None => self.paper = !self.means.is_live(),
        }
    }

    /// Until when an answer is waited for.
    fn patience(&self) -> Duration {
        let now = clock::monotonic();
        self.deadline.min(now + ANSWER_WAIT).max(now + LAST_LOOK)
    }

    /// What follows from the agent's answer.
    fn follow(&mut self, id: Option<&CommandId>, answer: &Answer) -> Obedience {
        match answer {
            Answer::Done(_) => {
                self.after_obedience();
                Obedience::Obeyed
            }
            Answer::Refused { why, .. } => {
                self.note(format!("the agent refuses: {why}"));
                Obedience::Hung
            }
            Answer::Hung => {
                self.note(
                    "the agent does not answer; it obeys before it sends anything, once it goes on",
                );
                if self.wanted.flatten {
                    self.note(
                        "nothing is sold: first systemctl stop ibis-agent, then say it again",
                    );
                }
                if self.paper {
                    self.note("the paper venue stands still with its agent");
                }
                Obedience::Hung
            }
            Answer::Dead => self.without_agent(id),
        }
    }

    /// The running agent stopped; now it sells.
    fn after_obedience(&mut self) {
        if self.wanted.flatten
            && let Some(id) = self.give(true)
            && !matches!(self.wanted.line.wait(&id, self.patience()), Answer::Done(_))
        {
            self.note("the agent does not answer any more: nothing is sold");
            return;
        }
        self.await_latch();
    }

    /// Nobody works there: an agent of our own does where there is something to do for one.
    fn without_agent(&mut self, id: Option<&CommandId>) -> Obedience {
        let wanted = self.wanted.flatten || !self.means.is_live();
        let (Some(id), true) = (id, wanted && self.has_ledger()) else {
            self.note("no agent runs; the next one obeys before it sends anything");
            return Obedience::Dead;
        };
        let time = self.deadline.saturating_sub(clock::monotonic());
        if let Err(why) = self.means.session(time) {
            self.note(format!("no agent could be started to do it: {why}"));
        }
        // It obeyed, or another one was quicker to start and does.
        match self.wanted.line.wait(id, self.patience()) {
            Answer::Done(_) => {
                self.await_latch();
                Obedience::Obeyed
            }
            Answer::Refused { .. } | Answer::Hung => Obedience::Hung,
            Answer::Dead => {
                self.note("the next agent obeys before it sends anything");
                Obedience::Dead
            }
        }
    }

    fn has_ledger(&self) -> bool {
        ledger_path(&self.wanted.line.state_dir).exists()
    }

    fn latch(&self) -> Option<Latch> {
        let ledger = store::open_reader(&self.wanted.line.state_dir).ok()?;
        kill::latch(&ledger).ok()?
    }

    /// Waits until the ledger has the proof, and everything is sold where that is wanted.
    fn await_latch(&mut self) {
        loop {
            let latch = self.latch();
            let proved = latch.as_ref().is_some_and(|latch| latch.verified_at.is_some());
            let flat = latch.is_some_and(|latch| !latch.flattening);
            self.flat = Some(flat);
            let done = (proved || self.means.is_live()) && (flat || !self.wanted.flatten);
            let alive = self.wanted.line.is_held();
            if done || !alive || clock::monotonic() >= self.deadline {
                break;
            }
            command::pause(LOOK_EVERY);
        }
        if self.wanted.flatten && self.flat == Some(false) {
            self.note("not everything is sold yet; see: ibis status");
        }
    }

    /// Where nobody ever traded nothing is at work; else the ledger has the proof.
    fn is_proved_on_paper(&self, agent: Obedience) -> bool {
        match agent {
            Obedience::Obeyed => self.latch().is_some_and(|latch| latch.verified_at.is_some()),
            Obedience::Dead => !self.has_ledger(),
            Obedience::Hung => false,
        }
    }
}

/// The process that has the lock of a state directory open: the agent. None where nobody may look.
fn holder(state_dir: &Path) -> Option<i32> {
    let lock = fs::canonicalize(lock_path(state_dir)).ok()?;
    let has_it = |pid: &i32| {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_link(file.path()).ok()).any(|path| path == lock)
    };
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let own = i32::try_from(std::process::id()).ok()?;
    pids.filter(|pid| *pid != own).find(has_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activation(verified: bool, agent: Obedience, live: bool) -> Activation {
        let venue = live.then(|| Swept { empty: verified, ..Swept::default() });
        let command = Some("c".to_owned());
        let (flat, notes) = (None, Vec::new());
        Activation { command, agent, verified, flat, venue, paper: !live, notes }
    }

    #[test]
    fn what_is_not_proved_is_critical_and_what_is_not_done_is_degraded() {
        use Obedience::{Dead, Hung, Obeyed};
        for (verified, agent, live, severity) in [
            (true, Obeyed, true, Severity::Ok),
            (true, Dead, true, Severity::Ok),
            (true, Hung, true, Severity::Degraded),
            (false, Obeyed, true, Severity::Critical),
            (false, Dead, true, Severity::Critical),
            (false, Hung, true, Severity::Critical),
            (true, Obeyed, false, Severity::Ok),
            (false, Obeyed, false, Severity::Critical),
            (false, Dead, false, Severity::Critical),
            // Its venue stands still with it.
            (false, Hung, false, Severity::Degraded),
        ] {
            let found = activation(verified, agent, live);
            assert_eq!(found.severity(), severity, "{found:?}");
        }
        let unsold = Activation { flat: Some(false), ..activation(true, Obeyed, true) };
        assert_eq!(unsold.severity(), Severity::Degraded);
        let unlike = Activation { paper: false, ..activation(false, Hung, false) };
        assert_eq!(unlike.severity(), Severity::Critical, "another mode than the agent's");
        let unlatched = Activation { command: None, ..activation(true, Dead, true) };
        assert_eq!(unlatched.severity(), Severity::Critical);
    }
}
