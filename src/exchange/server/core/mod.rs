//! The simulated exchange without transport: a state that answers calls and emits pushes.
//!
//! It owns a market, a paper venue and one account, and derives from them everything that clients see.
//! It reads no clock: [`Core::advance`] brings it to the market's time, commands take effect at the
//! time it was brought to, and what KuCoin times by the wall (the dead man's switch, the window of an
//! order) goes by the transport's time that comes with each call.
//!
//! # Rules
//!
//! | what | rule |
//! |---|---|
//! | matching | that of [`paper`](crate::exchange::paper), without delay |
//! | book | [`PaperVenue::shown`](crate::exchange::paper::PaperVenue::shown): the market's levels, less what clients took of them, with the resting orders of the account in it; a source without depth gives the ladder that the matching engine itself assumes |
//! | sequence | counts changed levels one by one; a queried book has that of its last change, and pushes continue there |
//! | trades | the market's prints and the account's own, each once: a print that fills resting orders is split among them |
//! | candles, 24 hours | from those trades; before the exchange listened, from the market's history where it has one |
//! | pushes | at once, or at most once in [`Feed::period_us`](crate::exchange::server::topic::Feed::period_us) of the market's time; only what is watched is written |
//! | stop orders | triggered by the last trade, hold nothing, become orders with their client order id |
//! | history | done orders and fills of 7 days of the market's time, at most [`DONE_ORDERS_KEPT`], [`FILLS_KEPT`] and [`LEDGER_ENTRIES_KEPT`] |
//!
//! # Limits
//!
//! One account, kept in memory. An order placed without a client order id gets one. Self-trades happen
//! where no prevention is asked for, as two fills with a trade id each. Margin, futures, transfers and
//! opening auctions are answered with nothing in them.

mod account;
mod account_answers;
mod bar;
mod cancel;
mod controls;
mod currency;
mod dead_man;
mod denial;
mod dispatch;
mod figures;
mod fills;
mod journal;
mod ladder;
mod ledger;
mod listing;
mod market_answers;
mod order_answers;
mod orders;
mod pair;
mod past;
mod place;
mod private_feed;
mod public_push;
mod publish;
mod query;
mod record;
mod series;
mod stop;
mod stop_answers;
mod stops;
mod tape;
mod turn;
mod wallet;
mod watch;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::domain::execution::ExecutionReport;
use crate::domain::identifier::InstrumentId;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::exchange::paper::{PaperSettings, PaperVenue, Touched};
use crate::exchange::server::topic::Feed;
use crate::market::{Market, MarketError};

use self::account::Account;
use self::controls::Service;
use self::dead_man::DeadMan;
use self::fills::Fills;
use self::ladder::LevelChange;
use self::orders::Orders;
use self::pair::Pair;
use self::private_feed::PrivateFeed;
use self::record::Note;
use self::stops::Stops;
use self::turn::Tide;
use self::watch::Watch;

pub use self::account::AccountSpec;
pub use self::fills::FILLS_KEPT;
pub use self::ledger::LEDGER_ENTRIES_KEPT;
pub use self::listing::RuleChange;
pub use self::orders::DONE_ORDERS_KEPT;
pub use self::stops::STOP_ORDERS_KEPT;

/// A frame to whoever watches its topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Push {
    /// The topic, of one pair at most.
    pub topic: Rc<str>,
    /// It is the account's.
    pub private: bool,
    /// The whole frame.
    pub text: Rc<str>,
}

/// How an exchange is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CoreOptions {
    /// When the exchange begins to listen to its market: the time of its clock before the first call
    /// of [`Core::advance`].
    pub start: Timestamp,
}

/// The exchange.
#[derive(Debug)]
pub struct Core {
    tide: Tide,
    venue: PaperVenue,
    pairs: Vec<Pair>,
    by_symbol: BTreeMap<Symbol, InstrumentId>,
    account: Account,
    orders: Orders,
    fills: Fills,
    stops: Stops,
    dead_man: DeadMan,
    service: Service,
    watch: Watch,
    private: PrivateFeed,
    /// Throttled feeds with something to push, by when.
    due: BTreeSet<(Timestamp, InstrumentId, Feed)>,
    /// Pairs whose published book may be behind the venue's.
    stale: Vec<InstrumentId>,
    /// Pairs that traded, whose stop orders were not looked at yet.
    traded: Vec<InstrumentId>,
    pushes: Vec<Push>,
    /// What the order that is being placed says beside what the venue needs.
    arriving: Option<Note>,
    touched: Touched,
    changes: Vec<LevelChange>,
    reports: Vec<ExecutionReport>,
}

impl Core {
    /// An exchange over a market, with an account.
    pub fn new(market: Market, account: AccountSpec, options: CoreOptions) -> Self {
        let instruments = market.instruments().to_vec();
        let CoreOptions { start } = options;
        let ids = (0u16..).map(InstrumentId);
        let pairs: Vec<_> =
            ids.clone().zip(&instruments).map(|(id, it)| Pair::new(id, it, start)).collect();
        let by_symbol = instruments.iter().map(|it| it.symbol()).zip(ids).collect();
        let settings = PaperSettings::immediate();
        let mut venue = PaperVenue::new(instruments, settings, &account.balances);
        venue.track_books();
        for pair in &pairs {
            venue.set_price_band(pair.id, Some(listing::PRICE_LIMIT_RATE));
        }
        let private = PrivateFeed::new(account.user_id.clone());
        let mut core = Self {
            tide: Tide::new(market, start),
            venue,
            by_symbol,
            account: Account::new(account, start),
            orders: Orders::default(),
            fills: Fills::default(),
            stops: Stops::default(),
            dead_man: DeadMan::default(),
            service: Service::default(),
            watch: Watch::default(),
            private,
            due: BTreeSet::new(),
            stale: pairs.iter().map(|pair| pair.id).collect(),
            traded: Vec::new(),
            pairs,
            pushes: Vec::new(),
            arriving: None,
            touched: Touched::default(),
            changes: Vec::new(),
            reports: Vec::new(),
        };
        // The deposits are what the venue began with: they are nobody's news.
        drop(core.venue.take_changes());
        core.publish_books();
        core
    }

    /// An exchange over a recorded market, whose clock begins with the first event. With a market in
    /// which nothing is, at 1970.
    pub fn over_recording(mut market: Market, account: AccountSpec) -> Result<Self, MarketError> {
        let first = market.next()?;
        let start = first.map_or(Timestamp::default(), |event| event.at);
        let mut core = Self::new(market, account, CoreOptions { start });
        core.tide.put_back(first);
        Ok(core)
    }

    /// Moves the pushes that wait to `out`, in their order.
    pub fn take_pushes(&mut self, out: &mut Vec<Push>) {
        out.append(&mut self.pushes);
    }

    /// The market's time that it was brought to.
    pub fn now(&self) -> Timestamp {
        self.tide.now
    }

    /// A pair by the index of its instrument.
    fn pair(&self, id: InstrumentId) -> &Pair {
        self.pairs.get(id.index()).expect("every instrument of the market is a pair")
    }

    /// As [`Core::pair`], to change.
    fn pair_mut(&mut self, id: InstrumentId) -> &mut Pair {
        self.pairs.get_mut(id.index()).expect("every instrument of the market is a pair")
    }
}
