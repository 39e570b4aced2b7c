//! The ledger's books against the venue's, whole: what must be true of every order, fill, lot and unit,
//! however often either side was interrupted. Pure, over a plain view of both sides.
//!
//! [`Extent::Moving`] judges two sides between which words are still under way: what may never be so.
//! [`Extent::Settled`] judges them once nothing is: they are equal to the last unit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use super::invariant::Violation;
use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::{Asset, ClientOrderId, ExecutionId, VenueOrderId};
use crate::domain::order_status::OrderStatus;
use crate::domain::position::{Basis, Lot, Position};
use crate::domain::record::{FillRecord, IntentRecord, OrderRecord, PositionRow, TransferRecord};
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

/// Something that moved the account, as the ledger has it.
#[derive(Clone, PartialEq, Debug)]
pub enum Movement {
    /// A fill.
    Fill(Box<FillRecord>),
    /// A declared transfer.
    Transfer(TransferRecord),
}

/// The ledger's side.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LedgerBooks {
    /// What the client order ids of this agent begin with.
    pub prefix: String,
    /// Everything that was ever intended.
    pub intents: BTreeMap<ClientOrderId, IntentRecord>,
    /// The last word about each.
    pub orders: BTreeMap<ClientOrderId, OrderRecord>,
    /// Every fill and transfer, in the order they were booked.
    pub movements: Vec<Movement>,
    /// Every instrument ever held.
    pub positions: Vec<PositionRow>,
    /// By asset.
    pub balances: BTreeMap<Asset, Balance>,
}

/// An order that the venue took.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VenueOrder {
    /// The client's name for it.
    pub client_order_id: ClientOrderId,
    /// The venue's.
    pub venue_order_id: VenueOrderId,
    /// Which instrument.
    pub symbol: Symbol,
    /// True while it works.
    pub open: bool,
}

/// A fill of the account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VenueFill {
    /// Which instrument.
    pub symbol: Symbol,
    /// Unique for the symbol.
    pub execution_id: ExecutionId,
    /// Its order.
    pub venue_order_id: VenueOrderId,
    /// Buy or sell.
    pub side: Side,
    /// In base units.
    pub quantity: Decimal,
    /// In quote units.
    pub notional: Decimal,
    /// What was charged ...
    pub fee: Decimal,
    /// ... in which asset.
    pub fee_asset: Asset,
}

/// The venue's side. Fills and orders from before the ledger's first event are not part of it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct VenueBooks {
    /// Every order the account placed, whoever did.
    pub orders: Vec<VenueOrder>,
    /// Every fill of the account.
    pub fills: Vec<VenueFill>,
    /// By asset.
    pub balances: BTreeMap<Asset, Balance>,
}

/// How far the two sides have to agree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// Words are under way.
    Moving,
    /// Nothing is under way.
    Settled,
}

/// Every way in which the books contradict each other or themselves; none means well.
pub fn audit(ledger: &LedgerBooks, venue: &VenueBooks, extent: Extent) -> Vec<Violation> {
    let mut audit = Audit { ledger, venue, violations: audit_ledger(ledger) };
    audit.orders();
    audit.fills(extent);
    if extent == Extent::Settled {
        audit.open_orders();
        audit.balances();
    }
    audit.violations
}

/// Every way in which the ledger contradicts itself: orders against their fills, positions and what was
/// realized against fills and transfers, balances against what came and went.
pub fn audit_ledger(ledger: &LedgerBooks) -> Vec<Violation> {
    let venue = &VenueBooks::default();
    let mut audit = Audit { ledger, venue, violations: Vec::new() };
    audit.totals();
    audit.lots();
    audit.flows();
    audit.violations
}

struct Audit<'a> {
    ledger: &'a LedgerBooks,
    venue: &'a VenueBooks,
    violations: Vec<Violation>,
}

