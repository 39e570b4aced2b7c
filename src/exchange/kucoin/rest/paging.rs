//! What the venue gives in pages and one pair at a time, whole.

use std::collections::BTreeMap;
use std::time::Duration;

use super::client::Rest;
use super::failure::{Failure, Reason};
use super::orders::{FillQuery, HISTORY_PAGE_MAX};
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::endpoint::Endpoint;
use crate::exchange::kucoin::protocol::fill::Fill;
use crate::exchange::kucoin::protocol::order::Order;

/// Pages that one collection reads at most: 10 000 fills.
pub const PAGES_MAX: usize = 100;
/// The longest span of time that one query of the history may have (KuCoin's documentation).
pub const WINDOW: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How far back a collection looks at most. The venue keeps 7 days; what it still has of the weeks before
/// is asked for, what is older is not.
pub const HISTORY_KEPT: Duration = Duration::from_secs(4 * 7 * 24 * 3_600);

/// Own fills of a pair, whole between two instants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FillsSince {
    /// Where they begin: the instant asked for, or [`HISTORY_KEPT`] ago if that is later.
    pub from: Timestamp,
    /// Through when they are whole: now, or earlier where [`PAGES_MAX`] did not suffice; go on from there.
    pub through: Timestamp,
    /// True where they are whole to now.
    pub is_whole: bool,
    /// Oldest first, each once.
    pub fills: Vec<Fill<'static>>,
}

impl Rest {
    /// The own fills of a pair since an instant of the venue's clock.
    pub async fn fills_since(&self, symbol: &str, since: Timestamp) -> Result<FillsSince, Failure> {
        let now = self.venue_time();
        let from = since.max(now - HISTORY_KEPT);
        let (mut through, mut pages_left, mut is_whole) = (from, PAGES_MAX, false);
        let mut fills = BTreeMap::new();
        // Once at least: a market that runs ahead of the clock has fills in its future.
        while pages_left > 0 {
            let end = through + WINDOW;
            let query = FillQuery {
                start_at: Some(through),
                // The last window is open: our clock may be behind the venue's.
                end_at: (end < now).then_some(end),
                ..FillQuery::default()
            };
            match self.pages(symbol, query, &mut pages_left).await? {
                Some(found) => fills.extend(found),
                None => break,
            }
            through = end.min(now).max(from);
            is_whole = end >= now;
            if is_whole {
                break;
            }
        }
        Ok(FillsSince { from, through, is_whole, fills: fills.into_values().collect() })
    }

    /// The fills of an order, by the venue's id; oldest first, each once.
    pub async fn fills_of_order(
        &self,
        symbol: &str,
        order_id: &str,
    ) -> Result<Vec<Fill<'static>>, Failure> {
        let query = FillQuery { order_id: Some(order_id), ..FillQuery::default() };
        let mut pages_left = PAGES_MAX;
        if let Some(fills) = self.pages(symbol, query, &mut pages_left).await? {
            return Ok(fills.into_values().collect());
        }
        let what = format!("the order has more than {PAGES_MAX} pages of fills");
        Err(Failure::Malformed(Reason { call: Endpoint::Fills, venue: None, what }))
    }

    /// Every page of a query, by fill id; `None` where there are more than are left to be read.
    async fn pages(
        &self,
        symbol: &str,
        mut query: FillQuery<'_>,
        pages_left: &mut usize,
    ) -> Result<Option<BTreeMap<i64, Fill<'static>>>, Failure> {
        let mut fills = BTreeMap::new();
        loop {
            if *pages_left == 0 {
                return Ok(None);
            }
            *pages_left -= 1;
            let page = self.fills(symbol, query).await?;
            let (length, known) = (page.items.len(), fills.len());
            fills.extend(page.items.into_iter().map(|fill| (fill.id, fill)));
            // A page that brings nothing new ends it too, whatever its cursor says.
            if length < HISTORY_PAGE_MAX || fills.len() == known {
                return Ok(Some(fills));
            }
            query.last_id = Some(page.last_id);
        }
    }

    /// Every open order of the account, pair by pair.
    pub async fn all_open_orders(&self) -> Result<Vec<Order<'static>>, Failure> {
        let mut orders = Vec::new();
        for symbol in self.symbols_with_open_orders().await? {
            orders.extend(self.open_orders(&symbol).await?);
        }
        Ok(orders)
    }
}
