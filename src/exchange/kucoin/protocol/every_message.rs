//! Every message there is, read by where it stands and written again: what tests and fuzzers drive.

use serde::{Deserialize, Serialize};

use super::account::{AccountModeRow, AccountRow, ApiKey, LedgerEntry, OldLedgerEntry};
use super::account::{Transferable, UserInfo};
use super::balance_push::{self, BalancePush};
use super::book::{AuctionData, Book};
use super::bullet::Bullet;
use super::cancel::{Canceled, CanceledByClientId, CanceledEverything, CanceledId, CanceledIds};
use super::cancel::{CanceledSync, Reduced};
use super::candle::CandleRow;
use super::code::{CallKind, Code, cause};
use super::currency::Currency;
use super::dead_man::{DeadMan, DeadManQuery, SetDeadMan};
use super::endpoint::Endpoint;
use super::envelope::{Envelope, open};
use super::fee::{BaseFee, TradeFee};
use super::fill::Fill;
use super::frame::{ClientFrame, ServerFrame, ack};
use super::old_order::{OldBatch, OldFill, OldOrder, PlaceOldBatch, Recent};
use super::order::{OpenSymbols, Order};
use super::order_push::{self, OrderPush};
use super::page::{Cursor, Page};
use super::place::{AlterOrder, Altered, BatchItem, PlaceBatch, PlaceOrder, Placed, PlacedSync};
use super::rate_limit::RateLimit;
use super::status::{Announcement, ServiceStatus};
use super::stop_order::{PlaceStop, StopOrder};
use super::stop_push::{self, StopPush};
use super::symbol::SymbolRow;
use super::target::{Plus, Query, decode, split};
use super::ticker::{AllTickers, FiatPrices, Level1, Stats};
use super::trade::Trade;
use super::wire_text::WireText;

/// What became of a message: its text, written again, or why it could not be read.
pub type Rewritten = Result<String, serde_json::Error>;
/// Reads a text and writes what it read.
type Rewrite = fn(&str) -> Rewritten;

fn rewrite<'a, T: Deserialize<'a> + Serialize>(text: &'a str) -> Rewritten {
    serde_json::from_str::<T>(text).and_then(|message| serde_json::to_string(&message))
}

/// Pairs a place with the type of what stands there.
macro_rules! readers {
    ($($place:expr => $type:ty,)*) => {
        &[$(($place, |text| rewrite::<$type>(text))),*]
    };
}

