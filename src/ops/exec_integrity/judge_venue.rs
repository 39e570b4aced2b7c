//! The ledger against the venue's account: orders both ways, fills both ways, balances.
//!
//! The venue was read last, so it may be ahead. Its fills beyond the ledger's cursor are taken into
//! account exactly; an order that changed within the grace is in flight and no difference. With no
//! agent running nothing is in flight: what differs then waits for the next start.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::difference::{Difference, Repair};
use super::snapshot::{Snapshot, VenueExecution, VenueOrder, VenueSnapshot};
use crate::domain::balance::Balance;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::identifier::{Asset, ClientOrderId};
use crate::domain::order_status::OrderStatus;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::engine::reconcile::{DifferenceKind, Policy, Rule};
use crate::ops::age::Age;
use crate::ops::report::Severity;
use crate::store::load::OpenOrder;

/// What the comparison goes by: the names of differences and their rules are the agent's own.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// Orders and fills younger than this may still differ while the agent runs.
    pub grace: Duration,
    /// What the operator decided.
    pub policy: Policy,
    /// Instruments that are traded here, held ones aside.
    pub symbols: &'a [Symbol],
    /// What our client order ids begin with.
    pub prefix: &'a str,
}

/// Every difference between the ledger and the venue's account.
pub fn judge(snapshot: &Snapshot, venue: &VenueSnapshot, rules: Rules<'_>) -> Vec<Difference> {
    let comparison = Comparison { snapshot, venue, rules };
    let pending = comparison.pending();
    let mut found = comparison.fills(&pending);
    found.extend(comparison.orders_at_venue());
    found.extend(comparison.orders_in_ledger(&pending));
    found.extend(comparison.balances(&pending));
    found.extend(comparison.counter());
    found
}

struct Comparison<'a> {
    snapshot: &'a Snapshot,
    venue: &'a VenueSnapshot,
    rules: Rules<'a>,
}

