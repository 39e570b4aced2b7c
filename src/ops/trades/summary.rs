//! What was really earned: imported trades and our own, apart and together.
//!
//! Grain is the sell order: one that matched at least part of its quantity counts as one, and is a win
//! where its net (after fees of both sides) is above zero. Imported trades are replayed first in, first
//! out; our own figures are the ones booked with each fill. All amounts are in the quote asset; where
//! there are several, [`Summary::quote_assets`] says so and the totals mix them.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use serde::Serialize;

use super::matching::{self, Match};
use crate::domain::decimal::{Decimal, Round};
use crate::domain::symbol::Symbol;
use crate::ops::exact_number::{Number, rounded};
use crate::store::own_trade::{self, RealizedFill};

/// Realized totals of a set of sells. Exact; serialized as JSON numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Totals {
    /// Sells matched with something whose cost is known.
    pub matched_sells: u64,
    /// Of these, sells with a net above zero.
    pub wins: u64,
    /// wins / matched_sells: a ratio, 4 places; 0 without sells.
    pub win_rate: Number,
    /// Proceeds less cost.
    pub gross_pnl: Number,
    /// Fees of both sides.
    pub fees: Number,
    /// Gross less fees.
    pub net_pnl: Number,
    /// Sells without anything to match: no profit or loss.
    pub orphaned_sells: u64,
}

impl Totals {
    fn sell(&mut self, gross: Decimal, fees: Decimal, net: Decimal) {
        self.matched_sells += 1;
        self.wins += u64::from(net.is_positive());
        self.gross_pnl.0 += gross;
        self.fees.0 += fees;
        self.net_pnl.0 += net;
        self.rate();
    }

    fn rate(&mut self) {
        let count = |count: u64| Decimal::from_int(i64::try_from(count).unwrap_or(i64::MAX));
        if self.matched_sells > 0 {
            let ratio = count(self.wins).div(count(self.matched_sells), Round::Down);
            self.win_rate = rounded(ratio, 4);
        }
    }

    fn add(&mut self, other: &Self) {
        self.matched_sells += other.matched_sells;
        self.wins += other.wins;
        self.orphaned_sells += other.orphaned_sells;
        self.gross_pnl.0 += other.gross_pnl.0;
        self.fees.0 += other.fees.0;
        self.net_pnl.0 += other.net_pnl.0;
        self.rate();
    }
}

/// Where trades come from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Another system's file.
    Imported,
    /// This agent's fills.
    Own,
}

/// What is still held.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Inventory {
    /// Who holds it.
    pub source: Source,
    /// Of what.
    pub symbol: Symbol,
    /// Base units.
    pub quantity: Number,
    /// Quote units paid for it, without fee.
    pub cost: Number,
}

/// One symbol's totals.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SymbolTotals {
    /// The symbol.
    pub symbol: Symbol,
    /// Both sources together.
    #[serde(flatten)]
    pub totals: Totals,
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Summary {
    /// Both sources together.
    #[serde(flatten)]
    pub totals: Totals,
    /// What the amounts are in.
    pub quote_assets: Vec<String>,
    /// Another system's trades.
    pub imported: Totals,
    /// This agent's trades.
    pub own: Totals,
    /// Per symbol, both sources, in alphabetical order; only where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbols: Option<Vec<SymbolTotals>>,
    /// What is still held.
    pub open_inventory: Vec<Inventory>,
}

/// What to sum up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wanted<'a> {
    /// Only this symbol: `SUP-USDT`, or `SUP` for every quote.
    pub symbol: Option<&'a str>,
    /// Also one line a symbol.
    pub by_symbol: bool,
}

impl Wanted<'_> {
    fn includes(&self, symbol: &Symbol) -> bool {
        self.symbol.is_none_or(|wanted| {
            symbol.as_str().eq_ignore_ascii_case(wanted)
                || symbol.base().as_str().eq_ignore_ascii_case(wanted)
        })
    }
}

type BySource = BTreeMap<(Source, Symbol), Totals>;

