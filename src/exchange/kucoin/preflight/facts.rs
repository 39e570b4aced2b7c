//! What the venue says when it is asked everything that matters.

use std::collections::BTreeMap;

use super::Wanted;
use super::probe::probe;
use crate::domain::symbol::Symbol;
use crate::exchange::kucoin::protocol::account::{AccountMode, AccountRow, ApiKey};
use crate::exchange::kucoin::protocol::fee::{BaseFee, TradeFee};
use crate::exchange::kucoin::protocol::status::ServiceStatus;
use crate::exchange::kucoin::protocol::symbol::SymbolRow;
use crate::exchange::kucoin::rest::{ClockSkew, Failure, Rest};

/// What the venue said. Where a question makes no sense after an earlier answer, it was not asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// How our clock stands; the first question, by which the venue is reached or not.
    pub clock: Result<ClockSkew, Failure>,
    /// What anyone may know; `None` where the venue was not reached.
    pub venue: Option<VenueFacts>,
    /// What the key tells; `None` where there is none, or nobody needs it.
    pub account: Option<AccountFacts>,
}

/// What anyone may know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VenueFacts {
    /// Whether it trades.
    pub status: Result<ServiceStatus<'static>, Failure>,
    /// Its pairs.
    pub symbols: Result<Vec<SymbolRow<'static>>, Failure>,
    /// Why single wanted pairs are not among them.
    pub missing: BTreeMap<Symbol, Failure>,
    /// Whether it gives tokens for public topics.
    pub token: Result<(), Failure>,
    /// The address it sees us at, where it says so.
    pub own_address: Option<String>,
}

/// What the key tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountFacts {
    /// About the key.
    pub key: Result<ApiKey<'static>, Failure>,
    /// What the key may see; `None` where the key is refused.
    pub granted: Option<GrantedFacts>,
}

/// What a working key may see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrantedFacts {
    /// Classic or unified.
    pub mode: Result<AccountMode, Failure>,
    /// Whether the account trades by the high-frequency endpoints.
    pub high_frequency: Result<bool, Failure>,
    /// The rates of the wanted pairs.
    pub fees: Result<Vec<TradeFee<'static>>, Failure>,
    /// The rates of the account's tier.
    pub tier: Result<BaseFee, Failure>,
    /// The balances of the spot account.
    pub balances: Result<Vec<AccountRow<'static>>, Failure>,
    /// Whether it gives tokens for private topics.
    pub token: Result<(), Failure>,
    /// What became of a dry run; `None` where no wanted pair could be tried.
    pub test_order: Option<TestOrder>,
}

/// A dry run of an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestOrder {
    /// The pair.
    pub symbol: Symbol,
    /// Whether the venue would have taken it.
    pub outcome: Result<(), Failure>,
}

/// Asks the venue. Nothing it asks changes anything.
pub async fn gather(rest: &Rest, wanted: &Wanted) -> Facts {
    let clock = rest.resync().await;
    if clock.is_err() {
        return Facts { clock, venue: None, account: None };
    }
    let venue = gather_venue(rest, wanted).await;
    let account = if wanted.needs_account && rest.can_sign() {
        let rows = venue.symbols.as_deref().unwrap_or_default();
        Some(gather_account(rest, wanted, rows).await)
    } else {
        None
    };
    Facts { clock, venue: Some(venue), account }
}

async fn gather_venue(rest: &Rest, wanted: &Wanted) -> VenueFacts {
    let status = rest.service_status().await;
    let mut symbols = rest.symbols().await;
    let mut missing = BTreeMap::new();
    if let Ok(rows) = &mut symbols {
        for symbol in &wanted.symbols {
            if rows.iter().any(|row| row.symbol == symbol.as_str()) {
                continue;
            }
            // It is not there, or it is and cannot be read: asked for alone, it says which.
            match rest.symbol(symbol.as_str()).await {
                Ok(row) => rows.push(row),
                Err(failure) => drop(missing.insert(*symbol, failure)),
            }
        }
    }
    let token = rest.bullet_public().await.map(drop);
    let own_address = rest.own_address().await.ok();
    VenueFacts { status, symbols, missing, token, own_address }
}

async fn gather_account(rest: &Rest, wanted: &Wanted, rows: &[SymbolRow<'_>]) -> AccountFacts {
    let key = rest.api_key().await;
    if key.is_err() {
        return AccountFacts { key, granted: None };
    }
    let known = |symbol: &&str| rows.iter().any(|row| row.symbol == *symbol);
    let symbols: Vec<&str> = wanted.symbols.iter().map(Symbol::as_str).filter(known).collect();
    let granted = GrantedFacts {
        mode: rest.account_mode().await,
        high_frequency: rest.is_high_frequency().await,
        fees: rest.trade_fees(&symbols).await,
        tier: rest.base_fee().await,
        balances: rest.accounts().await,
        token: rest.bullet_private().await.map(drop),
        test_order: try_order(rest, wanted, rows).await,
    };
    AccountFacts { key, granted: Some(granted) }
}

/// Lets the venue check an order of the first wanted pair that one can be made for.
async fn try_order(rest: &Rest, wanted: &Wanted, rows: &[SymbolRow<'_>]) -> Option<TestOrder> {
    for symbol in &wanted.symbols {
        let Some(row) = rows.iter().find(|row| row.symbol == symbol.as_str()) else { continue };
        let Ok(top) = rest.level1(symbol.as_str()).await else { continue };
        let Some(order) = probe(row, &top, rest.venue_time()) else { continue };
        let outcome = rest.place_test(&order).await.map(drop);
        return Some(TestOrder { symbol: *symbol, outcome });
    }
    None
}
