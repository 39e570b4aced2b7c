//! What became of our orders at the venue, made of everything it says: answers, pushes, queries, lists
//! of fills; in any order, twice or not at all. Sans-IO: it names the requests it wants made.
//!
//! # Rules
//!
//! | what | rule |
//! |---|---|
//! | fills | booked from the venue's list of fills alone, which has the exact fee; pushes and orders only say how much must be in it. Each (symbol, trade id) once |
//! | end | told after every fill that belongs to it |
//! | lost answer | *unresolved*: the order is asked for by client order id until it is found, or stays unknown past the window in which the venue may still take it in |
//! | cancel | repeated until the order is over or the venue refuses; a refusal asks for the order, which decides |
//! | silence | every open order is asked for at [`POLL_EVERY`], every [`POLL_EVERY_BLIND`] while pushes are down |
//! | an order that is not ours | its fills are told, for they move the account |
//! | a fill from before the ledger began | never told: it is in the balance that the ledger began with |
//! | a listed fill of nobody's | not told while an order has no name at the venue yet: it may be its |
//!
//! A fill's `venue_sequence` is counted here, going on from the ledger's: the venue has no such number.

mod answers;
mod booking;
mod request;
mod seen;
#[cfg(test)]
mod tests;
mod tracked;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::domain::decimal::Decimal;
use crate::domain::execution::{ExecutionReport, ReportKind};
use crate::domain::identifier::{ClientOrderId, InstrumentId, VenueOrderId};
use crate::domain::instrument::Instrument;
use crate::domain::order::{NewOrder, TimeInForce};
use crate::domain::time::Timestamp;

pub use request::{
    CancelAnswer, OrderAnswer, OrderNews, PlaceAnswer, Push, Request, ResumedOrder, TradeReport,
};
pub use tracked::End;

use seen::SeenTrades;
use tracked::{Cancel, Stage, Tracked};

/// An open order is asked for this often, pushes or not: the venue numbers no private message, so that
/// a lost one shows only this way.
pub const POLL_EVERY: Duration = Duration::from_secs(5);
/// The same while there are no pushes.
pub const POLL_EVERY_BLIND: Duration = Duration::from_secs(2);
/// First wait after a fruitless attempt; each further one doubles it ...
const RETRY_FIRST: Duration = Duration::from_millis(50);
/// ... up to this.
const RETRY_MAX: Duration = Duration::from_secs(5);
/// Looks at an order whose cancel was taken, until the cancel is sent again.
const CANCEL_LOOKS_MAX: u32 = 10;
/// The distance of these looks: the push is quicker where it comes.
const CANCEL_LOOK_EVERY: Duration = Duration::from_millis(500);
/// "Not found" in a row until an order that was there counts as canceled: at least a minute.
const MISSING_MAX: u32 = 20;
/// Ended orders remembered, for fills that are told late.
const ENDED_MAX: usize = 256;

/// An instant by both clocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// The agent's clock, which reports carry.
    pub at: Timestamp,
    /// The process's monotonic clock, which deadlines count on.
    pub elapsed: Duration,
}

/// Every order that is not over at the venue, and every trade that is booked.
#[derive(Debug)]
pub struct OrderTracker {
    instruments: Vec<Instrument>,
    /// From sending until an order that is still unknown never arrived.
    give_up_after: Duration,
    orders: BTreeMap<ClientOrderId, Tracked>,
    ended: VecDeque<(ClientOrderId, Tracked)>,
    seen: Vec<SeenTrades>,
    venue_sequence: u64,
    /// Fills before this are in the balance that the ledger began with.
    begin: Timestamp,
    blind: bool,
    requests: Vec<Request>,
    reports: VecDeque<ExecutionReport>,
    /// Fills that do not fit the instrument's grid any more, by what is wrong.
    misfits: Vec<(InstrumentId, String)>,
}

