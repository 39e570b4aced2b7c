//! Takes pushes, fetched books and polled answers, and tells market events of them.
//!
//! Whatever is told can be taken for true: where something was missed, books are void until they are
//! in step again; where the queue to the taker was full, it is emptied, that is told as a loss, and
//! all that is known is told again as there is room.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock;
use crate::domain::durations::Durations;
use crate::domain::identifier::InstrumentId;
use crate::domain::market_data::{Quote, Trade};
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::{book::Level, ticker::Level1, trade};
use crate::exchange::kucoin::ws::{Fault, Queue};
use crate::market::kucoin::{Decoder, Place, Push, Snapshot, Stream, Word};
use crate::market::{Lane, Reason};

use super::count::LiveCount;
use super::desk::{Desk, Fetching, Outbox, Trouble};
use super::event::FeedEvent;
use super::fetch::FetchedBook;
use super::settings::{BookSource, FeedSettings};

/// Reads the clock that events are stamped with.
pub type ReadClock = Rc<dyn Fn() -> Timestamp>;

/// The feed's state.
pub(super) struct Receiver {
    decoder: Decoder,
    stream: Stream,
    desks: Vec<Desk>,
    lanes: Vec<Lane>,
    outbox: Outbox,
    pub(super) count: LiveCount,
    clock: ReadClock,
    book: BookSource,
    poll_after: Duration,
    up: bool,
    /// Since when it is so.
    since: Duration,
    /// Counts ups and downs: what was fetched for an earlier one is of no use.
    generation: u64,
    /// Something known was not told.
    behind: bool,
    /// Rung when a book is to be fetched.
    pub(super) fetch_wanted: Rc<Notify>,
    /// Rung when polling may have to begin.
    pub(super) poll_wanted: Rc<Notify>,
    /// When the venue said something last, by the monotonic clock.
    pub(super) heard_at: Duration,
    /// When the websocket pushed something last, by the monotonic clock; none yet.
    pub(super) pushed_at: Option<Duration>,
    /// Since when pushes do not come, by the monotonic clock; none while they do.
    pub(super) silent_since: Option<Duration>,
    /// How long pushes took that say when they left.
    pub(super) lag: Durations,
    /// The desk polled last.
    polled: usize,
}

impl Receiver {
    pub(super) fn new(
        settings: &FeedSettings,
        queue: Queue<FeedEvent>,
        clock: ReadClock,
        now: Duration,
    ) -> Result<Self, String> {
        let lanes = settings.lanes()?;
        let mut by_id: Vec<Lane> = lanes.values().copied().collect();
        by_id.sort_by_key(Lane::instrument);
        let desks = by_id.iter().map(|lane| Desk::new(lane.instrument())).collect();
        let outbox = Outbox { queue, at: clock(), polled: false, lost: 0, told: 0 };
        Ok(Self {
            decoder: Decoder::new(lanes),
            stream: Stream::new(settings.instruments.len()),
            desks,
            lanes: by_id,
            outbox,
            count: LiveCount::new("kucoin"),
            clock,
            book: settings.book,
            poll_after: settings.poll_after,
            up: false,
            since: now,
            generation: 0,
            behind: false,
            fetch_wanted: Rc::default(),
            poll_wanted: Rc::default(),
            heard_at: clock::monotonic(),
            pushed_at: None,
            silent_since: Some(clock::monotonic()),
            lag: Durations::default(),
            polled: 0,
        })
    }

    /// Stamps what is told next; the clock never goes back.
    fn stamp(&mut self, polled: bool) {
        self.heard_at = clock::monotonic();
        self.outbox.at = self.outbox.at.max((self.clock)());
        self.outbox.polled = polled;
    }

    /// Deals with a full queue, tells what could not be told before.
    fn settle(&mut self) {
        let lost = std::mem::take(&mut self.outbox.lost);
        if lost > 0 {
            let lost = lost + self.outbox.queue.clear() as u64;
            self.count.dropped += lost;
            self.desks.iter_mut().for_each(Desk::forget_told);
            self.behind = true;
            let reason = format!("{lost} events were not taken in time");
            self.outbox.tell(FeedEvent::Down { reason });
            if self.up {
                self.outbox.tell(FeedEvent::Up);
            }
        }
        self.catch_up();
        self.count.feed.events = self.outbox.told;
    }

    /// Tells what is known and was not told, as far as there is room.
    pub(super) fn catch_up(&mut self) {
        if self.behind {
            let mut all = true;
            for desk in &mut self.desks {
                all &= desk.catch_up(&mut self.outbox);
            }
            self.behind = !all;
        }
    }