impl Comparison<'_> {
    /// True where something that happened at `at` may not have arrived yet.
    fn in_flight(&self, at: Timestamp) -> bool {
        self.snapshot.running && !Age::of(at, self.snapshot.engine_at).reaches(self.rules.grace)
    }

    /// A difference that the agent settles when it reconciles: critical while it runs and has not.
    fn unsettled(
        &self,
        name: &'static str,
        subject: impl ToString,
        values: (impl ToString, impl ToString),
    ) -> Difference {
        let severity = if self.snapshot.running { Severity::Critical } else { Severity::Degraded };
        Difference::new(name, severity, subject, values, Repair::Agent)
    }

    /// Fills at the venue that the ledger does not have.
    fn pending(&self) -> Vec<&VenueExecution> {
        let cursor = self.snapshot.ledger.state.venue_cursor;
        let booked: BTreeSet<u64> = (self.snapshot.ledger.recent_fills.iter())
            .map(|fill| fill.venue_sequence)
            .filter(|sequence| *sequence > cursor)
            .collect();
        let beyond = |execution: &&VenueExecution| {
            execution.venue_sequence > cursor && !booked.contains(&execution.venue_sequence)
        };
        self.venue.executions.iter().filter(beyond).collect()
    }

    fn fills(&self, pending: &[&VenueExecution]) -> Vec<Difference> {
        let mut found: Vec<Difference> = pending
            .iter()
            .filter(|execution| !self.in_flight(execution.at))
            .map(|execution| {
                let values = ("none", execution.quantity);
                self.unsettled("fill_missing_in_ledger", execution.execution_id, values)
            })
            .collect();
        let at_venue: BTreeMap<u64, &VenueExecution> =
            self.venue.executions.iter().map(|it| (it.venue_sequence, it)).collect();
        let Some(first) = at_venue.keys().next().copied() else { return found };
        for fill in &self.snapshot.ledger.recent_fills {
            if fill.venue_sequence < first || self.venue.unlisted.contains(&fill.symbol) {
                continue;
            }
            let other = at_venue.get(&fill.venue_sequence);
            if other.is_some_and(|it| {
                (it.execution_id, it.client_order_id, it.symbol, it.quantity)
                    == (fill.execution_id, fill.client_order_id, fill.symbol, fill.quantity)
            }) {
                continue;
            }
            let name = match other {
                Some(_) => "fill_differs",
                None => "fill_unknown_to_venue",
            };
            let theirs = other.map_or_else(|| "none".to_owned(), |it| it.quantity.to_string());
            let values = (fill.quantity, theirs);
            let (severity, repair) = (Severity::Critical, Repair::Person);
            found.push(Difference::new(name, severity, fill.execution_id, values, repair));
        }
        found
    }

    /// The venue has counted every fill that was booked: else it is another account.
    fn counter(&self) -> Option<Difference> {
        let (ours, theirs) = (self.snapshot.ledger.state.venue_cursor, self.venue.last_sequence);
        let name = DifferenceKind::VenueFillCounter.as_str();
        let (severity, repair) = (Severity::Critical, Repair::Person);
        (theirs < ours).then(|| Difference::new(name, severity, "account", (ours, theirs), repair))
    }

    /// Each order that works at the venue is open in the ledger, on the same terms.
    fn orders_at_venue(&self) -> Vec<Difference> {
        let ours = self.ours();
        let mut found = Vec::new();
        for theirs in &self.venue.open_orders {
            let id = theirs.client_order_id;
            let Some(open) = ours.get(&id) else {
                if !self.in_flight(theirs.at) && !self.ended_lately(id) {
                    found.extend(self.stray(theirs));
                }
                continue;
            };
            if terms(open) != their_terms(theirs) {
                let values = (terms(open), their_terms(theirs));
                let (severity, repair) = (Severity::Critical, Repair::Person);
                found.push(Difference::new("order_terms_differ", severity, id, values, repair));
            }
        }
        found
    }

    /// An order that works at the venue and is not open here: the agent cancels those of our name, and
    /// leaves somebody else's alone.
    fn stray(&self, order: &VenueOrder) -> Option<Difference> {
        let id = order.client_order_id;
        let left = order.quantity - order.filled;
        if id.as_str().starts_with(self.rules.prefix) {
            let (kind, ours) = match self.snapshot.ledger.ended.contains(&id) {
                true => (DifferenceKind::EndedOrderAtWork, "over"),
                false => (DifferenceKind::OrderWithoutIntent, "no intent"),
            };
            return Some(self.unsettled(kind.as_str(), id, (ours, left)));
        }
        let kind = DifferenceKind::ForeignOrder;
        let counts = self.is_traded(order.symbol) && kind.rule(&self.rules.policy) == Rule::Hold;
        let values = (format!("unknown; no entries in {}", order.symbol), left);
        counts
            .then(|| Difference::new(kind.as_str(), Severity::Degraded, id, values, Repair::Person))
    }

    fn is_traded(&self, symbol: Symbol) -> bool {
        let held = self.snapshot.ledger.state.positions.iter().map(|row| row.symbol);
        self.rules.symbols.iter().copied().chain(held).any(|traded| traded == symbol)
    }

    fn ours(&self) -> BTreeMap<ClientOrderId, &OpenOrder> {
        let open = &self.snapshot.ledger.state.open_orders;
        open.iter().map(|open| (open.intent.client_order_id, open)).collect()
    }

    /// True where the ledger booked a fill of the order within the grace: the order may have ended
    /// between the two reads.
    fn ended_lately(&self, id: ClientOrderId) -> bool {
        let recent = self.snapshot.ledger.recent_fills.iter().rev();
        recent.take_while(|fill| self.in_flight(fill.at)).any(|fill| fill.client_order_id == id)
    }

    /// Each order that should work at the venue does, with the same quantity filled.
    fn orders_in_ledger(&self, pending: &[&VenueExecution]) -> Vec<Difference> {
        let theirs: BTreeMap<ClientOrderId, &VenueOrder> =
            self.venue.open_orders.iter().map(|order| (order.client_order_id, order)).collect();
        let mut found = Vec::new();
        for open in &self.snapshot.ledger.state.open_orders {
            let id = open.intent.client_order_id;
            let changed_at = self.snapshot.ledger.changed_at.get(&id).copied();
            if self.in_flight(changed_at.unwrap_or(open.created_at)) {
                continue;
            }
            let of_order = pending.iter().filter(|execution| execution.client_order_id == id);
            let late: Decimal = of_order.map(|execution| execution.quantity).sum();
            let filled = open.order.as_ref().map_or(Decimal::ZERO, |order| order.filled);
            let status = open.order.as_ref().map_or(OrderStatus::Created, |order| order.status);
            match theirs.get(&id) {
                Some(order) if order.filled != filled + late => {
                    let values = (filled + late, order.filled);
                    found.push(self.unsettled("order_filled_differs", id, values));
                }
                Some(_) => {}
                // Its last fill is on its way: the fill itself is judged.
                None if late.is_positive() => {}
                None if is_working(status) => {
                    found.push(self.unsettled("order_missing_at_venue", id, (status, "not open")));
                }
                None => found.push(self.unsettled("order_unresolved", id, (status, "not open"))),
            }
        }
        found
    }

    /// The ledger's balances plus the fills it does not have yet are the venue's, to the last digit.
    fn balances(&self, pending: &[&VenueExecution]) -> Vec<Difference> {
        let mut late: BTreeMap<Asset, Decimal> = BTreeMap::new();
        for execution in pending {
            let (base, quote) = (execution.symbol.base(), execution.symbol.quote());
            let sign = |amount: Decimal| match execution.side {
                Side::Buy => amount,
                Side::Sell => -amount,
            };
            *late.entry(base).or_default() += sign(execution.quantity);
            *late.entry(quote).or_default() -= sign(execution.notional);
            *late.entry(execution.fee_asset).or_default() -= execution.fee;
        }
        let ours = &self.snapshot.ledger.state.balances;
        let assets: BTreeSet<&Asset> = ours.keys().chain(self.venue.balances.keys()).collect();
        let mut found = Vec::new();
        for asset in assets {
            let ours = ours.get(asset).copied().unwrap_or_default();
            let theirs = self.venue.balances.get(asset).copied().unwrap_or_default();
            let expected = ours.total() + late.get(asset).copied().unwrap_or_default();
            if expected != theirs.total() {
                found.push(self.total_difference(*asset, expected, theirs.total()));
            }
            let settled = !self.is_moving(*asset, pending);
            if ours.hold() != theirs.hold() && settled && !self.is_foreign(*asset, ours, theirs) {
                let name = DifferenceKind::BalanceHold.as_str();
                let values = (ours.hold(), theirs.hold());
                let (severity, repair) = (Severity::Degraded, Repair::Agent);
                found.push(Difference::new(name, severity, asset, values, repair));
            }
        }
        found
    }

    /// How bad it is that a total differs: what the agent takes over by itself waits for its next look.
    fn total_difference(&self, asset: Asset, ours: Decimal, theirs: Decimal) -> Difference {
        let kind = self.kind_of_total(asset, theirs - ours);
        let (severity, repair) = match kind.rule(&self.rules.policy) {
            _ if kind == DifferenceKind::Dust => (Severity::Ok, Repair::Agent),
            Rule::Adopt => (Severity::Degraded, Repair::Agent),
            Rule::Hold | Rule::Cancel | Rule::Ignore => (Severity::Critical, Repair::Person),
        };
        Difference::new(kind.as_str(), severity, asset, (ours, theirs), repair)
    }

    fn kind_of_total(&self, asset: Asset, amount: Decimal) -> DifferenceKind {
        let mut sum = Decimal::ZERO;
        let movements = self.venue.movements.iter().filter(|(moved, _)| *moved == asset);
        let explained = movements.map(|(_, moved)| *moved).any(|moved| {
            sum += moved;
            sum == amount
        });
        if explained {
            return DifferenceKind::Movement;
        }
        let positions = &self.snapshot.ledger.state.positions;
        let traded: Vec<Symbol> = positions
            .iter()
            .map(|row| row.symbol)
            .chain(self.rules.symbols.iter().copied())
            .collect();
        let pays = traded.iter().any(|symbol| symbol.quote() == asset);
        if !pays && !traded.iter().any(|symbol| symbol.base() == asset) {
            return DifferenceKind::OtherAsset;
        }
        let priced = positions.iter().find(|row| row.symbol.base() == asset && !pays);
        let worth = priced.and_then(|row| row.mark_price);
        match worth.map(|price| amount.abs().mul(price, Round::Up)) {
            Some(worth) if worth < self.rules.policy.dust => DifferenceKind::Dust,
            _ => DifferenceKind::BalanceTotal,
        }
    }

    /// True where somebody else's orders put aside what the venue has more of it.
    fn is_foreign(&self, asset: Asset, ours: Balance, theirs: Balance) -> bool {
        let known = self.ours();
        let foreign = |order: &&VenueOrder| !known.contains_key(&order.client_order_id);
        theirs.hold() >= ours.hold()
            && (self.venue.open_orders.iter().filter(foreign))
                .any(|order| order.symbol.base() == asset || order.symbol.quote() == asset)
    }

    /// True where an order or fill in flight may be changing what is held of `asset`.
    fn is_moving(&self, asset: Asset, pending: &[&VenueExecution]) -> bool {
        let touches = |symbol: Symbol| symbol.base() == asset || symbol.quote() == asset;
        let ledger = &self.snapshot.ledger;
        pending.iter().any(|execution| touches(execution.symbol))
            || ledger.state.open_orders.iter().any(|open| {
                let changed_at = ledger.changed_at.get(&open.intent.client_order_id).copied();
                touches(open.intent.symbol) && self.in_flight(changed_at.unwrap_or(open.created_at))
            })
            || self
                .venue
                .open_orders
                .iter()
                .any(|order| touches(order.symbol) && self.in_flight(order.at))
            || ledger
                .recent_fills
                .iter()
                .rev()
                .any(|fill| touches(fill.symbol) && self.in_flight(fill.at))
    }
}

const fn is_working(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::New | OrderStatus::PartiallyFilled | OrderStatus::PendingCancel)
}

fn terms(open: &OpenOrder) -> String {
    let intent = &open.intent;
    terms_text(intent.symbol.as_str(), intent.side, intent.quantity, intent.price)
}

fn their_terms(order: &VenueOrder) -> String {
    terms_text(order.symbol.as_str(), order.side, order.quantity, order.price)
}

fn terms_text(symbol: &str, side: Side, quantity: Decimal, price: Option<Decimal>) -> String {
    let price = price.map_or_else(|| "market".to_owned(), |price| price.to_string());
    format!("{symbol} {side} {quantity} at {price}")
}
