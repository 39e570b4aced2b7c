//! What the ledger knew, taken in by a new engine before anything else.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::identifier::{Asset, InstrumentId};
use crate::domain::position::Position;
use crate::domain::record::DayRow;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::engine::action::Action;
use crate::engine::desk::Desk;
use crate::engine::working_order::WorkingOrder;
use crate::risk::guard::protection::ClosedTrade;
use crate::risk::hold_book::HoldBook;

/// What the ledger knew, as domain words.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
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
    /// Ids of the venue's movements that are booked.
    pub movements: BTreeSet<String>,
    /// The last sign of life of the run before; none for a new ledger.
    pub last_at: Option<Timestamp>,
    /// What the day's figures are compared with.
    #[serde(default)]
    pub day: Option<DayRow>,
    /// Trades closed within the protections' lookbacks.
    #[serde(default)]
    pub trades: Vec<ClosedTrade>,
}

/// A position as the ledger knew it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
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
        self.watch.movements = known.movements;
        self.watch.agreed_at = known.last_at;
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
        self.guards.restore(known.day, known.trades);
        self.holds = HoldBook::new(known.holds);
        self.set_hold(
            Hold {
                scope: None,
                code: HoldCode::Startup,
                level: Level::SoftPause,
                reason: "not reconciled yet, or a position waits for its first price".to_owned(),
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
}

fn restore_desk(desk: &mut Desk, row: KnownPosition) {
    desk.position = row.position;
    desk.bought = row.bought;
    desk.sold = row.sold;
    desk.transferred = row.transferred;
    // What was sold beyond the lots there were, while its transfer was not declared yet.
    desk.short = desk.position.quantity() - (desk.bought - desk.sold + desk.transferred);
    desk.plan = None;
}