    fn take(&mut self, text: &str, now: Duration) -> Result<(), Reason> {
        let Some(push) = self.decoder.decode(text)? else {
            self.count.feed.ignored += 1;
            return Ok(());
        };
        if let Some(sent_ms) = push.word.sent_ms() {
            let took_us = self.outbox.at.us_since(Timestamp::from_ms(sent_ms));
            self.lag.add(Duration::from_micros(u64::try_from(took_us).unwrap_or(0)));
        }
        let Some(desk) = self.desks.get_mut(push.instrument.index()) else { return Ok(()) };
        let (out, count) = (&mut self.outbox, &mut self.count.feed);
        self.stream.take(&push, count, |data| desk.take(data, out));
        if let Word::Update(update) = push.word
            && let Some(trouble) = desk.update(update, out, count)
        {
            desk.mend(trouble, now, (out, count));
            self.count.resyncs += 1;
            self.fetch_wanted.notify_one();
        }
        Ok(())
    }

    /// A push made no sense: a numbered book may have missed a change.
    fn malformed(&mut self, text: &str, now: Duration) {
        self.count.malformed += 1;
        let about = self.decoder.about(text).filter(|_| self.book == BookSource::Level2);
        let Some(desk) = about.and_then(|id| self.desks.get_mut(id.index())) else { return };
        desk.mend(Trouble::Unsound, now, (&mut self.outbox, &mut self.count.feed));
        self.count.resyncs += 1;
        self.fetch_wanted.notify_one();
    }

    /// The next book to fetch now, and what for.
    pub(super) fn next_fetch(&mut self, now: Duration) -> Option<(u64, InstrumentId)> {
        let due = |desk: &Desk| matches!(desk.fetching, Fetching::From(at) if at <= now);
        let (index, desk) = self.desks.iter_mut().enumerate().find(|(_, desk)| due(desk))?;
        desk.fetching = Fetching::UnderWay;
        Some((self.generation, self.lanes.get(index)?.instrument()))
    }

    /// When the next book is to be fetched.
    pub(super) fn fetch_due(&self) -> Option<Duration> {
        let due = |desk: &Desk| match desk.fetching {
            Fetching::From(at) => Some(at),
            Fetching::No | Fetching::UnderWay => None,
        };
        self.desks.iter().filter_map(due).min()
    }

    /// Takes a fetched book in, or why there is none.
    pub(super) fn on_book(
        &mut self,
        (generation, id): (u64, InstrumentId),
        fetched: Result<FetchedBook, String>,
        now: Duration,
    ) {
        if generation != self.generation {
            return;
        }
        let (Some(desk), Some(lane)) = (self.desks.get_mut(id.index()), self.lanes.get(id.index()))
        else {
            return;
        };
        desk.fetching = Fetching::No;
        let snapshot = fetched.and_then(|fetched| {
            let of = |levels: &[Level]| -> Vec<_> {
                levels.iter().map(|Level(price, size)| (*price, *size)).collect()
            };
            let FetchedBook { book, levels_max } = fetched;
            let snapshot = Snapshot::new(lane, book.sequence, of(&book.bids), of(&book.asks))?;
            Ok((snapshot, levels_max))
        });
        self.stamp(false);
        let Some(desk) = self.desks.get_mut(id.index()) else { return };
        let (out, count) = (&mut self.outbox, &mut self.count.feed);
        let sound = snapshot.is_ok_and(|(snapshot, levels_max)| {
            self.count.snapshots += 1;
            count.off_grid += u64::from(snapshot.off_grid);
            desk.snapshot(&snapshot, levels_max, now, (out, count))
        });
        if sound {
            self.behind = true;
        } else {
            self.count.failed_fetches += 1;
            desk.want(now);
        }
        self.settle();
    }

    /// The next instrument to poll now.
    pub(super) fn next_poll(&mut self, now: Duration) -> Option<(u64, InstrumentId)> {
        let count = self.desks.len();
        let due = now >= self.since + self.poll_after;
        let wants = |desk: &Desk| due && (!self.up || self.is_stale(desk));
        let next = (1..=count).map(|ahead| (self.polled + ahead) % count);
        let next = next.into_iter().find(|&at| self.desks.get(at).is_some_and(wants))?;
        self.polled = next;
        Some((self.generation, self.lanes.get(next)?.instrument()))
    }

    /// When polling is due: while the websocket is down, or for quotes that no push has brought yet.
    /// `None` until [`Receiver::poll_wanted`] rings.
    pub(super) fn poll_due(&self) -> Option<Duration> {
        let down = !self.up && !self.desks.is_empty();
        let wanted = down || self.desks.iter().any(|desk| self.is_stale(desk));
        wanted.then_some(self.since + self.poll_after)
    }

    /// True where pushes come only when something changes, and nothing has yet.
    fn is_stale(&self, desk: &Desk) -> bool {
        self.book != BookSource::Level2 && !desk.fresh
    }

