//! What the agent asks of the venue, on the wire and back: the calls of `exchange::kucoin::rest`
//! without its sockets.

use std::time::Duration;

use ibis::domain::identifier::{ClientOrderId, InstrumentId, VenueOrderId};
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::exchange::kucoin::protocol::account::{AccountRow, LedgerEntry};
use ibis::exchange::kucoin::protocol::cancel::CanceledByClientId;
use ibis::exchange::kucoin::protocol::code::CallKind;
use ibis::exchange::kucoin::protocol::dead_man::{DeadMan, SetDeadMan};
use ibis::exchange::kucoin::protocol::endpoint::Endpoint;
use ibis::exchange::kucoin::protocol::envelope::open;
use ibis::exchange::kucoin::protocol::fill::Fill;
use ibis::exchange::kucoin::protocol::order::{OpenSymbols, Order};
use ibis::exchange::kucoin::protocol::page::Cursor;
use ibis::exchange::kucoin::protocol::place::{PlaceOrder, Placed};
use ibis::exchange::kucoin::protocol::status::ServiceStatus;
use ibis::exchange::kucoin::protocol::symbol::SymbolRow;
use ibis::exchange::kucoin::protocol::wire_text::IntoOwned;
use ibis::exchange::kucoin::rest::{Failure, Reason, VenueReason};
use serde::Deserialize;

/// Entries of the account's ledger in one answer.
pub const LEDGER_PAGE: usize = 200;

