//! Reading what a call asks: its body, its query, the pair it names.

use std::str::FromStr;

use serde::Deserialize;

use crate::domain::identifier::InstrumentId;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::exchange::kucoin::protocol::order::OrderType;
use crate::exchange::kucoin::protocol::refusal;
use crate::exchange::server::answer::Call;

use super::Core;
use super::denial::Denial;
use super::orders::SHOWN_US;

/// Reads the body of a call.
pub(super) fn body<'a, T: Deserialize<'a>>(call: &Call<'a>) -> Result<T, Denial> {
    serde_json::from_slice(call.body).map_err(|_| refusal::PARAMETER.into())
}

/// Reads a query field that may be absent.
pub(super) fn field<T: FromStr>(call: &Call<'_>, name: &str) -> Result<Option<T>, Denial> {
    let read = |text: &str| text.parse().map_err(|_| refusal::PARAMETER.into());
    call.query.get(name).map(read).transpose()
}

/// Reads a query field that must be there.
pub(super) fn required<'a>(call: &'a Call<'_>, name: &'static str) -> Result<&'a str, Denial> {
    call.query.get(name).ok_or_else(|| Denial::parameter(format!("{name} cannot be empty")))
}

/// A page by its number, from 1, and its size.
pub(super) fn page(
    call: &Call<'_>,
    number: &str,
    (usual, most): (usize, usize),
) -> Result<(usize, usize), Denial> {
    let number = field(call, number)?.unwrap_or(1).max(1);
    let size = field(call, "pageSize")?.unwrap_or(usual).clamp(1, most);
    Ok((number, size))
}

/// What a list of done orders or fills is narrowed to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filter {
    side: Option<Side>,
    order_type: Option<OrderType>,
    /// In milliseconds.
    pub start_at: i64,
    end_at: i64,
    /// Only what is older than this cursor.
    pub last_id: Option<i64>,
    pub limit: usize,
}

impl Filter {
    /// Reads the fields that lists of the `hf` endpoints share. Times are at most 7 days apart; one of
    /// them alone reaches as far as that.
    pub(super) fn read(call: &Call<'_>, (usual, most): (usize, usize)) -> Result<Self, Denial> {
        const WEEK_MS: i64 = SHOWN_US / 1_000;
        let order_type = match call.query.get("type").map(OrderType::of) {
            Some(OrderType::Unknown) => return Err(refusal::PARAMETER.into()),
            known => known,
        };
        let bound = |name: &str| field::<i64>(call, name).map(|at| at.filter(|at| *at != 0));
        let (start_at, end_at) = match (bound("startAt")?, bound("endAt")?) {
            (None, None) => (i64::MIN, i64::MAX),
            // Up to now, and the market's clock may be ahead of the requests'.
            (Some(start), None) if start.saturating_add(WEEK_MS) >= call.transport_ms => {
                (start, i64::MAX)
            }
            (Some(start), None) => (start, start.saturating_add(WEEK_MS)),
            (None, Some(end)) => (end.saturating_sub(WEEK_MS), end),
            (Some(start), Some(end)) if end < start => return Err(refusal::PARAMETER.into()),
            (Some(start), Some(end)) if end.saturating_sub(start) > WEEK_MS => {
                return Err(Denial::parameter("startAt and endAt are more than 7 days apart."));
            }
            (Some(start), Some(end)) => (start, end),
        };
        let limit: usize = field(call, "limit")?.unwrap_or(usual).clamp(1, most);
        Ok(Self {
            side: field(call, "side")?,
            order_type,
            start_at,
            end_at,
            last_id: field(call, "lastId")?.filter(|id| *id > 0),
            limit,
        })
    }

    /// True for an item of this side, type and instant in milliseconds.
    pub(super) fn admits(&self, side: Side, order_type: OrderType, at_ms: i64) -> bool {
        self.side.is_none_or(|wanted| wanted == side)
            && self.order_type.is_none_or(|wanted| wanted == order_type)
            && self.is_within(at_ms)
    }

    /// True for an instant in milliseconds.
    pub(super) fn is_within(&self, at_ms: i64) -> bool {
        (self.start_at..=self.end_at).contains(&at_ms)
    }
}

impl Core {
    /// The pair that a call names in its query.
    pub(super) fn asked_pair(&self, call: &Call<'_>) -> Result<InstrumentId, Denial> {
        self.find(required(call, "symbol")?)
    }

    /// A listed pair by its name.
    pub(super) fn find(&self, symbol: &str) -> Result<InstrumentId, Denial> {
        let symbol = Symbol::new(symbol).ok();
        let found = symbol.and_then(|symbol| self.listed(&symbol));
        found.ok_or_else(|| refusal::SYMBOL_NOT_FOUND.into())
    }

    /// A listed pair.
    pub(super) fn listed(&self, symbol: &Symbol) -> Option<InstrumentId> {
        let id = *self.by_symbol.get(symbol)?;
        self.pair(id).listing.listed.then_some(id)
    }
}
