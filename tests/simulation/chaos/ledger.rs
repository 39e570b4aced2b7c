//! The ledger in memory: what `store::writer` makes of facts and projections, what `store::load` reads.

use std::collections::{BTreeMap, BTreeSet};

use ibis::domain::balance::Balance;
use ibis::domain::hold::{Hold, HoldCode};
use ibis::domain::identifier::{Asset, ClientOrderId, ExecutionId};
use ibis::domain::record::{Fact, IntentRecord, OrderRecord, PositionRow, Projection, Record};
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::engine::audit::{LedgerBooks, Movement};
use ibis::store::load::{BookedTrade, LedgerState, OpenOrder};
use ibis::store::writer::Entry;

/// What is durable.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub intents: BTreeMap<ClientOrderId, (IntentRecord, Timestamp)>,
    /// Of each instrument the intent without an end.
    open: BTreeMap<Symbol, ClientOrderId>,
    pub orders: BTreeMap<ClientOrderId, OrderRecord>,
    pub movements: Vec<Movement>,
    trades: Vec<BookedTrade>,
    executions: BTreeSet<(Symbol, ExecutionId)>,
    transfers: BTreeSet<String>,
    positions: BTreeMap<Symbol, PositionRow>,
    balances: BTreeMap<Asset, Balance>,
    holds: BTreeMap<(Option<Symbol>, HoldCode), Hold>,
    cursor: u64,
    pub first_at: Option<Timestamp>,
    pub last_at: Option<Timestamp>,
    pub facts: u64,
    pub surprises: Vec<String>,
}

impl Ledger {
    /// Writes one transaction; the error is what the file itself would refuse.
    pub fn commit(&mut self, entries: &[Entry]) -> Result<(), String> {
        entries.iter().try_for_each(|entry| match entry {
            Entry::Fact(fact) => self.fact(fact),
            Entry::Projection(projection) => {
                self.project(projection);
                Ok(())
            }
        })
    }

    fn fact(&mut self, fact: &Fact) -> Result<(), String> {
        self.facts += 1;
        self.first_at.get_or_insert(fact.at);
        self.last_at = Some(fact.at);
        match &fact.record {
            Record::Intent(intent) => {
                let id = intent.client_order_id;
                if let Some(other) = self.open.insert(intent.symbol, id) {
                    return Err(format!("{id}: {other} is open"));
                }
                if self.intents.insert(id, (intent.clone(), fact.at)).is_some() {
                    return Err(format!("{id}: intended twice"));
                }
            }
            Record::Order(order) => self.order(order),
            Record::Fill(fill) => {
                if !self.executions.insert((fill.symbol, fill.execution_id)) {
                    return Err(format!("fill {} {} twice", fill.symbol, fill.execution_id));
                }
                self.trades.push(BookedTrade {
                    symbol: fill.symbol,
                    execution_id: fill.execution_id,
                    venue_order_id: fill.venue_order_id,
                    client_order_id: fill.client_order_id,
                    at: fact.at,
                });
                self.movements.push(Movement::Fill(fill.clone()));
            }
            Record::HoldSet(hold) => {
                if self.holds.insert((hold.scope, hold.code), hold.clone()).is_some() {
                    return Err(format!("hold {} twice", hold.code));
                }
            }
            Record::HoldCleared { scope, code } => {
                self.holds.remove(&(*scope, *code));
            }
            Record::Transfer(transfer) => {
                if let Some(id) = &transfer.venue_id
                    && !self.transfers.insert(id.clone())
                {
                    return Err(format!("transfer {id} twice"));
                }
                self.movements.push(Movement::Transfer(transfer.clone()));
            }
            Record::Surprise(surprise) => self.surprises.push(surprise.code.clone()),
            Record::Decision(_)
            | Record::Transition(_)
            | Record::Operator(_)
            | Record::KillVerified { .. }
            | Record::Run { .. } => {}
        }
        Ok(())
    }

    fn project(&mut self, projection: &Projection) {
        match projection {
            Projection::Position(row) => {
                self.positions.insert(row.symbol, row.clone());
            }
            Projection::Balance { asset, total, hold } => {
                self.balances.insert(*asset, Balance::of_ledger(*total, *hold));
            }
            Projection::Order(order) => self.order(order),
            Projection::VenueCursor(cursor) => self.cursor = *cursor,
            Projection::Day(_) => {}
            Projection::Refused { .. } | Projection::Sample(_) => {}
        }
    }

    fn order(&mut self, order: &OrderRecord) {
        let id = order.client_order_id;
        if order.status.is_terminal()
            && let Some((intent, _)) = self.intents.get(&id)
            && self.open.get(&intent.symbol) == Some(&id)
        {
            self.open.remove(&intent.symbol);
        }
        self.orders.insert(id, order.clone());
    }

    /// As `store::load` reads it.
    pub fn state(&self) -> LedgerState {
        let open = self.open.values().filter_map(|id| {
            let (intent, created_at) = self.intents.get(id)?;
            let order = self.orders.get(id).cloned();
            Some(OpenOrder { intent: intent.clone(), created_at: *created_at, order })
        });
        let mut holds: Vec<Hold> = self.holds.values().cloned().collect();
        holds.sort_by_key(|hold| hold.set_at);
        LedgerState {
            positions: self.positions.values().cloned().collect(),
            balances: self.balances.clone(),
            open_orders: open.collect(),
            holds,
            venue_cursor: self.cursor,
            movements: self.transfers.clone(),
        }
    }

    /// The newest trades, newest first.
    pub fn trades(&self) -> Vec<BookedTrade> {
        self.trades.iter().rev().copied().collect()
    }

    pub fn fills(&self) -> u64 {
        u64::try_from(self.trades.len()).unwrap()
    }

    /// As the audit sees it.
    pub fn books(&self, prefix: &str) -> LedgerBooks {
        LedgerBooks {
            prefix: prefix.to_owned(),
            intents: self.intents.iter().map(|(id, (intent, _))| (*id, intent.clone())).collect(),
            orders: self.orders.clone(),
            movements: self.movements.clone(),
            positions: self.positions.values().cloned().collect(),
            balances: self.balances.clone(),
        }
    }
}