impl Audit<'_> {
    fn broken(&mut self, invariant: &'static str, subject: impl Display, detail: String) {
        self.violations.push(Violation { invariant, subject: subject.to_string(), detail });
    }

    /// Each order with our name has its intent, no intent has two, and none is over here and works there.
    fn orders(&mut self) {
        let mut seen = BTreeMap::new();
        for order in &self.venue.orders {
            let id = order.client_order_id;
            if !id.as_str().starts_with(&self.ledger.prefix) {
                continue;
            }
            match self.ledger.intents.get(&id) {
                None => self.broken("order_has_an_intent", id, "no intent".to_owned()),
                Some(intent) if intent.symbol != order.symbol => {
                    let detail = format!("{} intended, {} sent", intent.symbol, order.symbol);
                    self.broken("order_has_an_intent", id, detail);
                }
                Some(_) => {}
            }
            if let Some(first) = seen.insert(id, order.venue_order_id) {
                let detail = format!("{first} and {}", order.venue_order_id);
                self.broken("an_intent_is_one_order", id, detail);
            }
            let status = self.ledger.orders.get(&id).map(|order| order.status);
            if order.open && status.is_some_and(OrderStatus::is_terminal) {
                let detail = "over in the ledger, open at the venue".to_owned();
                self.broken("an_end_is_an_end", id, detail);
            }
        }
    }

    /// Each fill of the venue is booked once, as it was; none is booked that never was.
    fn fills(&mut self, extent: Extent) {
        let theirs: BTreeMap<_, _> =
            self.venue.fills.iter().map(|fill| ((fill.symbol, fill.execution_id), fill)).collect();
        let mut booked = BTreeSet::new();
        for movement in &self.ledger.movements {
            let Movement::Fill(fill) = movement else { continue };
            let name = (fill.symbol, fill.execution_id);
            let subject = format!("{} {}", fill.symbol, fill.execution_id);
            if !booked.insert(name) {
                self.broken("a_fill_is_booked_once", &subject, "booked again".to_owned());
            }
            match theirs.get(&name) {
                None => self.broken("a_fill_is_the_venues", &subject, "unknown there".to_owned()),
                Some(theirs) if !is_same(fill, theirs) => {
                    let detail = format!("{fill:?}, there {theirs:?}");
                    self.broken("a_fill_is_the_venues", &subject, detail);
                }
                Some(_) => {}
            }
        }
        if extent == Extent::Settled {
            for (symbol, execution_id) in theirs.keys().filter(|name| !booked.contains(*name)) {
                let subject = format!("{symbol} {execution_id}");
                self.broken("a_fill_is_not_lost", subject, "not in the ledger".to_owned());
            }
        }
    }

    /// An order's total is that of its fills.
    fn totals(&mut self) {
        let mut filled: BTreeMap<ClientOrderId, Decimal> = BTreeMap::new();
        for movement in &self.ledger.movements {
            if let Movement::Fill(fill) = movement {
                *filled.entry(fill.client_order_id).or_default() += fill.quantity;
            }
        }
        for (id, order) in &self.ledger.orders {
            let fills = filled.get(id).copied().unwrap_or_default();
            if order.filled != fills {
                let detail = format!("order {}, fills {fills}", order.filled);
                self.broken("an_order_is_its_fills", id, detail);
            }
        }
    }

    /// Positions, their cost, and what was realized follow from fills and transfers, first in, first out.
    fn lots(&mut self) {
        let mut positions: BTreeMap<Symbol, Held> = BTreeMap::new();
        let symbols: Vec<Symbol> = self.ledger.positions.iter().map(|row| row.symbol).collect();
        for movement in &self.ledger.movements {
            match movement {
                Movement::Transfer(transfer) => {
                    let symbol = symbols.iter().find(|symbol| symbol.base() == transfer.asset);
                    let Some(symbol) = symbol else { continue };
                    transfer_lot(positions.entry(*symbol).or_default(), transfer.amount);
                }
                Movement::Fill(fill) => {
                    let held = positions.entry(fill.symbol).or_default();
                    if let Some(detail) = book(held, fill) {
                        self.broken("realized_stays", fill.execution_id, detail);
                    }
                }
            }
        }
        for row in &self.ledger.positions {
            let Held { position: expected, short } =
                positions.remove(&row.symbol).unwrap_or_default();
            let counted = row.bought - row.sold + row.transferred;
            let flow = expected.quantity() - short;
            let lot = |lot: &Lot| (lot.quantity, lot.cost, lot.fee, lot.basis);
            let (expected, found): (Vec<_>, Vec<_>) =
                (expected.lots().map(lot).collect(), row.lots.iter().map(lot).collect());
            if expected != found {
                let detail = format!("lots {found:?}, fills give {expected:?}");
                self.broken("a_position_is_its_fills", row.symbol, detail);
            } else if counted != flow {
                let detail = format!("counted {counted}, fills give {flow}");
                self.broken("a_position_is_its_fills", row.symbol, detail);
            }
        }
        for (symbol, held) in positions.iter().filter(|(_, held)| !held.position.is_flat()) {
            let detail = format!("no row, fills give {}", held.position.quantity());
            self.broken("a_position_is_its_fills", symbol, detail);
        }
    }

    /// A balance is what came less what went.
    fn flows(&mut self) {
        let mut flows: BTreeMap<Asset, Decimal> = BTreeMap::new();
        for movement in &self.ledger.movements {
            match movement {
                Movement::Transfer(transfer) => {
                    *flows.entry(transfer.asset).or_default() += transfer.amount;
                }
                Movement::Fill(fill) => {
                    let sign = if fill.side == Side::Buy { Decimal::ONE } else { -Decimal::ONE };
                    let (base, quote) = (fill.symbol.base(), fill.symbol.quote());
                    let signed =
                        |amount: Decimal| if sign.is_negative() { -amount } else { amount };
                    *flows.entry(base).or_default() += signed(fill.quantity);
                    *flows.entry(quote).or_default() -= signed(fill.notional);
                    *flows.entry(fill.fee_asset).or_default() -= fill.fee;
                }
            }
        }
        let assets: BTreeSet<Asset> =
            flows.keys().chain(self.ledger.balances.keys()).copied().collect();
        for asset in assets {
            let flow = flows.get(&asset).copied().unwrap_or_default();
            let total = self.ledger.balances.get(&asset).map_or(Decimal::ZERO, |it| it.total());
            if flow != total {
                self.broken("a_balance_is_its_flows", asset, format!("{total}, flows {flow}"));
            }
        }
    }

    /// What is open here is open there, and the other way round.
    fn open_orders(&mut self) {
        let theirs: BTreeSet<ClientOrderId> = (self.venue.orders.iter())
            .filter(|order| order.open)
            .map(|order| order.client_order_id)
            .collect();
        let ours: BTreeSet<ClientOrderId> = (self.ledger.intents.keys())
            .filter(|id| {
                let status = self.ledger.orders.get(id).map(|order| order.status);
                !status.is_some_and(OrderStatus::is_terminal)
            })
            .copied()
            .collect();
        let named = |id: &&ClientOrderId| id.as_str().starts_with(&self.ledger.prefix);
        let unknown: Vec<_> = theirs.difference(&ours).filter(named).copied().collect();
        let missing: Vec<_> = ours.difference(&theirs).copied().collect();
        for id in unknown {
            self.broken("open_orders_agree", id, "open at the venue alone".to_owned());
        }
        for id in missing {
            self.broken("open_orders_agree", id, "open in the ledger alone".to_owned());
        }
    }

    fn balances(&mut self) {
        let assets: BTreeSet<Asset> =
            self.venue.balances.keys().chain(self.ledger.balances.keys()).copied().collect();
        for asset in assets {
            let ours = self.ledger.balances.get(&asset).copied().unwrap_or_default();
            let theirs = self.venue.balances.get(&asset).copied().unwrap_or_default();
            if ours != theirs {
                self.broken("balances_agree", asset, format!("{ours:?}, there {theirs:?}"));
            }
        }
    }
}

