//! One instrument's book as the feed knows it, and how much of it was told.

use std::time::Duration;

use crate::domain::identifier::InstrumentId;
use crate::domain::market_data::{MarketData, MarketEvent, Quote};
use crate::domain::side::Side;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::ws::Queue;
use crate::market::FeedCount;
use crate::market::kucoin::{Book, Calibration, Fate, Judgement, Sink, Snapshot, Update};

use super::edge::Edge;
use super::event::FeedEvent;

/// First wait before a book is fetched again; each time in a row doubles it ...
const AGAIN_FIRST: Duration = Duration::from_millis(200);
/// ... up to this.
const AGAIN_MAX: Duration = Duration::from_secs(10);
/// Doublings after which it grows no more.
const DOUBLINGS_MAX: u32 = 16;
/// A book in step for this long counts as a success: the next wait is the first.
const LASTING: Duration = Duration::from_secs(60);
/// Changes in a row that the book contains already, after which the venue is taken to count anew.
const DUPLICATES_MAX: u32 = 256;

/// Where events go, and whether one was lost.
#[derive(Debug)]
pub(super) struct Outbox {
    pub(super) queue: Queue<FeedEvent>,
    pub(super) at: Timestamp,
    pub(super) polled: bool,
    pub(super) lost: u64,
    pub(super) told: u64,
}

impl Outbox {
    /// Tells market data; after one loss nothing more, until all is told again.
    pub(super) fn say(&mut self, instrument: InstrumentId, data: MarketData) {
        let event = MarketEvent { at: self.at, instrument, data };
        self.tell(if self.polled { FeedEvent::Polled(event) } else { FeedEvent::Market(event) });
    }

    /// Tells anything.
    pub(super) fn tell(&mut self, event: FeedEvent) {
        let market = matches!(event, FeedEvent::Market(_) | FeedEvent::Polled(_));
        if self.lost == 0 && self.queue.push(event).is_ok() {
            self.told += u64::from(market);
        } else {
            self.lost += 1;
        }
    }
}

/// Where a numbered book's fetching stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fetching {
    /// Nothing is to be fetched.
    No,
    /// A book is wanted, not before this.
    From(Duration),
    /// One is on its way.
    UnderWay,
}

/// What can be wrong with a numbered book.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// Changes are missing; those behind the gap wait for a book already.
    Gap,
    /// It cannot be what the venue has.
    Unsound,
}

/// What an instrument's market data left.
#[derive(Debug)]
pub(super) struct Desk {
    id: InstrumentId,
    book: Book,
    /// The quote known last.
    quote: Option<Quote>,
    /// A quote came since the websocket came up.
    pub(super) fresh: bool,
    /// What is known was told: changes can be. False after a loss.
    told: bool,
    calibration: Calibration,
    pub(super) fetching: Fetching,
    /// Fetches in a row that led to nothing lasting.
    fetches: u32,
    synced_at: Option<Duration>,
    /// How far a book in part can be believed.
    edge: Edge,
    duplicates: u32,
}

/// Takes what a calibration says to a desk.
struct Told<'t> {
    book: &'t mut Book,
    told: bool,
    id: InstrumentId,
    out: &'t mut Outbox,
    count: &'t mut FeedCount,
}

impl Sink for Told<'_> {
    fn say(&mut self, data: MarketData) {
        self.book.apply(&data);
        if self.told {
            self.out.say(self.id, data);
        }
    }

    fn note(&mut self, _: usize, fate: Fate) {
        match fate {
            Fate::Duplicate => self.count.duplicates += 1,
            Fate::Gap => self.count.gaps += 1,
            Fate::Unsynced => self.count.unsynced += 1,
            Fate::Applied | Fate::Waiting => {}
        }
    }
}

impl Desk {
    pub(super) fn new(id: InstrumentId) -> Self {
        Self {
            id,
            book: Book::default(),
            quote: None,
            fresh: false,
            told: true,
            calibration: Calibration::default(),
            fetching: Fetching::No,
            fetches: 0,
            synced_at: None,
            edge: Edge::default(),
            duplicates: 0,
        }
    }

    /// Takes market data of the pushes that say what they mean.
    pub(super) fn take(&mut self, data: MarketData, out: &mut Outbox) {
        self.book.apply(&data);
        if let MarketData::Quote(quote) = data {
            self.quote = Some(quote);
            self.fresh = true;
        }
        if self.told {
            out.say(self.id, data);
        }
    }