/// The data of answers. Those of futures and margin are not here: nobody reads them.
const ANSWERS: &[(Endpoint, Rewrite)] = readers! {
    Endpoint::ServerTime => i64,
    Endpoint::AccountsOpened => bool,
    Endpoint::OwnAddress => WireText<'_>,
    Endpoint::CancelSymbol => WireText<'_>,
    Endpoint::Markets => Vec<WireText<'_>>,
    Endpoint::ServiceStatus => ServiceStatus<'_>,
    Endpoint::Announcements => Page<Announcement<'_>>,
    Endpoint::Currencies => Vec<Currency<'_>>,
    Endpoint::Currency => Currency<'_>,
    Endpoint::Symbols => Vec<SymbolRow<'_>>,
    Endpoint::Symbol => SymbolRow<'_>,
    Endpoint::AllTickers => AllTickers<'_>,
    Endpoint::Level1 => Level1,
    Endpoint::Stats => Stats<'_>,
    Endpoint::Trades => Vec<Trade>,
    Endpoint::Candles => Vec<CandleRow>,
    Endpoint::BookPart => Book,
    Endpoint::BookFull => Book,
    Endpoint::AuctionBook => Book,
    Endpoint::AuctionData => AuctionData<'_>,
    Endpoint::FiatPrices => FiatPrices<'_>,
    Endpoint::BulletPublic => Bullet<'_>,
    Endpoint::BulletPrivate => Bullet<'_>,
    Endpoint::ApiKey => ApiKey<'_>,
    Endpoint::UserInfo => UserInfo,
    Endpoint::Accounts => Vec<AccountRow<'_>>,
    Endpoint::Account => AccountRow<'_>,
    Endpoint::AccountMode => AccountModeRow,
    Endpoint::LedgersHf => Vec<LedgerEntry<'_>>,
    Endpoint::Ledgers => Page<OldLedgerEntry<'_>>,
    Endpoint::Transferable => Transferable<'_>,
    Endpoint::BaseFee => BaseFee,
    Endpoint::TradeFees => Vec<TradeFee<'_>>,
    Endpoint::Place => Placed<'_>,
    Endpoint::PlaceSync => PlacedSync<'_>,
    Endpoint::PlaceTest => Placed<'_>,
    Endpoint::PlaceBatch => Vec<BatchItem<'_>>,
    Endpoint::PlaceBatchSync => Vec<BatchItem<'_>>,
    Endpoint::Alter => Altered<'_>,
    Endpoint::Cancel => Canceled<'_>,
    Endpoint::CancelByClientId => CanceledByClientId<'_>,
    Endpoint::CancelSync => CanceledSync<'_>,
    Endpoint::CancelByClientIdSync => CanceledSync<'_>,
    Endpoint::Reduce => Reduced<'_>,
    Endpoint::CancelEverything => CanceledEverything<'_>,
    Endpoint::Order => Option<Order<'_>>,
    Endpoint::OrderByClientId => Option<Order<'_>>,
    Endpoint::OpenOrders => Option<Vec<Order<'_>>>,
    Endpoint::OpenOrdersPage => Page<Order<'_>>,
    Endpoint::OpenSymbols => OpenSymbols<'_>,
    Endpoint::DoneOrders => Cursor<Order<'_>>,
    Endpoint::Fills => Cursor<Fill<'_>>,
    Endpoint::DeadManSet => DeadMan,
    Endpoint::DeadManQuery => Option<DeadManQuery<'_>>,
    Endpoint::StopPlace => Placed<'_>,
    Endpoint::StopList => Page<StopOrder<'_>>,
    Endpoint::StopOrder => Option<StopOrder<'_>>,
    Endpoint::StopByClientId => Option<Vec<StopOrder<'_>>>,
    Endpoint::StopCancel => CanceledIds<'_>,
    Endpoint::StopCancelByClientId => CanceledId<'_>,
    Endpoint::StopCancelSeveral => CanceledIds<'_>,
    Endpoint::OldPlace => Placed<'_>,
    Endpoint::OldPlaceTest => Placed<'_>,
    Endpoint::OldPlaceBatch => OldBatch<'_>,
    Endpoint::OldCancel => CanceledIds<'_>,
    Endpoint::OldCancelByClientId => CanceledId<'_>,
    Endpoint::OldCancelAll => CanceledIds<'_>,
    Endpoint::OldOrders => Page<OldOrder<'_>>,
    Endpoint::OldRecentOrders => Recent<OldOrder<'_>>,
    Endpoint::OldOrder => OldOrder<'_>,
    Endpoint::OldOrderByClientId => OldOrder<'_>,
    Endpoint::OldFills => Page<OldFill<'_>>,
    Endpoint::OldRecentFills => Recent<OldFill<'_>>,
    Endpoint::OldSymbols => Vec<SymbolRow<'_>>,
    Endpoint::OldCurrencies => Vec<Currency<'_>>,
};

/// The bodies of requests.
const BODIES: &[(Endpoint, Rewrite)] = readers! {
    Endpoint::Place => PlaceOrder<'_>,
    Endpoint::PlaceSync => PlaceOrder<'_>,
    Endpoint::PlaceTest => PlaceOrder<'_>,
    Endpoint::PlaceBatch => PlaceBatch<'_>,
    Endpoint::PlaceBatchSync => PlaceBatch<'_>,
    Endpoint::Alter => AlterOrder<'_>,
    Endpoint::DeadManSet => SetDeadMan<'_>,
    Endpoint::StopPlace => PlaceStop<'_>,
    Endpoint::OldPlace => PlaceOrder<'_>,
    Endpoint::OldPlaceTest => PlaceOrder<'_>,
    Endpoint::OldPlaceBatch => PlaceOldBatch<'_>,
};

