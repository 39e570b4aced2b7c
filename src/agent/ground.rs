//! What a session stands on: its market, its clock, its instruments, its venue. Paper or live, made
//! here or learnt from the venue.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::error::AgentError;
use super::online::{Held, Online};
use super::pace::{Pace, PaceClock};
use super::source::Source;
use super::venue_link::{PaperLink, VenueLink};
use super::{Options, restore};
use crate::clock;
use crate::config::Settings;
use crate::config::settings::{MarketSource, Mode};
use crate::domain::instrument::{FeeClass, Instrument, InstrumentSpec};
use crate::domain::market_data::MarketEvent;
use crate::domain::time::Timestamp;
use crate::engine::reconcile::{Known, VenueSnapshot};
use crate::exchange::kucoin::rest::Rest;
use crate::exchange::paper::{PaperSettings, account_store};
use crate::market::{Market, Replay, Synthetic};
use crate::recorder::recorded_engine::RecordedEngine;
use crate::systemd::notify::Notifier;

/// Where a market with a clock of its own begins on a new ledger: 2026-01-01T00:00:00Z. Fixed, so
/// that the same seed gives the same ledger.
const VIRTUAL_EPOCH: Timestamp = Timestamp::from_ms(1_767_225_600_000);
/// How far a clock may be behind the ledger before that is an error: an NTP step, not a wrong year.
const CLOCK_BEHIND_MAX: Duration = Duration::from_secs(5);

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub(super) options: &'a Options,
    pub(super) settings: &'a Settings,
    pub(super) replay: Option<Replay>,
    /// The latest instant the ledger knows.
    pub(super) seen_until: Option<Timestamp>,
    /// Instruments that the ledger holds something of.
    pub(super) held: Held,
}

/// What a session stands on.
pub(super) struct Ground {
    pub(super) source: Source,
    pub(super) instruments: Vec<Instrument>,
    /// The market's clock at the start.
    pub(super) now: Timestamp,
    /// The running clock, where the market's events are stamped by it already.
    pub(super) clock: Option<PaceClock>,
    /// The first event, where it had to be read to know the clock.
    pub(super) first: Option<MarketEvent>,
    /// The venue's client, where market or orders are the venue's.
    pub(super) rest: Option<Rest>,
    /// The venue, where market or orders are its.
    online: Option<Online>,
}

/// The market's name in the ledger.
pub(super) fn name(settings: &Settings, replayed: bool) -> &'static str {
    match (replayed, is_online(settings)) {
        (true, _) => "replay",
        (false, true) => "kucoin",
        (false, false) => "synthetic",
    }
}

fn is_online(settings: &Settings) -> bool {
    settings.agent.mode == Mode::Live || settings.market.source == MarketSource::Kucoin
}

/// Prepares the ground: nothing is traded or written yet.
pub(super) async fn prepare(
    wanted: Wanted<'_>,
    notifier: &mut Notifier,
) -> Result<Ground, AgentError> {
    if wanted.replay.is_none() && is_online(wanted.settings) {
        return venue_ground(wanted, notifier).await;
    }
    let Wanted { options, settings, replay, seen_until, .. } = wanted;
    let now = first_instant(options.pace, seen_until)?;
    let (mut market, replayed) = match replay {
        Some(replay) => (Market::Replay(replay), true),
        None => (Market::Synthetic(Synthetic::new(settings.market.seed, now)), false),
    };
    let first = if replayed { market.next()? } else { None };
    let now = first.map_or(now, |event| event.at.max(seen_until.unwrap_or(event.at)));
    let instruments = priced(market.instruments(), settings)?;
    let source = Source::Local(Box::new(market));
    Ok(Ground { source, instruments, now, clock: None, first, rest: None, online: None })
}

async fn venue_ground(wanted: Wanted<'_>, notifier: &mut Notifier) -> Result<Ground, AgentError> {
    let Wanted { options, settings, seen_until, held, .. } = wanted;
    let online = Online::open(options, settings, &held, notifier).await?;
    let now = online.market_time(options.pace).await?;
    if options.pace == Pace::Wall {
        behind(now, seen_until)?;
    }
    // A clock of its own goes on where the ledger stands, should the venue's market be late.
    let now = seen_until.map_or(now, |seen| seen.max(now));
    let live = settings.agent.mode == Mode::Live;
    let instruments = match live {
        true => online.instruments().to_vec(),
        false => priced(online.instruments(), settings)?,
    };
    // One clock for all: an event must not be stamped later than the session reads.
    let clock = PaceClock::new(options.pace, now);
    let feed = online.feed(settings, clock)?;
    let source = Source::Live(feed);
    let (rest, clock) = (Some(online.rest().clone()), Some(clock));
    Ok(Ground { source, instruments, now, clock, first: None, rest, online: Some(online) })
}

