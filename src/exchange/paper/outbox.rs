//! Commands on their way to the venue and reports on their way back.
//!
//! One session: neither direction reorders. Bounded by [`COMMANDS_MAX`] commands; reports wait for
//! the caller, who takes them every turn.

use std::collections::VecDeque;

use crate::domain::execution::{ExecutionReport, ReportKind};
use crate::domain::identifier::ClientOrderId;
use crate::domain::time::Timestamp;

use super::order::OrderRequest;
use super::settings::PaperSettings;

/// Commands in flight at most; one more is answered 429000.
pub const COMMANDS_MAX: usize = 10_000;

/// What was sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    Submit(OrderRequest),
    Cancel(ClientOrderId),
}

/// The line to the venue and back.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    settings: PaperSettings,
    commands: VecDeque<(Timestamp, Command)>,
    reports: VecDeque<(Timestamp, ExecutionReport)>,
    last_arrival: Timestamp,
    last_release: Timestamp,
}

impl Outbox {
    pub(super) fn new(settings: PaperSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Sends a command; false where the line is full.
    pub(super) fn send(&mut self, id: &ClientOrderId, command: Command, now: Timestamp) -> bool {
        if self.commands.len() >= COMMANDS_MAX {
            return false;
        }
        self.last_arrival = self.settings.arrival(id, now).max(self.last_arrival);
        self.commands.push_back((self.last_arrival, command));
        true
    }

    /// The next command that has arrived by `now`.
    pub(super) fn receive(&mut self, now: Timestamp) -> Option<(Timestamp, Command)> {
        pop_due(&mut self.commands, now)
    }

    /// Takes back an order that has not arrived yet.
    pub(super) fn recall(&mut self, id: &ClientOrderId) {
        self.commands.retain(|(_, command)| match command {
            Command::Submit(request) => request.client_order_id != *id,
            Command::Cancel(_) => true,
        });
    }

    /// Queues a report.
    pub(super) fn report(&mut self, id: ClientOrderId, at: Timestamp, kind: ReportKind) {
        self.last_release = self.settings.release(&id, at).max(self.last_release);
        let report = ExecutionReport { client_order_id: id, at, kind };
        self.reports.push_back((self.last_release, report));
    }

    /// Appends the reports released by `now`.
    pub(super) fn take_reports(&mut self, now: Timestamp, out: &mut Vec<ExecutionReport>) {
        while let Some((_, report)) = pop_due(&mut self.reports, now) {
            out.push(report);
        }
    }

    pub(super) fn next_arrival(&self) -> Option<Timestamp> {
        self.commands.front().map(|(at, _)| *at)
    }

    pub(super) fn next_release(&self) -> Option<Timestamp> {
        self.reports.front().map(|(at, _)| *at)
    }
}

fn pop_due<T>(queue: &mut VecDeque<(Timestamp, T)>, now: Timestamp) -> Option<(Timestamp, T)> {
    if queue.front()?.0 <= now { queue.pop_front() } else { None }
}