/// The data of private pushes.
const PUSHES: &[(&str, Rewrite)] = readers! {
    order_push::TOPIC => OrderPush<'_>,
    order_push::TOPIC_V1 => OrderPush<'_>,
    balance_push::TOPIC => BalancePush<'_>,
    stop_push::TOPIC => StopPush<'_>,
};

fn find<K: PartialEq>(readers: &[(K, Rewrite)], place: &K, text: &str) -> Option<Rewritten> {
    readers.iter().find(|(key, _)| key == place).map(|(_, rewrite)| rewrite(text))
}

/// Reads and writes the data of an endpoint's answer; `None` for answers that nobody reads.
pub fn answer(endpoint: Endpoint, data: &str) -> Option<Rewritten> {
    find(ANSWERS, &endpoint, data)
}

/// Reads and writes the body of an endpoint's request; `None` for requests without one.
pub fn body(endpoint: Endpoint, body: &str) -> Option<Rewritten> {
    find(BODIES, &endpoint, body)
}

/// Reads and writes the data of a private push; `None` for other topics.
pub fn private_push(topic: &str, data: &str) -> Option<Rewritten> {
    find(PUSHES, &topic, data)
}

/// Reads and writes a frame of a client.
pub fn client_frame(text: &str) -> Rewritten {
    rewrite::<ClientFrame<'_>>(text)
}

/// Reads and writes a frame of a server, the data of a push as it stands.
pub fn server_frame(text: &str) -> Rewritten {
    rewrite::<ServerFrame<'_>>(text)
}

/// Reads bytes in every way there is: none may panic, and what was written must be read alike. The
/// first rule that does not hold is the error.
pub fn read_in_every_way(bytes: &[u8]) -> Result<(), String> {
    for kind in [CallKind::Read, CallKind::Write] {
        let _ = open(200, bytes, kind);
    }
    if let Ok(envelope) = Envelope::parse(bytes)
        && let Some(data) = envelope.data
    {
        read_text(data.get())?;
    }
    let text = String::from_utf8_lossy(bytes);
    read_plain(&text);
    if let Ok(frame) = ServerFrame::parse(&text) {
        let _ = (frame.error_text(), ack(frame.id.as_ref()));
        if let Some(data) = frame.data {
            read_text(data.get())?;
        }
    }
    read_text(&text)
}

/// Texts that are no JSON: targets, headers, messages.
fn read_plain(text: &str) {
    let (path, query) = split(text);
    for method in ["GET", "POST", "DELETE"] {
        let _ = Endpoint::of(method, path);
    }
    let _ = (Query::parse(query), decode(text, Plus::Space), decode(text, Plus::Plus));
    let _ = (RateLimit::parse(text, "1", "1"), cause(200, None, text, CallKind::Write));
    let _ = cause(200, Some(Code::of(text)), text, CallKind::Read);
}

/// A JSON text, as every type.
fn read_text(text: &str) -> Result<(), String> {
    let endpoints = ANSWERS.iter().chain(BODIES).map(|(_, rewrite)| *rewrite);
    let pushes = PUSHES.iter().map(|(_, rewrite)| *rewrite);
    let frames: [Rewrite; 2] = [client_frame, server_frame];
    for rewrite in endpoints.chain(pushes).chain(frames) {
        if let Ok(written) = rewrite(text) {
            match rewrite(&written) {
                Ok(again) if again == written => {}
                other => return Err(format!("{written} reads as {other:?}")),
            }
        }
    }
    Ok(())
}
