//! A session's disk: what waits for it, and what goes on while it refuses.
//!
//! An order goes out only after its intent is durable in the ledger. While the ledger cannot be written
//! no entry goes out; an exit does, once its intent and everything before it stand in the emergency
//! journal ([`crate::store::emergency`]). Entries are held from the first sign of trouble until the
//! backlog is written.

use super::Session;
use crate::agent::error::AgentError;
use crate::agent::venue_link::Command;
use crate::domain::execution::{ExecutionReport, ReportKind, VenueReason};
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::identifier::ClientOrderId;
use crate::durable::group_commit::{Ticket, Trouble, WriteFailed};
use crate::durable::instance_lock::LockError;
use crate::engine::event::Event;
use crate::systemd::message_id;

/// The hold while the disk refuses.
const CODE: HoldCode = HoldCode::StorageUnavailable;

/// Orders that may not go, and what the engine hears of them.
type Refused = Vec<(ClientOrderId, ReportKind)>;

impl Session {
    /// Hands what is collected to the ledger's writer, and sends what waited for it.
    pub(in crate::agent) fn flush(&mut self) -> Result<(), AgentError> {
        if self.batch.entries.is_empty() {
            self.parts.engine.flush();
        } else {
            self.hand_over();
        }
        if !self.outgoing.is_empty() && self.parts.venue.needs_durable_intent() {
            for command in self.secure()? {
                self.parts.venue.perform(&command, self.now);
            }
        }
        Ok(())
    }

    /// Waits until everything handed over is on disk.
    pub(in crate::agent) fn settle(&mut self) -> Result<(), AgentError> {
        self.hand_over();
        Ok(self.parts.ledger.wait(self.parts.ledger.last())?)
    }

    /// True where everything up to `ticket` is on disk.
    pub(in crate::agent) fn is_durable(&self, ticket: Ticket) -> Result<bool, AgentError> {
        Ok(self.parts.ledger.is_durable(ticket)?)
    }

    /// The paper venue's line is as long as its latency: what is sent waits there for the disk.
    pub(super) fn command(&mut self, command: Command) {
        if !self.parts.venue.needs_durable_intent() {
            self.parts.venue.perform(&command, self.now);
        }
        self.outgoing.push(command);
    }

    pub(super) fn hand_over(&mut self) -> Ticket {
        // The cause before its consequences.
        self.parts.engine.flush();
        self.batch.at = self.now;
        self.parts.ledger.send(std::mem::take(&mut self.batch))
    }

    /// Makes the intents behind the outgoing commands durable, and returns the commands that may go.
    /// The engine hears of those that may not.
    pub(super) fn secure(&mut self) -> Result<Vec<Command>, AgentError> {
        // The last look before an order goes: an operator may have said no.
        self.hear()?;
        let mut commands = std::mem::take(&mut self.outgoing);
        let held = self.held(&commands);
        self.refuse(held, &mut commands);
        let last = self.parts.ledger.last();
        if self.parts.emergency.is_none() {
            self.parts.ledger.wait(last)?;
            return Ok(commands);
        }
        if self.parts.ledger.wait_patiently(last)? {
            return Ok(commands);
        }
        let mut refused = Refused::new();
        for command in &commands {
            let Command::Submit(order) = command else { continue };
            let id = order.get().client_order_id();
            if !order.get().purpose().is_exit() {
                let text = "never sent: the ledger cannot be written".into();
                refused.push((id, ReportKind::Canceled(Some(VenueReason { code: 0, text }))));
            } else if let Err(error) = self.keep_beside(last) {
                log::error!(
                    "{id} is not sent: neither ledger nor emergency journal can be written: {error}"
                );
                let text = format!("never sent: its intent cannot be written: {error}").into();
                refused.push((id, ReportKind::Rejected(VenueReason { code: 0, text })));
            }
        }
        self.refuse(refused, &mut commands);
        Ok(commands)
    }

    /// Orders that a hold forbids which came after they were decided: the last look before they go.
    fn held(&self, commands: &[Command]) -> Refused {
        let mut held = Refused::new();
        for command in commands {
            let Command::Submit(order) = command else { continue };
            let order = order.get();
            if !self.parts.engine.permits(order) {
                let text = "never sent: held meanwhile".into();
                let kind = ReportKind::Canceled(Some(VenueReason { code: 0, text }));
                held.push((order.client_order_id(), kind));
            }
        }
        held
    }