impl OrderTracker {
    /// A tracker that has booked `venue_sequence` fills. An order unknown to the venue `give_up_after`
    /// its sending counts as never arrived: longer than the venue may still take it in.
    pub fn new(instruments: Vec<Instrument>, venue_sequence: u64, give_up_after: Duration) -> Self {
        Self {
            seen: vec![SeenTrades::default(); instruments.len()],
            instruments,
            give_up_after,
            orders: BTreeMap::new(),
            ended: VecDeque::new(),
            venue_sequence,
            begin: Timestamp::from_us(i64::MIN),
            blind: true,
            requests: Vec::new(),
            reports: VecDeque::new(),
            misfits: Vec::new(),
        }
    }

    /// The ledger began with a balance that has every fill before this, by the venue's clock.
    pub fn begin_at(&mut self, begin: Timestamp) {
        self.begin = begin;
    }

    /// A trade that is booked already.
    pub fn note_seen(&mut self, instrument: InstrumentId, trade_id: u64) {
        if let Some(seen) = self.seen.get_mut(instrument.index()) {
            seen.insert(trade_id);
        }
    }

    /// Fills booked so far.
    pub fn venue_sequence(&self) -> u64 {
        self.venue_sequence
    }

    /// An order is sent now.
    pub fn submit(&mut self, order: &NewOrder, now: Moment) {
        let Some(instrument) = self.instruments.get(order.instrument().index()) else { return };
        let size = instrument.quantity_of(order.quantity());
        let mut tracked = new_tracked(order.instrument(), size, now.elapsed);
        tracked.time_in_force = order.time_in_force();
        self.orders.insert(order.client_order_id(), tracked);
    }

    /// An order of an earlier run, of which `booked` is in the ledger. Where it is over and fills of it
    /// are not booked, they are asked for, and the end is told after them.
    pub fn resume(&mut self, id: ClientOrderId, order: ResumedOrder, now: Moment) {
        let ResumedOrder { instrument, time_in_force, size, booked, filled, end, venue_order_id } =
            order;
        let mut tracked = new_tracked(instrument, size, now.elapsed);
        tracked.time_in_force = time_in_force;
        tracked.stage = Stage::Working;
        tracked.accepted = true;
        tracked.venue_order_id = Some(venue_order_id);
        (tracked.filled, tracked.booked, tracked.end) = (filled.max(booked), booked, end);
        tracked.ask_due = now.elapsed;
        if tracked.is_over() {
            self.keep_ended(id, tracked);
        } else {
            self.orders.insert(id, tracked);
        }
    }

    /// True for an order that is not over, or whose fills are not all told.
    pub fn knows(&self, id: &ClientOrderId) -> bool {
        self.orders.contains_key(id)
    }

    /// An order at work that nobody here sent, and that is to be canceled.
    pub fn follow(
        &mut self,
        id: ClientOrderId,
        instrument: InstrumentId,
        venue_order_id: VenueOrderId,
        now: Moment,
    ) {
        let new = || {
            let mut stray = new_tracked(instrument, Decimal::ZERO, now.elapsed);
            (stray.foreign, stray.accepted, stray.stage) = (true, true, Stage::Working);
            stray.venue_order_id = Some(venue_order_id);
            stray
        };
        self.orders.entry(id).or_insert_with(new);
    }

    /// A cancel is wanted. An order that is over has its end on the way already.
    pub fn cancel(&mut self, id: &ClientOrderId, now: Moment) {
        if let Some(order) = self.orders.get_mut(id) {
            if order.cancel == Cancel::No || order.cancel == Cancel::Refused {
                order.cancel = Cancel::Wanted;
                order.cancel_due = now.elapsed;
            }
            self.plan(id, now.elapsed);
        }
    }

    /// Pushes are down: orders are asked for instead.
    pub fn go_blind(&mut self, now: Moment) {
        self.blind = true;
        for order in self.orders.values_mut() {
            order.ask_due = order.ask_due.min(now.elapsed + POLL_EVERY_BLIND);
        }
    }

    /// Pushes are there again; what was missed is asked for.
    pub fn see_again(&mut self, now: Moment) {
        self.blind = false;
        self.ask_all(now);
    }

    /// Asks for every open order now.
    pub fn ask_all(&mut self, now: Moment) {
        for order in self.orders.values_mut() {
            order.ask_due = now.elapsed;
        }
        self.tick(now);
    }