/// Sums up. Memory grows with the symbols, not with the trades.
pub fn summarize(connection: &Connection, wanted: &Wanted<'_>) -> rusqlite::Result<Summary> {
    let mut totals = BySource::new();
    let mut open_inventory = Vec::new();
    add_imported(connection, wanted, &mut totals, &mut open_inventory)?;
    add_own(connection, wanted, &mut totals, &mut open_inventory)?;
    let (mut imported, mut own) = (Totals::default(), Totals::default());
    let mut symbols: BTreeMap<Symbol, Totals> = BTreeMap::new();
    for ((source, symbol), of_symbol) in &totals {
        match source {
            Source::Imported => imported.add(of_symbol),
            Source::Own => own.add(of_symbol),
        }
        symbols.entry(*symbol).or_default().add(of_symbol);
    }
    let mut both = imported;
    both.add(&own);
    let quotes: BTreeSet<String> =
        symbols.keys().map(|symbol| symbol.quote().to_string()).collect();
    let symbols = symbols.into_iter().map(|(symbol, totals)| SymbolTotals { symbol, totals });
    Ok(Summary {
        totals: both,
        quote_assets: quotes.into_iter().collect(),
        imported,
        own,
        symbols: wanted.by_symbol.then(|| symbols.collect()),
        open_inventory,
    })
}

fn add_imported(
    connection: &Connection,
    wanted: &Wanted<'_>,
    totals: &mut BySource,
    inventory: &mut Vec<Inventory>,
) -> rusqlite::Result<()> {
    matching::replay(connection, |step| -> rusqlite::Result<()> {
        match step {
            Match::Sold(trade, realized) if wanted.includes(&trade.symbol) => {
                let entry = totals.entry((Source::Imported, trade.symbol)).or_default();
                if realized.matched.is_positive() {
                    entry.sell(realized.gross(), realized.fees(), realized.net());
                } else {
                    entry.orphaned_sells += 1;
                }
            }
            Match::Ended(symbol, position) if wanted.includes(&symbol) && !position.is_flat() => {
                inventory.push(Inventory {
                    source: Source::Imported,
                    symbol,
                    quantity: Number(position.quantity()),
                    cost: Number(position.cost()),
                });
            }
            Match::Bought(_) | Match::Sold(..) | Match::Ended(..) => {}
        }
        Ok(())
    })
}

fn add_own(
    connection: &Connection,
    wanted: &Wanted<'_>,
    totals: &mut BySource,
    inventory: &mut Vec<Inventory>,
) -> rusqlite::Result<()> {
    let mut book = |order: &OwnSell| {
        let entry = totals.entry((Source::Own, order.symbol)).or_default();
        if order.matched {
            entry.sell(order.gross, order.fees, order.net);
        } else {
            entry.orphaned_sells += 1;
        }
    };
    let mut open: Option<OwnSell> = None;
    own_trade::for_each_realized(connection, |fill| -> rusqlite::Result<()> {
        if !wanted.includes(&fill.symbol) {
            return Ok(());
        }
        match &mut open {
            Some(order) if order.client_order_id == fill.client_order_id => order.add(&fill),
            _ => {
                if let Some(done) = open.replace(OwnSell::new(&fill)) {
                    book(&done);
                }
            }
        }
        Ok(())
    })?;
    if let Some(done) = open {
        book(&done);
    }
    for held in own_trade::held(connection)? {
        if wanted.includes(&held.symbol) {
            inventory.push(Inventory {
                source: Source::Own,
                symbol: held.symbol,
                quantity: Number(held.quantity),
                cost: Number(held.cost),
            });
        }
    }
    Ok(())
}

/// The fills of one sell order, added up.
#[derive(Debug)]
struct OwnSell {
    client_order_id: String,
    symbol: Symbol,
    matched: bool,
    gross: Decimal,
    fees: Decimal,
    net: Decimal,
}

impl OwnSell {
    fn new(fill: &RealizedFill) -> Self {
        let (gross, fees, net) = (fill.gross, fill.fees, fill.net);
        let client_order_id = fill.client_order_id.clone();
        Self { client_order_id, symbol: fill.symbol, matched: fill.is_matched(), gross, fees, net }
    }

    fn add(&mut self, fill: &RealizedFill) {
        self.matched |= fill.is_matched();
        self.gross += fill.gross;
        self.fees += fill.fees;
        self.net += fill.net;
    }
}