impl Ground {
    /// The venue, and what it says of the account.
    pub(super) async fn link(
        &self,
        settings: &Settings,
        state_dir: &Path,
        ledger: &Connection,
        known: &Known,
    ) -> Result<(VenueLink, VenueSnapshot), AgentError> {
        match &self.online {
            Some(online) if settings.agent.mode == Mode::Live => {
                let from = restore::start_from(&self.instruments, ledger, known, self.now)?;
                let (venue, view) = online.venue(settings, from, self.now).await?;
                let snapshot = restore::live_snapshot(view);
                Ok((VenueLink::Kucoin(Box::new(venue)), snapshot))
            }
            Some(_) | None => {
                let paper = paper_settings(settings);
                let deposit = &settings.paper.deposit;
                let (venue, account) =
                    account_store::open(state_dir, &self.instruments, paper, deposit)?;
                let snapshot = restore::paper_snapshot(&self.instruments, known, &venue, &account)?;
                Ok((VenueLink::Paper(Box::new(PaperLink::new(venue, account))), snapshot))
            }
        }
    }

    /// The averages need their candles before the first signal: the venue has them.
    pub(super) async fn warm_up(&self, engine: &mut RecordedEngine, settings: &Settings) {
        if let Some(online) = &self.online {
            online.warm_up(engine, settings, self.now).await;
        }
    }
}

/// Where the market's clock begins. It never goes behind what the ledger has seen.
fn first_instant(pace: Pace, seen_until: Option<Timestamp>) -> Result<Timestamp, AgentError> {
    if pace != Pace::Wall {
        return Ok(seen_until.unwrap_or(VIRTUAL_EPOCH).max(VIRTUAL_EPOCH));
    }
    let now = clock::wall_now();
    behind(now, seen_until)?;
    Ok(now)
}

/// Refuses a clock that is behind what the ledger has seen.
fn behind(now: Timestamp, seen_until: Option<Timestamp>) -> Result<(), AgentError> {
    match seen_until {
        Some(seen) if seen > now + CLOCK_BEHIND_MAX => Err(AgentError::Busy(format!(
            "the clock reads {now}, but the ledger has seen {seen}; set the clock, or name another \
             --state-dir"
        ))),
        Some(_) | None => Ok(()),
    }
}

/// Where the fees of this run come from, for the ledger. Rates that are not the venue's published ones
/// were typed by somebody, and what is earned under them proves nothing about the venue.
pub(super) fn fee_source(settings: &Settings) -> String {
    if settings.agent.mode == Mode::Live {
        return "api:kucoin:trade-fees".to_owned();
    }
    let paper = &settings.paper;
    let typed: Vec<&str> = [
        ("paper.fee_class_a", paper.fee_class_a, FeeClass::A),
        ("paper.fee_class_b", paper.fee_class_b, FeeClass::B),
        ("paper.fee_class_c", paper.fee_class_c, FeeClass::C),
    ]
    .into_iter()
    .filter(|(_, rate, class)| *rate != class.rate())
    .map(|(key, ..)| key)
    .collect();
    if typed.is_empty() {
        "project:fee_classes".to_owned()
    } else {
        format!("manual:{}", typed.join(","))
    }
}

/// The market's instruments with the configured fees of their class.
fn priced(instruments: &[Instrument], settings: &Settings) -> Result<Vec<Instrument>, AgentError> {
    let rate = |class| match class {
        FeeClass::A => settings.paper.fee_class_a,
        FeeClass::B => settings.paper.fee_class_b,
        FeeClass::C => settings.paper.fee_class_c,
    };
    let price = |instrument: &Instrument| {
        let spec = instrument.spec();
        let (maker_fee, taker_fee) = (rate(spec.fee_class), rate(spec.fee_class));
        Instrument::new(InstrumentSpec { maker_fee, taker_fee, ..spec.clone() })
            .map_err(|error| AgentError::Mismatch(format!("{}: {error}", spec.symbol)))
    };
    instruments.iter().map(price).collect()
}

fn paper_settings(settings: &Settings) -> PaperSettings {
    let us = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    PaperSettings {
        latency_us: us(settings.paper.order_latency),
        report_latency_us: us(settings.paper.report_latency),
        latency_jitter_us: us(settings.paper.latency_jitter),
        seed: settings.market.seed,
    }
}
