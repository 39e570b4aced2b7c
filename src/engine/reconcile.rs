//! At a start: what the venue holds against what the ledger knows. The venue is the truth about
//! orders, fills and balances; the ledger about what was intended. Pure.
//!
//! 1. Fills since the cursor are booked, in the venue's order. A ledger that has never seen an account
//!    adopts it as it stands: balances as deposits of unknown basis, earlier fills not at all.
//! 2. Every open intent is settled by the venue's word: at work, over, or never arrived.
//! 3. Orders at the venue that no intent explains are canceled if they carry our name, named if not.
//! 4. Balances and the fill counter are compared; any difference is named, and holds entries until a
//!    person looks.

use std::collections::BTreeMap;

use super::Engine;
use super::action::Action;
use super::desk::Desk;
use super::working_order::WorkingOrder;
use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::execution::{Execution, ExecutionReport, ReportKind, VenueReason};
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::identifier::{Asset, ClientOrderId, InstrumentId, VenueOrderId};
use crate::domain::order_status::OrderStatus;
use crate::domain::position::{Basis, Lot, Position};
use crate::domain::record::{Projection, Record, TransferRecord};
use crate::domain::time::Timestamp;

/// What the venue says about one order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct VenueOrderView {
    /// The name we gave it.
    pub client_order_id: ClientOrderId,
    /// The venue's name.
    pub venue_order_id: VenueOrderId,
    /// At work, or how it ended.
    pub status: OrderStatus,
}

/// What the venue says about the account, all at one instant.
#[derive(Clone, PartialEq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct VenueSnapshot {
    /// Every order at work.
    pub open_orders: Vec<VenueOrderView>,
    /// The orders behind our open intents that are over.
    pub ended_orders: Vec<VenueOrderView>,
    /// Fills after the cursor, in the venue's order.
    pub executions: Vec<Execution>,
    /// The account's fill counter: the newest fill there is.
    pub venue_sequence: u64,
    /// By asset.
    pub balances: BTreeMap<Asset, Balance>,
}

/// A difference that no rule explains.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// A word for it.
    pub name: &'static str,
    /// An asset or an order.
    pub subject: String,
    /// The ledger's side.
    pub ledger: String,
    /// The venue's side.
    pub venue: String,
}

/// What the ledger knew, as domain words.
#[derive(Clone, PartialEq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Known {
    /// Desk by desk: index, position, highest bid, totals (bought, sold, transferred).
    pub positions: Vec<KnownPosition>,
    /// By asset.
    pub balances: BTreeMap<Asset, Balance>,
    /// Intents without an end.
    pub orders: Vec<WorkingOrder>,
    /// Active holds.
    pub holds: Vec<Hold>,
    /// All fills up to this venue sequence are in.
    pub venue_cursor: u64,
}

/// A position as the ledger knew it.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct KnownPosition {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Its lots.
    pub position: Position,
    /// Highest bid seen since the entry.
    pub high_price: Option<Decimal>,
    /// All buys ever.
    pub bought: Decimal,
    /// All sells ever.
    pub sold: Decimal,
    /// Declared transfers.
    pub transferred: Decimal,
}

impl Engine {
    /// Takes the ledger's state in, before anything else. Nothing is permitted until reconciled.
    pub fn restore(&mut self, known: Known, now: Timestamp, actions: &mut Vec<Action>) {
        self.begin(now);
        self.balances = known.balances;
        self.cursor = known.venue_cursor;
        for row in known.positions {
            let strategy = &self.settings.strategy;
            let Some(desk) = self.desks.get_mut(row.instrument.index()) else { continue };
            let high = row.high_price.and_then(|price| desk.instrument.price_floor(price).ok());
            restore_desk(desk, row);
            desk.replan(strategy);
            if let (Some(plan), Some(high)) = (desk.plan, high) {
                desk.plan = Some(plan.with_high(strategy, high));
            }
        }
        for order in known.orders {
            self.open.insert(order.client_order_id, order.instrument);
            if let Some(desk) = self.desks.get_mut(order.instrument.index()) {
                desk.order = Some(order);
            }
        }
        self.holds = crate::risk::hold_book::HoldBook::new(known.holds);
        self.set_hold(
            Hold {
                scope: None,
                code: HoldCode::Startup,
                level: Level::SoftPause,
                reason: "not reconciled with the venue yet".to_owned(),
                set_at: self.now,
                until: None,
            },
            actions,
        );
        let of_process = |hold: &&Hold| hold.code.is_of_process();
        let dead: Vec<_> =
            self.holds.iter().filter(of_process).map(|hold| (hold.scope, hold.code)).collect();
        for (scope, code) in dead {
            self.clear_hold(scope, code, actions);
        }
    }