/// A call.
#[derive(Clone, Debug)]
pub enum Ask {
    Place(ClientOrderId, InstrumentId, Box<PlaceOrder<'static>>),
    Cancel(ClientOrderId, InstrumentId),
    Order(ClientOrderId, InstrumentId),
    Fills(ClientOrderId, InstrumentId, VenueOrderId),
    Listed(Symbol, Timestamp),
    DeadMan(i64),
    Service,
    Symbol(InstrumentId),
    OpenSymbols,
    OpenOrders(String),
    Accounts,
    /// The account's ledger since then, before this entry.
    Ledger(Timestamp, Option<String>),
}

/// Its outcome, once nothing of it is tried again.
#[derive(Clone, Debug)]
pub enum Answer {
    Placed(Result<Placed<'static>, Failure>),
    Canceled(Result<(), Failure>),
    Order(Result<Order<'static>, Failure>),
    Fills(Result<Vec<Fill<'static>>, Failure>),
    DeadMan(Result<DeadMan, Failure>),
    Service(Result<ServiceStatus<'static>, Failure>),
    Symbol(Result<SymbolRow<'static>, Failure>),
    OpenSymbols(Result<Vec<String>, Failure>),
    OpenOrders(Result<Vec<Order<'static>>, Failure>),
    Accounts(Result<Vec<AccountRow<'static>>, Failure>),
    Ledger(Result<Vec<LedgerEntry<'static>>, Failure>),
}

impl Ask {
    pub fn endpoint(&self) -> Endpoint {
        match self {
            Self::Place(..) => Endpoint::Place,
            Self::Cancel(..) => Endpoint::CancelByClientId,
            Self::Order(..) => Endpoint::OrderByClientId,
            Self::Fills(..) | Self::Listed(..) => Endpoint::Fills,
            Self::DeadMan(_) => Endpoint::DeadManSet,
            Self::Service => Endpoint::ServiceStatus,
            Self::Symbol(_) => Endpoint::Symbol,
            Self::OpenSymbols => Endpoint::OpenSymbols,
            Self::OpenOrders(_) => Endpoint::OpenOrders,
            Self::Accounts => Endpoint::Accounts,
            Self::Ledger(..) => Endpoint::LedgersHf,
        }
    }

    /// The target on the wire; `page` is the cursor of the page before.
    pub fn target(&self, symbols: &[Symbol], page: Option<i64>) -> String {
        let symbol = |id: &InstrumentId| symbols[id.index()];
        let endpoint = self.endpoint();
        let target = match self {
            Self::Cancel(id, of) | Self::Order(id, of) => {
                endpoint.target(id.as_str()).with("symbol", symbol(of))
            }
            Self::Fills(_, of, order_id) => endpoint
                .target("")
                .with("symbol", symbol(of))
                .with("orderId", order_id)
                .with_some("lastId", page)
                .with("limit", 100),
            Self::Listed(symbol, since) => endpoint
                .target("")
                .with("symbol", symbol)
                .with("startAt", since.ms())
                .with_some("lastId", page)
                .with("limit", 100),
            Self::Symbol(of) => endpoint.target(symbol(of).as_str()),
            Self::OpenOrders(symbol) => endpoint.target("").with("symbol", symbol),
            Self::Accounts => endpoint.target("").with("type", "trade_hf"),
            Self::Ledger(since, before) => endpoint
                .target("")
                .with("startAt", since.ms())
                .with("limit", LEDGER_PAGE)
                .with_some("lastId", before.as_deref()),
            Self::Place(..) | Self::DeadMan(_) | Self::Service | Self::OpenSymbols => {
                endpoint.target("")
            }
        };
        target.wire().to_owned()
    }

    pub fn body(&self) -> String {
        match self {
            Self::Place(_, _, order) => {
                let mut body = String::new();
                order.write(&mut body);
                body
            }
            Self::DeadMan(timeout) => {
                serde_json::to_string(&SetDeadMan { timeout: *timeout, symbols: None }).unwrap()
            }
            _ => String::new(),
        }
    }

    /// The outcome of a call that has none but this failure.
    pub fn failed(&self, failure: Failure) -> Answer {
        match self {
            Self::Place(..) => Answer::Placed(Err(failure)),
            Self::Cancel(..) => Answer::Canceled(Err(failure)),
            Self::Order(..) => Answer::Order(Err(failure)),
            Self::Fills(..) | Self::Listed(..) => Answer::Fills(Err(failure)),
            Self::DeadMan(_) => Answer::DeadMan(Err(failure)),
            Self::Service => Answer::Service(Err(failure)),
            Self::Symbol(_) => Answer::Symbol(Err(failure)),
            Self::OpenSymbols => Answer::OpenSymbols(Err(failure)),
            Self::OpenOrders(_) => Answer::OpenOrders(Err(failure)),
            Self::Accounts => Answer::Accounts(Err(failure)),
            Self::Ledger(..) => Answer::Ledger(Err(failure)),
        }
    }

    /// Without an answer: what that means.
    pub fn unanswered(&self, what: &str) -> Failure {
        let reason = self.reason(what);
        match self.endpoint().kind() {
            CallKind::Read => Failure::Unavailable(reason),
            CallKind::Write => Failure::Unresolved(reason),
        }
    }

    pub fn reason(&self, what: &str) -> Reason {
        Reason { call: self.endpoint(), venue: None, what: what.to_owned() }
    }

    /// Reads an answer. Of fills it is one page.
    pub fn read(&self, http_status: u16, body: &str) -> Answer {
        match self {
            Self::Place(..) => {
                let placed = self.data::<Placed<'_>>(http_status, body);
                Answer::Placed(placed.map(IntoOwned::into_owned))
            }
            Self::Cancel(..) => {
                Answer::Canceled(self.data::<CanceledByClientId<'_>>(http_status, body).map(drop))
            }
            Self::Order(..) => {
                Answer::Order(match self.data::<Option<Order<'_>>>(http_status, body) {
                    Ok(Some(order)) => Ok(order.into_owned()),
                    Ok(None) => Err(Failure::NotFound(self.reason("no such order"))),
                    Err(failure) => Err(failure),
                })
            }
            Self::Fills(..) | Self::Listed(..) => {
                let page = self.data::<Cursor<Fill<'_>>>(http_status, body);
                Answer::Fills(page.map(|page| page.into_owned().items))
            }
            Self::DeadMan(_) => Answer::DeadMan(self.data(http_status, body)),
            Self::Service => {
                let service = self.data::<ServiceStatus<'_>>(http_status, body);
                Answer::Service(service.map(IntoOwned::into_owned))
            }
            Self::Symbol(_) => {
                let row = self.data::<SymbolRow<'_>>(http_status, body);
                Answer::Symbol(row.map(IntoOwned::into_owned))
            }
            Self::OpenSymbols => {
                let open = self.data::<Option<OpenSymbols<'_>>>(http_status, body);
                Answer::OpenSymbols(open.map(|open| {
                    let symbols = open.map(|open| open.symbols);
                    symbols.into_iter().flatten().map(|symbol| symbol.to_string()).collect()
                }))
            }
            Self::OpenOrders(_) => {
                let orders = self.data::<Option<Vec<Order<'_>>>>(http_status, body);
                Answer::OpenOrders(orders.map(|orders| orders.unwrap_or_default().into_owned()))
            }
            Self::Accounts => {
                let rows = self.data::<Option<Vec<AccountRow<'_>>>>(http_status, body);
                Answer::Accounts(rows.map(|rows| rows.unwrap_or_default().into_owned()))
            }
            Self::Ledger(..) => {
                let entries = self.data::<Vec<LedgerEntry<'_>>>(http_status, body);
                Answer::Ledger(entries.map(IntoOwned::into_owned))
            }
        }
    }

    fn data<'a, T: Deserialize<'a>>(&self, http_status: u16, body: &'a str) -> Result<T, Failure> {
        let kind = self.endpoint().kind();
        let envelope = open(http_status, body.as_bytes(), kind).map_err(|refused| {
            let message = refused.message.clone().into_owned();
            let venue = Some(VenueReason { http_status, code: refused.code, message });
            let reason = Reason { call: self.endpoint(), venue, what: String::new() };
            Failure::of(refused.class, reason, Duration::from_millis(500))
        })?;
        envelope.data().map_err(|error| match kind {
            CallKind::Read => Failure::Malformed(self.reason(&error.to_string())),
            CallKind::Write => Failure::Unresolved(self.reason(&error.to_string())),
        })
    }
}

/// True where the venue is asked again for the same.
pub fn is_tried_again(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Unavailable(_) | Failure::Maintenance(_) | Failure::RateLimited { .. }
    )
}

/// The failure of an answer, if it is one.
pub fn failure(answer: &Answer) -> Option<&Failure> {
    match answer {
        Answer::Placed(outcome) => outcome.as_ref().err(),
        Answer::Canceled(outcome) => outcome.as_ref().err(),
        Answer::Order(outcome) => outcome.as_ref().err(),
        Answer::Fills(outcome) => outcome.as_ref().err(),
        Answer::DeadMan(outcome) => outcome.as_ref().err(),
        Answer::Service(outcome) => outcome.as_ref().err(),
        Answer::Symbol(outcome) => outcome.as_ref().err(),
        Answer::OpenSymbols(outcome) => outcome.as_ref().err(),
        Answer::OpenOrders(outcome) => outcome.as_ref().err(),
        Answer::Accounts(outcome) => outcome.as_ref().err(),
        Answer::Ledger(outcome) => outcome.as_ref().err(),
    }
}