    /// Makes what is due a request.
    pub fn tick(&mut self, now: Moment) {
        let ids: Vec<ClientOrderId> = self.orders.keys().copied().collect();
        for id in ids {
            self.plan(&id, now.elapsed);
        }
    }

    /// When [`OrderTracker::tick`] has something to do next.
    pub fn next_due(&self) -> Option<Duration> {
        self.orders.values().filter_map(due).min()
    }

    /// What is to be asked, in order.
    pub fn take_requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.requests)
    }

    /// The next report for the engine.
    pub fn next_report(&mut self) -> Option<ExecutionReport> {
        self.reports.pop_front()
    }

    /// True where a report waits.
    pub fn has_reports(&self) -> bool {
        !self.reports.is_empty()
    }

    /// Fills whose numbers are off the known grid: the instrument changed. Empties.
    pub fn take_misfits(&mut self) -> Vec<(InstrumentId, String)> {
        std::mem::take(&mut self.misfits)
    }

    /// True while anything about an order of this instrument is unresolved.
    pub fn is_unresolved(&self, instrument: InstrumentId) -> bool {
        self.orders
            .values()
            .any(|order| order.instrument == instrument && order.stage == Stage::Unresolved)
    }

    /// Makes what is due of one order a request.
    fn plan(&mut self, id: &ClientOrderId, now: Duration) {
        let Some(order) = self.orders.get_mut(id) else { return };
        if order.lacks_fills()
            && !order.fetching
            && order.fetch_due <= now
            && let Some(venue_order_id) = order.venue_order_id
        {
            order.fetching = true;
            self.requests.push(Request::FetchFills(*id, order.instrument, venue_order_id));
        }
        let open = order.stage != Stage::Sending && order.end.is_none();
        if open && !order.asking && order.ask_due <= now && order.is_asked_for() {
            order.asking = true;
            self.requests.push(Request::AskOrder(*id, order.instrument));
        }
        let there = open && order.stage == Stage::Working;
        if there && order.cancel == Cancel::Wanted && order.cancel_due <= now {
            order.cancel = Cancel::Sending;
            self.requests.push(Request::Cancel(*id, order.instrument));
        }
    }

    fn report(&mut self, client_order_id: ClientOrderId, at: Timestamp, kind: ReportKind) {
        self.reports.push_back(ExecutionReport { client_order_id, at, kind });
    }
}

fn new_tracked(instrument: InstrumentId, size: Decimal, now: Duration) -> Tracked {
    Tracked {
        instrument,
        time_in_force: TimeInForce::Gtc,
        size,
        foreign: false,
        venue_order_id: None,
        sent: now,
        stage: Stage::Sending,
        accepted: false,
        cancel: Cancel::No,
        filled: Decimal::ZERO,
        booked: Decimal::ZERO,
        end: None,
        asking: false,
        fetching: false,
        ask_due: now + POLL_EVERY,
        cancel_due: now,
        fetch_due: now,
        attempts: 0,
        missing: 0,
    }
}

/// When an order has something to be asked; never while an answer is awaited.
fn due(order: &Tracked) -> Option<Duration> {
    let fetch = order.lacks_fills() && !order.fetching && order.venue_order_id.is_some();
    let open = order.stage != Stage::Sending && order.end.is_none();
    let ask = open && !order.asking && order.is_asked_for();
    let cancel = open && order.stage == Stage::Working && order.cancel == Cancel::Wanted;
    let dues = [
        fetch.then_some(order.fetch_due),
        ask.then_some(order.ask_due),
        cancel.then_some(order.cancel_due),
    ];
    dues.into_iter().flatten().min()
}

/// The wait after so many fruitless attempts in a row.
fn pause(attempts: u32) -> Duration {
    (RETRY_FIRST * 2u32.saturating_pow(attempts.min(16))).min(RETRY_MAX)
}

/// The distance of two looks at an open order.
fn poll(blind: bool) -> Duration {
    if blind { POLL_EVERY_BLIND } else { POLL_EVERY }
}