fn is_same(fill: &FillRecord, theirs: &VenueFill) -> bool {
    (fill.venue_order_id, fill.side, fill.quantity, fill.notional, fill.fee, fill.fee_asset)
        == (
            theirs.venue_order_id,
            theirs.side,
            theirs.quantity,
            theirs.notional,
            theirs.fee,
            theirs.fee_asset,
        )
}

/// Lots, and what was sold or sent away beyond them.
#[derive(Default)]
struct Held {
    position: Position,
    short: Decimal,
}

/// What comes without a trade has no known cost, and is gone already where it was sold before; what goes
/// takes its cost with it.
fn transfer_lot(held: &mut Held, amount: Decimal) {
    if amount.is_negative() {
        held.short += held.position.remove(amount.abs());
        return;
    }
    let covered = amount.min(held.short);
    held.short -= covered;
    held.position.acquire(Lot {
        quantity: amount - covered,
        cost: Decimal::ZERO,
        fee: Decimal::ZERO,
        basis: Basis::Unknown,
        opened_at: Timestamp::default(),
    });
}

/// Moves a position by a fill; what is wrong with the realized amounts on record, if anything.
fn book(held: &mut Held, fill: &FillRecord) -> Option<String> {
    let Held { position, short } = held;
    let fee = if fill.fee_asset == fill.symbol.quote() { fill.fee } else { Decimal::ZERO };
    if fill.side == Side::Buy {
        position.acquire(Lot {
            quantity: fill.quantity,
            cost: fill.notional,
            fee,
            basis: Basis::Known,
            opened_at: Timestamp::default(),
        });
        return fill.realized.as_ref().map(|realized| format!("a buy realized {realized:?}"));
    }
    *short += (fill.quantity - position.quantity()).max(Decimal::ZERO);
    let expected = position.sell(fill.quantity, fill.notional, fee);
    let Some(found) = &fill.realized else { return Some("a sell realized nothing".to_owned()) };
    let same = (found.matched, found.gross, found.fees, found.net, found.basis)
        == (expected.matched, expected.gross(), expected.fees(), expected.net(), expected.basis());
    (!same).then(|| format!("{found:?}, its lots give {expected:?}"))
}