    /// Takes back what may not go, and tells the engine.
    fn refuse(&mut self, refused: Refused, commands: &mut Vec<Command>) {
        let is_refused = |id: &ClientOrderId| refused.iter().any(|(refused, _)| refused == id);
        commands.retain(|command| match command {
            Command::Submit(order) => !is_refused(&order.get().client_order_id()),
            Command::Cancel(id) => !is_refused(id),
            Command::CancelAll => true,
        });
        for (client_order_id, kind) in refused {
            self.parts.venue.recall(&client_order_id);
            self.step(&Event::Report(ExecutionReport { client_order_id, at: self.now, kind }));
        }
    }

    /// Writes what the ledger does not have beside it.
    fn keep_beside(&mut self, upto: Ticket) -> Result<(), String> {
        let Some(emergency) = &mut self.parts.emergency else { return Ok(()) };
        if matches!(self.parts.ledger.is_durable(upto), Ok(true)) {
            return Ok(());
        }
        emergency.keep(&self.parts.ledger.pending())
    }

    /// Holds entries while the ledger or the paper account cannot be written, and lets go once the
    /// backlog is.
    pub(in crate::agent) fn watch_storage(&mut self) -> Result<(), AgentError> {
        let trouble = self.parts.ledger.trouble().or_else(|| self.parts.venue.trouble());
        if self.parts.emergency.is_none() {
            return match trouble {
                Some(trouble) => Err(WriteFailed(trouble.why).into()),
                None => Ok(()),
            };
        }
        if let Some(trouble) = trouble {
            self.recovering = None;
            self.hold_for(&trouble);
            return Ok(());
        }
        let kept = self.parts.emergency.as_ref().is_some_and(|emergency| !emergency.is_empty());
        if !kept && !self.is_storage_held() {
            return Ok(());
        }
        let last = self.parts.ledger.last();
        let backlog = *self.recovering.get_or_insert(last);
        if self.parts.ledger.is_durable(backlog)? {
            self.recover();
        }
        Ok(())
    }

    fn hold_for(&mut self, trouble: &Trouble) {
        let damage = HoldCode::Integrity;
        if self.is_storage_held()
            && (!trouble.damaged || self.engine().holds().is_set(None, damage))
        {
            return;
        }
        let reason = trouble.to_string();
        self.tally.troubles += 1;
        log::error!(MESSAGE_ID = message_id::STORAGE_UNAVAILABLE, path:% = trouble.path.display(),
            damaged = trouble.damaged;
            "{reason}; no entries, exits go on through the emergency journal");
        let hold = |code, level, reason| {
            let (scope, set_at, until) = (None, self.now, None);
            Event::SetHold(Hold { scope, code, level, reason, set_at, until })
        };
        let trouble_hold = hold(CODE, Level::SoftPause, reason.clone());
        // What is written to a damaged file is not known to be there: a person has to look.
        let damage_hold = trouble.damaged.then(|| hold(damage, Level::HardStop, reason));
        self.step(&trouble_hold);
        if let Some(hold) = damage_hold {
            self.step(&hold);
        }
    }

    fn recover(&mut self) {
        self.recovering = None;
        if let Some(emergency) = &mut self.parts.emergency {
            emergency.clear();
        }
        if self.is_storage_held() {
            log::info!(MESSAGE_ID = message_id::STORAGE_RECOVERED;
                "the ledger is written again, everything that waited is in it");
            self.step(&Event::ClearHold { scope: None, code: CODE });
        }
    }

    /// True while entries are held for the disk.
    pub(in crate::agent) fn is_storage_held(&self) -> bool {
        self.engine().holds().is_set(None, CODE)
    }

    /// The disk has had time enough: what waits for it is not waited for any more.
    pub(in crate::agent) fn give_up_waiting(&mut self) {
        if self.parts.emergency.is_some() {
            self.parts.ledger.give_up_waiting();
        }
    }

    /// Takes the instance lock anew where its file was deleted. Where another agent was quicker, this
    /// one must not go on.
    pub(in crate::agent) fn keep_lock(&mut self) -> Result<(), AgentError> {
        match self.parts.lock.renew() {
            Err(LockError::Held) => {
                let why = "agent.lock was deleted, and another agent holds the new one";
                Err(WriteFailed(why.to_owned()).into())
            }
            // A directory that refuses a file is the disk's trouble, which is seen elsewhere.
            Ok(()) | Err(LockError::Io(_)) => Ok(()),
        }
    }
}
