//! The first comparison of a run. Nothing is permitted before it.
//!
//! 1. Fills since the cursor are booked, in the venue's order. A ledger that has never seen an account
//!    adopts it as it stands: balances as deposits of unknown basis, earlier fills not at all.
//! 2. Every open intent is settled by the venue's word: at work, over, or never arrived.
//! 3. Orders and balances are compared; each difference is done by as its rule says.
//! 4. Exits come first: entries wait until every position that has a plan was judged at a price of now,
//!    so that an overdue stop is acted on before anything else.

use std::collections::BTreeSet;

use super::{Difference, VenueOrderView, VenueSnapshot};
use crate::domain::execution::{ExecutionReport, ReportKind, VenueReason};
use crate::domain::hold::HoldCode;
use crate::domain::identifier::{ClientOrderId, InstrumentId};
use crate::domain::order_status::OrderStatus;
use crate::domain::record::Projection;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::engine::action::Action;

impl Engine {
    /// Compares with the venue, books what it says, and returns what no rule resolves.
    pub fn reconcile(
        &mut self,
        snapshot: &VenueSnapshot,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) -> Vec<Difference> {
        self.begin(now);
        if self.knows_nothing() {
            self.adopt_account(snapshot, actions);
        } else {
            for execution in &snapshot.executions {
                let kind = ReportKind::Fill(*execution);
                self.on_report(&report(execution.client_order_id, now, kind), actions);
            }
        }
        self.settle_intents(snapshot, actions);
        let found = self.compare(snapshot, &BTreeSet::new());
        let held = self.resolve(found, None, snapshot, actions);
        self.net_shorts(&BTreeSet::new(), &held, actions);
        if held.is_empty() {
            self.watch.agreed_at = Some(self.now);
        }
        self.watch.pending.clone_from(&held);
        self.hold_for(&held, actions);
        self.verify_kill((now, snapshot.open_orders.len()), actions);
        self.await_first_prices(actions);
        held
    }

    /// True for a ledger that has never seen an account.
    fn knows_nothing(&self) -> bool {
        self.cursor == 0
            && self.open.is_empty()
            && self.balances.values().all(|balance| balance.total().is_zero())
    }

    /// The first start on an account: what is there counts from here on, whatever led to it.
    fn adopt_account(&mut self, snapshot: &VenueSnapshot, actions: &mut Vec<Action>) {
        self.cursor = snapshot.venue_sequence;
        actions.push(Action::Project(Projection::VenueCursor(self.cursor)));
        for (asset, balance) in &snapshot.balances {
            if !balance.total().is_zero() {
                let why = ("deposit", "held by the account at the first start".to_owned());
                self.transfer(*asset, balance.total(), why, None, actions);
            }
        }
    }

    fn settle_intents(&mut self, snapshot: &VenueSnapshot, actions: &mut Vec<Action>) {
        let open: Vec<ClientOrderId> = self.open.keys().copied().collect();
        for id in open {
            let find = |views: &[VenueOrderView]| {
                views.iter().find(|view| view.client_order_id == id).copied()
            };
            let at_work = find(&snapshot.open_orders);
            if at_work.is_some() && self.is_pending_cancel(&id) {
                // The cancel died with the process that sent it.
                let reason = VenueReason { code: 0, text: "the agent was restarted".into() };
                let kind = ReportKind::CancelRejected(reason);
                self.on_report(&report(id, self.now, kind), actions);
            }
            let view = at_work.or_else(|| find(&snapshot.ended_orders));
            let kind = match view {
                None => ReportKind::Canceled(Some(self.not_found(&id, snapshot))),
                Some(view) => kind_of(&view),
            };
            self.on_report(&report(id, self.now, kind), actions);
            let filled = view.is_some_and(|view| view.status == OrderStatus::Filled);
            if filled && self.open.contains_key(&id) {
                let kind = ReportKind::Canceled(Some(beyond_memory("filled, by fills")));
                self.on_report(&report(id, self.now, kind), actions);
            }
        }
    }

    /// Why an order that the venue does not know is over.
    fn not_found(&self, id: &ClientOrderId, snapshot: &VenueSnapshot) -> VenueReason {
        let old = |created_at| created_at < snapshot.history_from;
        let order = self.open_orders().find(|order| order.client_order_id == *id);
        match order.is_some_and(|order| old(order.created_at)) {
            true => beyond_memory("unknown:"),
            false => VenueReason { code: 0, text: "never reached the venue".into() },
        }
    }

    fn is_pending_cancel(&self, id: &ClientOrderId) -> bool {
        self.open_orders()
            .any(|order| order.client_order_id == *id && order.status == OrderStatus::PendingCancel)
    }

    /// From here on exits may go; entries once every plan was judged.
    fn await_first_prices(&mut self, actions: &mut Vec<Action>) {
        let planned = self.desks.iter().zip(0u16..).filter(|(desk, _)| desk.plan.is_some());
        self.unjudged = planned.map(|(_, id)| InstrumentId(id)).collect();
        if self.unjudged.is_empty() {
            self.clear_hold(None, HoldCode::Startup, actions);
        }
    }

    /// A position's plan was judged at a price of now, or cannot be: its instrument does not trade.
    pub(in crate::engine) fn judged(&mut self, id: InstrumentId, actions: &mut Vec<Action>) {
        if self.unjudged.remove(&id) && self.unjudged.is_empty() {
            self.clear_hold(None, HoldCode::Startup, actions);
        }
    }
}

fn report(client_order_id: ClientOrderId, at: Timestamp, kind: ReportKind) -> ExecutionReport {
    ExecutionReport { client_order_id, at, kind }
}

fn beyond_memory(what: &str) -> VenueReason {
    VenueReason { code: 0, text: format!("{what} older than what the venue remembers").into() }
}

fn kind_of(view: &VenueOrderView) -> ReportKind {
    match view.status {
        OrderStatus::Canceled => ReportKind::Canceled(None),
        OrderStatus::Expired => ReportKind::Expired,
        OrderStatus::Rejected => ReportKind::Rejected(VenueReason {
            code: 0,
            text: "refused while the agent was away".into(),
        }),
        OrderStatus::Created
        | OrderStatus::Submitted
        | OrderStatus::Unresolved
        | OrderStatus::New
        | OrderStatus::PartiallyFilled
        | OrderStatus::PendingCancel
        | OrderStatus::Filled => ReportKind::Accepted { venue_order_id: view.venue_order_id },
    }
}
