//! What the engine of a running agent is told, and what it wants done.

use ibis::domain::decimal::Decimal;
use ibis::domain::execution::{ExecutionReport, ReportKind};
use ibis::domain::hold::Level;
use ibis::domain::identifier::ClientOrderId;
use ibis::domain::order::{NewOrder, Purpose};
use ibis::domain::order_status::{OrderEvent, OrderStatus};
use ibis::domain::record::{Projection, Record};
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::invariant;
use ibis::store::writer::Entry;

use super::bug::Bug;
use super::shell::{Agent, Command};

impl Agent {
    pub(super) fn take_reports(&mut self) {
        while let Some(report) = self.tracker.next_report() {
            match &report.kind {
                ReportKind::Fill(_) => self.deliver_fill(report),
                _ => self.deliver(report),
            }
        }
    }

    /// A fill on its way to the engine, where planted bugs lie in wait.
    fn deliver_fill(&mut self, mut report: ExecutionReport) {
        let ReportKind::Fill(execution) = &mut report.kind else { return };
        execution.venue_sequence += self.doubled;
        match self.bug {
            Bug::DropsFees => execution.fee = Decimal::ZERO,
            Bug::BooksTwice => {
                self.deliver(report.clone());
                self.doubled += 1;
                if let ReportKind::Fill(execution) = &mut report.kind {
                    execution.venue_sequence += 1;
                }
            }
            _ => {}
        }
        self.deliver(report);
    }

    pub(super) fn deliver(&mut self, report: ExecutionReport) {
        if self.verbose {
            self.told.push(format!("report {report:?}"));
        }
        let known = self.orders.get_mut(&report.client_order_id);
        if let Some((status, remaining)) = known {
            let event = match &report.kind {
                ReportKind::Accepted { .. } => OrderEvent::Accepted,
                ReportKind::Rejected(_) => OrderEvent::Rejected,
                ReportKind::Canceled(_) => OrderEvent::Canceled,
                ReportKind::Expired => OrderEvent::Expired,
                ReportKind::CancelRejected(_) => OrderEvent::CancelRejected,
                ReportKind::AnswerLost => OrderEvent::AnswerLost,
                ReportKind::Fill(fill) => {
                    let instrument = &self.instruments[fill.instrument.index()];
                    *remaining -= instrument.quantity_of(fill.quantity);
                    let whole = !remaining.is_positive();
                    if whole { OrderEvent::Filled } else { OrderEvent::PartFilled }
                }
            };
            *self.coverage.pairs.entry((*status, event)).or_default() += 1;
        }
        self.step(&Event::Report(report));
    }

    pub(super) fn step(&mut self, event: &Event) {
        self.engine.step(event, self.now, &mut self.actions);
        if !self.actions.is_empty() {
            let actions = std::mem::take(&mut self.actions);
            self.perform(actions);
        }
    }

    /// Does what the engine wants: everything waits for the disk.
    pub fn perform(&mut self, actions: Vec<Action>) {
        for violation in invariant::check(&self.engine) {
            self.wrong.push(violation.to_string());
        }
        for action in actions {
            if self.verbose {
                self.told.push(format!("engine {action:?}"));
            }
            match action {
                Action::Record(fact) => {
                    self.note_record(&fact.record);
                    self.entries.push(Entry::Fact(fact));
                }
                Action::Project(projection) => {
                    if let Projection::Order(order) = &projection {
                        self.note_status(order.client_order_id, order.status);
                    }
                    self.entries.push(Entry::Projection(projection));
                }
                Action::Submit(order) => {
                    self.judge(order.get());
                    self.outgoing.push(Command::Submit(order));
                }
                Action::Cancel(id) => self.outgoing.push(Command::Cancel(id)),
                Action::CancelAll => self.wrong.push("the kill switch was set".to_owned()),
            }
        }
    }

    fn note_record(&mut self, record: &Record) {
        match record {
            Record::Intent(intent) => {
                self.coverage.intents += 1;
                let sent = (OrderStatus::Created, OrderEvent::Sent);
                *self.coverage.pairs.entry(sent).or_default() += 1;
                let order = (OrderStatus::Submitted, intent.quantity);
                self.orders.insert(intent.client_order_id, order);
            }
            Record::Order(order) => self.note_status(order.client_order_id, order.status),
            Record::Fill(_) => self.coverage.fills += 1,
            _ => {}
        }
    }

    fn note_status(&mut self, id: ClientOrderId, after: OrderStatus) {
        let Some((status, _)) = self.orders.get_mut(&id) else { return };
        let before = std::mem::replace(status, after);
        if after.is_terminal() && !before.is_terminal() {
            self.ended.push(id);
        }
        if after == OrderStatus::PendingCancel && before != after {
            let pair = (before, OrderEvent::CancelSent);
            *self.coverage.pairs.entry(pair).or_default() += 1;
        }
    }

    /// Whether an order may be sent at all, by what is known here.
    fn judge(&mut self, order: &NewOrder) {
        let instrument = order.instrument();
        let level = self.engine.holds().level_for(self.instruments[instrument.index()].symbol());
        let permitted = match level {
            Level::Running | Level::Degraded => true,
            Level::SoftPause => order.purpose().is_exit(),
            Level::HardStop => order.purpose().is_exit() && order.purpose() != Purpose::SignalExit,
            Level::KillSwitch => false,
        };
        if !permitted {
            self.wrong.push(format!("{} sent under {level}", order.client_order_id()));
        }
        if self.tracker.is_unresolved(instrument) {
            let id = order.client_order_id();
            self.wrong.push(format!("{id} sent while another is unresolved"));
        }
    }
}
