//! The public trades of a pair: the last ones, and the names of all.

use std::collections::VecDeque;

use crate::domain::instrument::{Lots, Ticks};
use crate::domain::side::Side;
use crate::domain::time::Timestamp;

/// Trades that queries answer (KuCoin: 100).
const TRADES_KEPT: usize = 100;
/// Where trade ids begin: above 2^53, as KuCoin's.
const TRADE_ID_START: i64 = 11_000_000_000_000_000;

/// A trade as everybody sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Print {
    pub trade_id: i64,
    pub price: Ticks,
    pub size: Lots,
    /// The taker's.
    pub side: Side,
    pub at: Timestamp,
}

/// The last trades, oldest first.
#[derive(Debug)]
pub(super) struct Tape {
    rows: VecDeque<Print>,
    last_id: i64,
}

impl Tape {
    pub(super) fn new() -> Self {
        Self { rows: VecDeque::with_capacity(TRADES_KEPT), last_id: TRADE_ID_START }
    }

    /// A name for the next trade.
    pub(super) fn name(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn push(&mut self, print: Print) {
        if self.rows.len() >= TRADES_KEPT {
            self.rows.pop_front();
        }
        self.rows.push_back(print);
    }

    pub(super) fn last(&self) -> Option<&Print> {
        self.rows.back()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Print> {
        self.rows.iter()
    }
}
