//! A session's operators: their commands are taken in between two events, and just before an order goes.

use super::Session;
use crate::agent::error::AgentError;
use crate::clock;
use crate::domain::hold::{HoldCode, Level};
use crate::domain::operator::{Command, CommandId, Via, Wish};
use crate::engine::event::Event;
use crate::store::operator;

impl Session {
    /// Takes in what operators want, and takes away the files of what the ledger has.
    pub(in crate::agent) fn hear(&mut self) -> Result<(), AgentError> {
        for command in self.parts.spool.take(clock::wall_now()) {
            self.obey(command)?;
        }
        let mut waiting = std::mem::take(&mut self.obeyed);
        for (id, ticket) in waiting.drain(..) {
            if self.parts.ledger.is_durable(ticket)? {
                self.parts.spool.done(&id);
            } else {
                self.obeyed.push((id, ticket));
            }
        }
        Ok(())
    }

    /// The kill switch, by a signal. Its file comes first, like that of any other command: it outlives a
    /// crash of this process. Where it cannot be written the command is obeyed all the same.
    pub(in crate::agent) fn kill(&mut self) -> Result<(), AgentError> {
        let at = clock::wall_now();
        let Ok(id) = CommandId::new(&format!("signal-{}-{}", at.us(), std::process::id())) else {
            return Ok(());
        };
        let (by, reason) = ("a signal".to_owned(), "SIGUSR1".to_owned());
        let wish = Wish::Kill { flatten: false };
        let command = Command { id, at, by, via: Via::Signal, reason, wish };
        match operator::submit(&self.parts.state_dir, None, &command) {
            Ok(_) => self.hear(),
            Err(error) => {
                log::error!("the kill switch has no file: {error}");
                self.obey(command)
            }
        }
    }

    /// True once the kill switch is verified, and nothing is left to be sold by it.
    pub(in crate::agent) fn is_kill_done(&self) -> bool {
        let engine = self.engine();
        engine.level() == Level::KillSwitch
            && !engine.is_kill_unverified()
            && !engine.holds().is_set(None, HoldCode::Flatten)
    }

    /// Tells the engine of a command, unless an earlier run did before it died.
    pub(in crate::agent) fn obey(&mut self, command: Command) -> Result<(), AgentError> {
        let id = command.id;
        let known = crate::store::open_reader(&self.parts.state_dir)
            .is_ok_and(|ledger| matches!(operator::outcome(&ledger, &id), Ok(Some(_))));
        if !known {
            self.step(&Event::Operator(Box::new(command)));
            self.doubt_account();
        }
        let ticket = self.hand_over();
        self.obeyed.push((id, ticket));
        Ok(())
    }
}