    /// Takes numbered changes; what is wrong with the book after them, if anything.
    pub(super) fn update(
        &mut self,
        update: Update<'_>,
        out: &mut Outbox,
        count: &mut FeedCount,
    ) -> Option<Trouble> {
        let (told, id) = (self.told, self.id);
        let mut sink = Told { book: &mut self.book, told, id, out, count };
        let fate = self.calibration.update(0, update, &mut sink);
        sink.note(0, fate);
        match fate {
            Fate::Applied => {
                self.duplicates = 0;
                self.look_at_top(out, count).then_some(Trouble::Unsound)
            }
            Fate::Duplicate => {
                self.duplicates += 1;
                (self.duplicates > DUPLICATES_MAX).then_some(Trouble::Unsound)
            }
            Fate::Gap => {
                (self.quote, self.edge) = (None, Edge::default());
                Some(Trouble::Gap)
            }
            Fate::Waiting | Fate::Unsynced => None,
        }
    }

    /// Takes a fetched book in; true where it was of use.
    pub(super) fn snapshot(
        &mut self,
        snapshot: &Snapshot,
        levels_max: Option<usize>,
        now: Duration,
        (out, count): (&mut Outbox, &mut FeedCount),
    ) -> bool {
        // The book is told as a whole when it is complete.
        let mut sink = Told { book: &mut self.book, told: false, id: self.id, out, count };
        match self.calibration.snapshot(snapshot.sequence, &snapshot.levels, &mut sink) {
            Judgement::TooOld => return false,
            Judgement::NotNeeded => return true,
            Judgement::Taken => {}
        }
        self.edge = Edge::of(snapshot, levels_max);
        let was_told = std::mem::replace(&mut self.told, false);
        if self.look_at_top(out, count) {
            self.void(out, count);
            self.told = was_told;
            return false;
        }
        self.synced_at = Some(now);
        self.duplicates = 0;
        true
    }

    /// Tells the best bid and ask where they changed; true where they cannot be true.
    fn look_at_top(&mut self, out: &mut Outbox, count: &mut FeedCount) -> bool {
        let top = self.book.top();
        if top == self.quote {
            return false;
        }
        if self.edge.is_crossed_by(&self.book) {
            return true;
        }
        if let Some(top) = top {
            if top.bid >= top.ask {
                count.crossed += 1;
                return true;
            }
            self.fresh = true;
            if self.told {
                out.say(self.id, MarketData::Quote(top));
            }
        }
        self.quote = top;
        false
    }

    /// The book is in trouble: another is wanted.
    pub(super) fn mend(
        &mut self,
        trouble: Trouble,
        now: Duration,
        (out, count): (&mut Outbox, &mut FeedCount),
    ) {
        if trouble == Trouble::Unsound {
            self.void(out, count);
        }
        if self.fetching == Fetching::No {
            self.want(now);
        }
    }

    /// A fetch is wanted; the more in a row, the later.
    pub(super) fn want(&mut self, now: Duration) {
        let lasted =
            self.synced_at.take().is_some_and(|since| now.saturating_sub(since) >= LASTING);
        if lasted {
            self.fetches = 0;
        }
        let wait = match self.fetches {
            0 => Duration::ZERO,
            again => AGAIN_FIRST.saturating_mul(1 << (again - 1).min(DOUBLINGS_MAX)).min(AGAIN_MAX),
        };
        self.fetches = self.fetches.saturating_add(1);
        self.fetching = Fetching::From(now + wait);
    }

    /// Nothing is known of the book any more.
    pub(super) fn void(&mut self, out: &mut Outbox, count: &mut FeedCount) {
        let held = !self.book.is_empty();
        let mut sink =
            Told { book: &mut self.book, told: self.told && held, id: self.id, out, count };
        self.calibration.restart(&mut sink);
        sink.say(MarketData::DepthReset);
        (self.quote, self.edge, self.duplicates) = (None, Edge::default(), 0);
        self.fetching = Fetching::No;
    }

    /// What was told is lost.
    pub(super) fn forget_told(&mut self) {
        self.told = false;
    }

    /// Tells all that is known where it was not and there is room; true where all is told.
    pub(super) fn catch_up(&mut self, out: &mut Outbox) -> bool {
        if self.told {
            return true;
        }
        // The levels, a reset, the quote, and that it is in step.
        if out.queue.room() < self.book.len() + 3 {
            return false;
        }
        out.say(self.id, MarketData::DepthReset);
        for side in [Side::Buy, Side::Sell] {
            for change in self.book.levels(side) {
                out.say(self.id, MarketData::Depth(change));
            }
        }
        if let Some(quote) = self.quote {
            out.say(self.id, MarketData::Quote(quote));
        }
        if self.calibration.sequence().is_some() {
            let partial = self.edge.is_partial();
            out.tell(FeedEvent::Synced { instrument: self.id, partial });
        }
        self.told = true;
        true
    }
}
