//! The account as it stands, taken whole: every fill since a while ago, every order at work, every balance.
//!
//! The venue has no call for all of it at one instant. Two equal lists of fills, one before and one after
//! the rest, show that nothing was traded in between. What cannot be had whole is an error, never less.

use super::account_view::{AccountMovement, AccountOrder};
use super::answer::{news_of, reports};
use super::start::balances;
use crate::domain::balance::Balance;
use crate::domain::identifier::{Asset, ClientOrderId};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::order_tracker::TradeReport;
use crate::exchange::kucoin::protocol::account::{AccountRow, Direction, LedgerEntry};
use crate::exchange::kucoin::protocol::endpoint::Endpoint;
use crate::exchange::kucoin::protocol::order::Order;
use crate::exchange::kucoin::rest::{Failure, FillsSince, Reason, Rest};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Views of the account taken until two of its fills' lists agree.
const VIEWS_MAX: u32 = 20;

/// What is to be looked at.
#[derive(Clone, Debug)]
pub struct SurveyPlan {
    /// Instruments, with the instant since which their fills are listed.
    pub fills: Vec<(Symbol, Timestamp)>,
    /// Those of them that do not trade: there need not be a list of their fills.
    pub halted: Vec<Symbol>,
    /// Since when the account's ledger is read, where something is to be explained.
    pub ledger_since: Option<Timestamp>,
}

/// What was seen.
#[derive(Debug)]
pub struct Survey {
    /// Of each instrument of the plan, oldest first.
    pub fills: Vec<Vec<TradeReport>>,
    /// At work.
    pub open: Vec<AccountOrder>,
    /// By asset.
    pub balances: BTreeMap<Asset, Balance>,
    /// What moved them but was no trade in an instrument of the plan; `None` where it was not asked.
    pub movements: Option<Vec<AccountMovement>>,
}

/// Who can be asked for the parts of it.
pub trait AccountSource {
    /// The account's ledger since an instant, newest first, whole.
    fn ledger_since(
        &self,
        since: Timestamp,
    ) -> impl Future<Output = Result<Vec<LedgerEntry<'static>>, Failure>>;

    /// The own fills of a pair since an instant.
    fn fills_since(
        &self,
        symbol: &str,
        since: Timestamp,
    ) -> impl Future<Output = Result<FillsSince, Failure>>;

    /// Every open order of the account.
    fn all_open_orders(&self) -> impl Future<Output = Result<Vec<Order<'static>>, Failure>>;

    /// The balances.
    fn accounts(&self) -> impl Future<Output = Result<Vec<AccountRow<'static>>, Failure>>;
}

impl AccountSource for Rest {
    async fn ledger_since(&self, since: Timestamp) -> Result<Vec<LedgerEntry<'static>>, Failure> {
        Self::ledger_since(self, since).await
    }

    async fn fills_since(&self, symbol: &str, since: Timestamp) -> Result<FillsSince, Failure> {
        Self::fills_since(self, symbol, since).await
    }

    async fn all_open_orders(&self) -> Result<Vec<Order<'static>>, Failure> {
        Self::all_open_orders(self).await
    }

    async fn accounts(&self) -> Result<Vec<AccountRow<'static>>, Failure> {
        Self::accounts(self).await
    }
}

/// Looks.
pub async fn take(rest: &impl AccountSource, plan: &SurveyPlan) -> Result<Survey, Failure> {
    let movements = match plan.ledger_since {
        Some(since) => {
            let symbols = plan.fills.iter().map(|(symbol, _)| *symbol).collect();
            Some(account_movements(&rest.ledger_since(since).await?, &symbols))
        }
        None => None,
    };
    let mut fills = list_fills(rest, plan).await?;
    for _ in 0..VIEWS_MAX {
        let orders = rest.all_open_orders().await?;
        let rows = rest.accounts().await?;
        let again = list_fills(rest, plan).await?;
        if std::mem::replace(&mut fills, again) == fills {
            return Ok(Survey {
                fills,
                open: orders.iter().filter_map(account_order).collect(),
                balances: balances(&rows),
                movements,
            });
        }
    }
    Err(incomplete(Endpoint::Accounts, "the account did not stand still for a look at it"))
}

fn incomplete(call: Endpoint, what: &str) -> Failure {
    Failure::Malformed(Reason { call, venue: None, what: what.to_owned() })
}

/// A list of fills of which one cannot be what it says.
pub(super) fn nameless_fill() -> Failure {
    incomplete(Endpoint::Fills, "a fill has no id")
}

/// The fills of every instrument.
async fn list_fills(
    rest: &impl AccountSource,
    plan: &SurveyPlan,
) -> Result<Vec<Vec<TradeReport>>, Failure> {
    let mut lists = Vec::with_capacity(plan.fills.len());
    for (symbol, since) in &plan.fills {
        let mut since = *since;
        let mut list = Vec::new();
        loop {
            let part = match rest.fills_since(symbol.as_str(), since).await {
                Err(Failure::Rejected(_) | Failure::NotFound(_) | Failure::Halted(_))
                    if plan.halted.contains(symbol) =>
                {
                    break;
                }
                part => part?,
            };
            let reported = reports(&part.fills);
            list.extend(reported.ok_or_else(nameless_fill)?);
            if part.is_whole {
                break;
            }
            if part.through <= since {
                return Err(incomplete(Endpoint::Fills, "more fills than can be listed"));
            }
            since = part.through;
        }
        list.dedup();
        lists.push(list);
    }
    Ok(lists)
}

/// An order of the account; `None` where its ids are none.
pub fn account_order(order: &Order<'_>) -> Option<AccountOrder> {
    let news = news_of(order)?;
    let ours = order.client_oid.as_ref().and_then(|id| ClientOrderId::new(id.as_str()).ok());
    let client_order_id = match ours {
        Some(id) => id,
        None => ClientOrderId::new(news.venue_order_id.as_str()).ok()?,
    };
    let symbol = Symbol::new(order.symbol.as_str()).ok()?;
    let (venue_order_id, end) = (news.venue_order_id, news.end);
    Some(AccountOrder { client_order_id, venue_order_id, symbol, end })
}

/// What an entry of the account's ledger belongs to, as far as it says.
#[derive(Deserialize, Default)]
struct Context {
    symbol: Option<String>,
}

/// The entries that are no trade in one of `symbols`, oldest first.
pub fn account_movements(
    entries: &[LedgerEntry<'_>],
    symbols: &BTreeSet<Symbol>,
) -> Vec<AccountMovement> {
    let ours = |entry: &LedgerEntry<'_>| {
        let context = entry.context.as_ref().map_or("", |context| context.as_str());
        let context: Context = serde_json::from_str(context).unwrap_or_default();
        let symbol = context.symbol.unwrap_or_default();
        entry.biz_type.as_str() == TRADE && symbols.iter().any(|known| known.as_str() == symbol)
    };
    let foreign = entries.iter().rev().filter(|entry| !ours(entry));
    foreign
        .filter_map(|entry| {
            let amount = entry.amount.abs();
            Some(AccountMovement {
                id: entry.id.as_str().to_owned(),
                asset: Asset::new(entry.currency.as_str()).ok()?,
                amount: if entry.direction == Direction::Out { -amount } else { amount },
                kind: entry.biz_type.as_str().to_owned(),
                at: Timestamp::from_ms(entry.created_at),
            })
        })
        .collect()
}

/// KuCoin's word for a trade.
const TRADE: &str = "TRADE_EXCHANGE";