    /// Compares with the venue, books what it says, and returns what no rule explains.
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
        let mut differences = self.unexplained_orders(snapshot, actions);
        differences.extend(self.lost_fills(snapshot));
        differences.extend(self.balance_differences(&snapshot.balances));
        if differences.is_empty() {
            self.clear_hold(None, HoldCode::ReconcileMismatch, actions);
        } else {
            self.hold_for(&differences, actions);
        }
        self.clear_hold(None, HoldCode::Startup, actions);
        differences
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
        self.adopt_deposits(&snapshot.balances, actions);
    }

    /// The venue counts fewer fills than were booked: another account, or one that lost its history.
    /// Its next fills would be taken for old ones.
    fn lost_fills(&self, snapshot: &VenueSnapshot) -> Option<Difference> {
        (snapshot.venue_sequence < self.cursor).then(|| Difference {
            name: "venue_fill_counter",
            subject: "account".to_owned(),
            ledger: self.cursor.to_string(),
            venue: snapshot.venue_sequence.to_string(),
        })
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
                let kind = ReportKind::CancelRejected(never_arrived());
                self.on_report(&report(id, self.now, kind), actions);
            }
            let kind = match at_work.or_else(|| find(&snapshot.ended_orders)) {
                None => ReportKind::Canceled(Some(never_arrived())),
                Some(view) => kind_of(&view),
            };
            self.on_report(&report(id, self.now, kind), actions);
        }
    }

    fn is_pending_cancel(&self, id: &ClientOrderId) -> bool {
        self.open_orders()
            .any(|order| order.client_order_id == *id && order.status == OrderStatus::PendingCancel)
    }

    fn unexplained_orders(
        &mut self,
        snapshot: &VenueSnapshot,
        actions: &mut Vec<Action>,
    ) -> Vec<Difference> {
        let ours = format!("{}-", self.settings.instance);
        let mut differences = Vec::new();
        for view in &snapshot.open_orders {
            let id = view.client_order_id;
            if self.open.contains_key(&id) {
                continue;
            }
            if id.as_str().starts_with(&ours) {
                let detail = "at work at the venue without an intent; canceled".to_owned();
                self.surprise("order_without_intent", id.as_str(), detail, actions);
                actions.push(Action::Cancel(id));
            } else {
                differences.push(Difference {
                    name: "foreign_order",
                    subject: id.to_string(),
                    ledger: "unknown".to_owned(),
                    venue: view.status.to_string(),
                });
            }
        }
        differences
    }

    /// What is there was deposited, at a basis nobody knows.
    fn adopt_deposits(&mut self, venue: &BTreeMap<Asset, Balance>, actions: &mut Vec<Action>) {
        for (asset, balance) in venue {
            if balance.total().is_zero() {
                continue;
            }
            self.balances
                .insert(*asset, Balance::new(balance.total(), Decimal::ZERO).unwrap_or_default());
            let transfer = TransferRecord {
                asset: *asset,
                amount: balance.total(),
                kind: "deposit".to_owned(),
                reason: "held by the account at the first start".to_owned(),
            };
            self.record(Record::Transfer(transfer), actions);
            self.project_balance(*asset, actions);
            self.adopt_lot(*asset, balance.total(), actions);
        }
    }

    fn adopt_lot(&mut self, asset: Asset, quantity: Decimal, actions: &mut Vec<Action>) {
        let opened_at = self.now;
        let Some(desk) = self.desks.iter_mut().find(|desk| desk.instrument.base() == asset) else {
            return;
        };
        desk.transferred += quantity;
        let (cost, fee, basis) = (Decimal::ZERO, Decimal::ZERO, Basis::Unknown);
        desk.position.acquire(Lot { quantity, cost, fee, basis, opened_at });
        let row = desk.row();
        actions.push(Action::Project(Projection::Position(row)));
    }

    fn balance_differences(&self, venue: &BTreeMap<Asset, Balance>) -> Vec<Difference> {
        let assets: std::collections::BTreeSet<Asset> =
            self.balances.keys().chain(venue.keys()).copied().collect();
        let mut differences = Vec::new();
        for asset in assets {
            let ours = self.balances.get(&asset).copied().unwrap_or_default();
            let theirs = venue.get(&asset).copied().unwrap_or_default();
            for (name, ledger, venue) in [
                ("balance_total", ours.total(), theirs.total()),
                ("balance_hold", ours.hold(), theirs.hold()),
            ] {
                if ledger != venue {
                    differences.push(Difference {
                        name,
                        subject: asset.to_string(),
                        ledger: ledger.to_string(),
                        venue: venue.to_string(),
                    });
                }
            }
        }
        differences
    }

    fn hold_for(&mut self, differences: &[Difference], actions: &mut Vec<Action>) {
        for difference in differences {
            let Difference { name, subject, ledger, venue } = difference;
            self.surprise(name, subject, format!("ledger {ledger}, venue {venue}"), actions);
        }
        let reason = format!(
            "{} differences between ledger and venue; see ibis exec-integrity",
            differences.len()
        );
        let hold = Hold {
            scope: None,
            code: HoldCode::ReconcileMismatch,
            level: Level::SoftPause,
            reason,
            set_at: self.now,
            until: None,
        };
        self.set_hold(hold, actions);
    }
}

fn restore_desk(desk: &mut Desk, row: KnownPosition) {
    desk.position = row.position;
    desk.bought = row.bought;
    desk.sold = row.sold;
    desk.transferred = row.transferred;
    desk.plan = None;
}

fn report(client_order_id: ClientOrderId, at: Timestamp, kind: ReportKind) -> ExecutionReport {
    ExecutionReport { client_order_id, at, kind }
}

fn never_arrived() -> VenueReason {
    VenueReason { code: 0, text: "never reached the venue".into() }
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
