//! A session's operators: their commands are taken in between two events, and just before an order goes.

use super::Session;
use crate::agent::error::AgentError;
use crate::clock;
use crate::domain::operator::Command;
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
