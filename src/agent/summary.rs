//! What a run did, for its last words.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::acks::Acks;
use crate::domain::decimal::Decimal;
use crate::domain::order_status::OrderStatus;
use crate::domain::record::{Fact, Projection, Record};
use crate::domain::time::Timestamp;
use crate::engine::{Engine, invariant};
use crate::http::counters::Counters;
use crate::store::chain::Head;

/// Counted while running.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) market_events: u64,
    pub(super) skipped: u64,
    pub(super) orders: u64,
    pub(super) rejected: u64,
    pub(super) fills: u64,
    pub(super) fees: Decimal,
    pub(super) gross: Decimal,
    pub(super) net: Decimal,
    pub(super) sells: u64,
    pub(super) wins: u64,
    pub(super) surprises: u64,
    /// Orders whose answer did not come.
    pub(super) unresolved: u64,
    /// Times that the disk began to refuse.
    pub(super) troubles: u64,
    pub(super) feeds: Vec<String>,
    pub(super) counters: Counters,
    /// Facts: events of the hash chain.
    pub(super) facts: u64,
    /// How long the venue takes to answer orders.
    pub(super) acks: Acks,
}

impl Tally {
    pub(super) fn count(&mut self, fact: &Fact) {
        self.facts += 1;
        self.counters.count(fact);
        self.acks.count(fact);
        match &fact.record {
            Record::Intent(_) => self.orders += 1,
            Record::Order(order) => {
                self.rejected += u64::from(order.status == OrderStatus::Rejected);
                self.unresolved += u64::from(order.status == OrderStatus::Unresolved);
            }
            Record::Fill(fill) => {
                self.fills += 1;
                self.fees += fill.fee;
                if let Some(realized) = &fill.realized {
                    self.gross += realized.gross;
                    self.net += realized.net;
                    self.sells += 1;
                    self.wins += u64::from(realized.net.is_positive());
                }
            }
            Record::Surprise(_) => self.surprises += 1,
            Record::Decision(_)
            | Record::HoldSet(_)
            | Record::HoldCleared { .. }
            | Record::Transition(_)
            | Record::Operator(_)
            | Record::KillVerified { .. }
            | Record::Transfer(_)
            | Record::Run { .. } => {}
        }
    }

    /// What should not have happened: it counts against the agent's health.
    pub(super) fn errors(&self) -> u64 {
        self.rejected + self.unresolved + self.surprises + self.troubles
    }

    pub(super) fn count_projection(&mut self, projection: &Projection) {
        if let Projection::Refused { code, .. } = projection {
            self.counters.refuse(code);
        }
    }
}

/// A run's figures. Amounts in quote units.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Market events taken in.
    pub events: u64,
    /// Market events that an earlier run had seen.
    pub skipped: u64,
    /// Orders sent.
    pub orders: u64,
    /// Orders the venue refused.
    pub rejected: u64,
    /// Fills.
    pub fills: u64,
    /// Fills that closed something.
    pub sells: u64,
    /// Of those, with a positive net.
    pub wins: u64,
    /// Fees paid in this run.
    pub fees: Decimal,
    /// Realized before fees.
    pub gross_pnl: Decimal,
    /// Realized after both sides' fees.
    pub net_pnl: Decimal,
    /// Cash plus positions at the bid, at the end.
    pub equity: Decimal,
    /// Instruments still held.
    pub positions: u64,
    /// Orders still at work.
    pub open_orders: u64,
    /// Things that should not have happened.
    pub surprises: u64,
    /// Broken invariants at the end.
    pub violations: Vec<String>,
    /// Rows of the hash chain.
    pub ledger_events: i64,
    /// Its newest hash.
    pub chain_head: String,
    /// Why the run ended.
    pub cause: String,
    /// The market's clock at the end.
    pub market_at: String,
    /// How long it took, in milliseconds.
    pub runtime_ms: u64,
    /// What each source gave.
    pub feeds: Vec<String>,
}

impl Summary {
    pub(super) fn new(
        engine: &Engine,
        tally: Tally,
        head: Head,
        (cause, market_at, took): (String, Timestamp, Duration),
    ) -> Self {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Self {
            events: tally.market_events,
            skipped: tally.skipped,
            orders: tally.orders,
            rejected: tally.rejected,
            fills: tally.fills,
            sells: tally.sells,
            wins: tally.wins,
            fees: tally.fees,
            gross_pnl: tally.gross,
            net_pnl: tally.net,
            equity: engine.equity(),
            positions: count(engine.desks().iter().filter(|desk| !desk.position.is_flat()).count()),
            open_orders: count(engine.open_orders().count()),
            surprises: tally.surprises,
            violations: invariant::check(engine).iter().map(ToString::to_string).collect(),
            ledger_events: head.seq,
            chain_head: head.hex(),
            cause,
            market_at: market_at.to_string(),
            runtime_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            feeds: tally.feeds,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let money = |amount: Decimal| amount.to_fixed(2);
        writeln!(f, "stopped: {} at market time {}", self.cause, self.market_at)?;
        for feed in &self.feeds {
            writeln!(f, "feed: {feed}")?;
        }
        writeln!(f, "market events  {} ({} seen by an earlier run)", self.events, self.skipped)?;
        writeln!(f, "orders         {} ({} rejected)", self.orders, self.rejected)?;
        writeln!(f, "fills          {} ({} of {} sells won)", self.fills, self.wins, self.sells)?;
        writeln!(f, "fees           {}", money(self.fees))?;
        writeln!(f, "realized       {} gross, {} net", money(self.gross_pnl), money(self.net_pnl))?;
        writeln!(f, "equity         {}", money(self.equity))?;
        writeln!(
            f,
            "still held     {} positions, {} open orders",
            self.positions, self.open_orders
        )?;
        for violation in &self.violations {
            writeln!(f, "VIOLATION      {violation}")?;
        }
        write!(f, "ledger         {} events, chain head {}", self.ledger_events, self.chain_head)
    }
}
