//! How a process of the agent dies.

use ibis::domain::order::Purpose;
use ibis::domain::record::Record;
use ibis::engine::audit::Extent;
use ibis::store::writer::Entry;

use super::fault::Fault;
use super::process::{Life, Process};
use super::shell::Command;
use super::universe::{Happening, SECOND, Universe};
use super::weather::CrashPoint;

/// So many in a thousand crashes are audited.
const AUDITED: u32 = 150;

impl Universe {
    /// Kills the process.
    pub(super) fn crash(&mut self, fault: Fault) {
        self.take_wrong();
        let Some(process) = self.process.take() else { return };
        self.note(format!("{fault:?}"));
        self.hit(fault);
        if let Life::Running(agent) = process.life {
            self.coverage.add(&agent.coverage);
        }
        let busy = self.disk.is_busy();
        let kept = self.dice.chance(500);
        if busy {
            self.hit(if kept { Fault::CommitKept } else { Fault::CommitLost });
        }
        match self.disk.crash(kept) {
            Ok(Some(entries)) => self.committed(entries),
            Ok(None) => {}
            Err(error) => self.wrong.push(format!("the ledger refuses: {error}")),
        }
        self.stream = None;
        self.armed = None;
        self.check_intents();
        if self.dice.chance(AUDITED) && self.delisted().is_empty() {
            self.audit(Extent::Moving);
        }
        let pause = self.dice.between(SECOND / 5, 4 * SECOND);
        self.after(pause, Happening::Restart);
    }

    /// Kills the process where it is to be killed here.
    pub(super) fn strike(&mut self, point: CrashPoint) -> bool {
        if self.armed != Some(point) || self.process.is_none() {
            return false;
        }
        let fault = match point {
            CrashPoint::Decided => Fault::CrashDecided,
            CrashPoint::HandedOver => Fault::CrashHandedOver,
            CrashPoint::Durable => Fault::CrashDurable,
            CrashPoint::Sent => Fault::CrashSent,
            CrashPoint::Answered => Fault::CrashAnswered,
            CrashPoint::Applied => Fault::CrashApplied,
            CrashPoint::Starting => Fault::CrashStarting,
        };
        self.crash(fault);
        true
    }

    /// The same, where an order waits to be sent.
    pub(super) fn strike_submit(&mut self, point: CrashPoint) -> bool {
        let Some(Process { life: Life::Running(agent), .. }) = &self.process else { return false };
        let waits = |command: &Command| matches!(command, Command::Submit(_));
        agent.outgoing.iter().any(waits) && self.strike(point)
    }

    pub(super) fn strike_applied(&mut self) -> bool {
        let Some(Process { life: Life::Running(agent), .. }) = &self.process else { return false };
        let is_fill = |entry: &Entry| match entry {
            Entry::Fact(fact) => {
                matches!(&fact.record, Record::Fill(fill) if fill.purpose != Purpose::TimeExit)
            }
            Entry::Projection(_) => false,
        };
        agent.entries.iter().any(is_fill) && self.strike(CrashPoint::Applied)
    }
}