    /// Takes a polled best bid and ask in, or why there is none; false where it was of no use.
    pub(super) fn on_level1(
        &mut self,
        (generation, id): (u64, InstrumentId),
        polled: Result<Level1, String>,
    ) -> bool {
        self.count.polls += 1;
        let Some(lane) = self.lanes.get(id.index()).copied() else { return false };
        let Ok(top) = polled else {
            self.count.failed_fetches += 1;
            return false;
        };
        if generation != self.generation {
            return true;
        }
        let mut off_grid = false;
        let Ok(quote) = quote_of(&top, &lane, &mut off_grid) else {
            self.count.malformed += 1;
            return false;
        };
        let place = Place { sequence: Some(top.sequence), time_ms: Some(top.time) };
        self.stamp(true);
        self.on_word(Push { instrument: id, off_grid, word: Word::Top(place, quote) });
        if let Some(desk) = self.desks.get_mut(id.index()) {
            // An empty side stays empty: the answer counts all the same.
            desk.fresh = true;
        }
        self.settle();
        true
    }

    /// Takes polled trades in: those after the last that was told. Of the first answer ever, none: how
    /// long ago they were is another time's business.
    pub(super) fn on_trades(
        &mut self,
        (generation, id): (u64, InstrumentId),
        polled: Result<Vec<trade::Trade>, String>,
    ) {
        self.count.polls += 1;
        let Some(lane) = self.lanes.get(id.index()).copied() else { return };
        let Ok(mut trades) = polled else {
            self.count.failed_fetches += 1;
            return;
        };
        let Some(last) = self.stream.last_match(id.index()) else { return };
        trades.sort_by_key(|trade| trade.sequence);
        if last.is_none() || generation != self.generation {
            if last.is_none() {
                *last = trades.last().map(|trade| trade.sequence);
            }
            return;
        }
        let after = *last;
        self.stamp(true);
        for polled in trades.iter().filter(|polled| Some(polled.sequence) > after) {
            let mut off_grid = false;
            match trade_of(polled, &lane, &mut off_grid) {
                Ok(trade) => {
                    let word = Word::Match(polled.sequence, trade);
                    self.on_word(Push { instrument: id, off_grid, word });
                }
                Err(_) => self.count.malformed += 1,
            }
        }
        self.settle();
    }

    fn on_word(&mut self, push: Push<'_>) {
        let Some(desk) = self.desks.get_mut(push.instrument.index()) else { return };
        let out = &mut self.outbox;
        self.stream.take(&push, &mut self.count.feed, |data| desk.take(data, out));
    }

    fn turn(&mut self, up: bool, now: Duration) {
        self.up = up;
        self.since = now;
        self.silent_since = (!up).then(clock::monotonic);
        self.generation += 1;
        self.fetch_wanted.notify_one();
        self.poll_wanted.notify_one();
    }

    /// As `Handler::up`, at an instant.
    pub(super) fn up_at(&mut self, now: Duration) {
        self.stamp(false);
        self.count.ups += 1;
        self.turn(true, now);
        self.outbox.tell(FeedEvent::Up);
        for desk in &mut self.desks {
            desk.fresh = false;
            if self.book == BookSource::Level2 {
                desk.want(now);
            }
        }
        self.settle();
    }

    /// As `Handler::down`, at an instant.
    pub(super) fn down_at(&mut self, fault: &Fault, now: Duration) {
        self.outbox.at = self.outbox.at.max((self.clock)());
        self.outbox.polled = false;
        self.count.downs += 1;
        if self.up {
            self.turn(false, now);
        }
        self.outbox.tell(FeedEvent::Down { reason: fault.to_string() });
        for desk in &mut self.desks {
            desk.void(&mut self.outbox, &mut self.count.feed);
        }
        self.stream.restart();
        self.settle();
    }

    /// As `Handler::push`, at an instant.
    pub(super) fn push_at(&mut self, text: &str, now: Duration) {
        self.stamp(false);
        self.pushed_at = Some(self.heard_at);
        self.count.feed.rows += 1;
        if self.take(text, now).is_err() {
            self.malformed(text, now);
        }
        self.settle();
    }

    /// As `Handler::refused`.
    pub(super) fn on_refused(&mut self, topic: &str, why: &str) {
        let event = FeedEvent::Refused { topic: topic.to_owned(), reason: why.to_owned() };
        self.outbox.tell(event);
        self.settle();
    }
}

fn quote_of(top: &Level1, lane: &Lane, off: &mut bool) -> Result<Option<Quote>, Reason> {
    let (Some(bid), Some(bid_size)) = (top.best_bid, top.best_bid_size) else { return Ok(None) };
    let (Some(ask), Some(ask_size)) = (top.best_ask, top.best_ask_size) else { return Ok(None) };
    Ok(Some(Quote {
        bid: lane.price_of_decimal("best bid", bid, off)?,
        bid_size: lane.size_of_decimal("best bid's size", bid_size, off)?,
        ask: lane.price_of_decimal("best ask", ask, off)?,
        ask_size: lane.size_of_decimal("best ask's size", ask_size, off)?,
    }))
}

fn trade_of(polled: &trade::Trade, lane: &Lane, off: &mut bool) -> Result<Trade, Reason> {
    Ok(Trade {
        price: lane.price_of_decimal("price", polled.price, off)?,
        size: lane.size_of_decimal("size", polled.size, off)?,
        aggressor: Some(polled.side),
    })
}
