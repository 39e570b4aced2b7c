//! The venue behind the network at a start: credentials, preflight, instruments, feed, candles.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use super::Options;
use super::error::AgentError;
use super::pace::{Pace, PaceClock};
use crate::clock;
use crate::config::Settings;
use crate::config::settings::{self as config, Mode};
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::Instrument;
use crate::domain::market_data::Candle;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::credentials::Credentials;
use crate::exchange::kucoin::feed::{BookSource, Feed, FeedSettings, Sources};
use crate::exchange::kucoin::preflight::{self, FailureClass, PreflightCheck, Verdict, Wanted};
use crate::exchange::kucoin::protocol::candle::{CandleRow, CandleType};
use crate::exchange::kucoin::rest::{Failure, Rest, RestSettings};
use crate::exchange::kucoin::venue::{AccountView, KucoinSettings, KucoinVenue, StartFrom};
use crate::exchange::kucoin::ws::WsSettings;
use crate::exchange::kucoin::ws::private::PrivateChannel;
use crate::exchange::kucoin::ws::{dialer, private_bullets};
use crate::net::dial::DialLimits;
use crate::net::tls::Tls;
use crate::recorder::recorded_engine::RecordedEngine;
use crate::systemd::notify::Notifier;

/// The first wait for a venue that is away; each further one doubles it ...
const WAIT_FIRST: Duration = Duration::from_secs(1);
/// ... up to this.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// What one look at the venue may take, for the service manager's patience.
const LOOK_MAX: Duration = Duration::from_secs(120);
/// Candles one request gives at most (KuCoin).
const CANDLES_MAX: usize = 1_500;

/// What the ledger holds something of.
pub(super) struct Held {
    pub(super) symbols: Vec<Symbol>,
    /// As the venue described them when they were last traded.
    pub(super) known: Vec<Instrument>,
}

impl Held {
    /// These instruments, and those held ones that are not among them, as they were.
    fn with_delisted(&self, mut instruments: Vec<Instrument>) -> Vec<Instrument> {
        for held in &self.known {
            if !instruments.iter().any(|listed| listed.symbol() == held.symbol()) {
                instruments.push(held.clone());
            }
        }
        instruments
    }
}

/// The venue, looked at and found fit to trade at.
pub(super) struct Online {
    rest: Rest,
    /// Those that are listed first, then those that are no more.
    instruments: Vec<Instrument>,
    listed: usize,
    dial_limits: DialLimits,
}

impl Online {
    /// Reaches the venue and learns its instruments. Under a service manager a venue that is away is
    /// waited for, as long as it takes; elsewhere it is an error at once.
    pub(super) async fn open(
        options: &Options,
        settings: &Settings,
        held: &Held,
        notifier: &mut Notifier,
    ) -> Result<Self, AgentError> {
        let rest = client(options, settings)?;
        let mut wait = WAIT_FIRST;
        loop {
            notifier.status("looking at the venue");
            notifier.extend_timeout(LOOK_MAX);
            match Self::reach(&rest, settings, held).await {
                Err(AgentError::Venue(why)) if notifier.is_heard() => {
                    log::warn!("{why}; next look in {} s", wait.as_secs());
                    notifier.status(&format!("waiting for the venue: {why}"));
                    notifier.extend_timeout(wait + LOOK_MAX);
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(WAIT_MAX);
                }
                reached => return reached,
            }
        }
    }

    async fn reach(rest: &Rest, settings: &Settings, held: &Held) -> Result<Self, AgentError> {
        let wanted = wanted(settings, &held.symbols);
        let found = preflight::judge(&wanted, &preflight::gather(rest, &wanted).await);
        for check in found.checks.iter().filter(|check| check.verdict != Verdict::Ok) {
            log::warn!("preflight: {check}");
        }
        let failed = |check: &&PreflightCheck| check.failure_class == found.failure_class();
        match (found.failure_class(), found.checks.iter().find(failed)) {
            (Some(class), Some(check)) => Err(unfit(class, check)),
            _ => Ok(Self {
                rest: rest.clone(),
                listed: found.instruments.len(),
                instruments: held.with_delisted(found.instruments),
                dial_limits: DialLimits {
                    connect: settings.exchange.request_timeout,
                    tls: settings.exchange.request_timeout,
                },
            }),
        }
    }

    /// The venue's instruments that are to be traded, in the order of the configuration.
    pub(super) fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// The client.
    pub(super) fn rest(&self) -> &Rest {
        &self.rest
    }

    fn listed(&self) -> &[Instrument] {
        self.instruments.get(..self.listed).unwrap_or_default()
    }

    /// The market's clock: the wall's, or for a clock of its own the venue's book's.
    pub(super) async fn market_time(&self, pace: Pace) -> Result<Timestamp, AgentError> {
        let first = self.instruments.first().filter(|_| pace != Pace::Wall);
        let Some(instrument) = first else { return Ok(clock::wall_now()) };
        let symbol = instrument.symbol();
        let top = self.rest.level1(symbol.as_str()).await.map_err(|failure| refused(&failure))?;
        Ok(Timestamp::from_ms(top.time))
    }

    /// The account's venue, connected, and how the account stands.
    pub(super) async fn venue(
        &self,
        settings: &Settings,
        mut from: StartFrom,
        now: Timestamp,
    ) -> Result<(KucoinVenue, AccountView), AgentError> {
        let delisted = self.instruments.get(self.listed..).unwrap_or_default();
        from.delisted = delisted.iter().map(Instrument::symbol).collect();
        let exchange = &settings.exchange;
        let venue = KucoinSettings {
            order_window: exchange.order_window,
            request_timeout: exchange.request_timeout,
            dead_man_timeout: exchange.dead_man_timeout,
            reconcile_interval: settings.reconcile.interval,
        };
        let private = PrivateChannel::start(
            WsSettings::default(),
            private_bullets(&self.rest),
            dialer(Tls::new(), self.dial_limits),
            Rc::default(),
        );
        let (rest, instruments) = (self.rest.clone(), self.instruments.clone());
        KucoinVenue::start(rest, private, instruments, venue, from, now)
            .await
            .map_err(|failure| refused(&failure))
    }

    /// The venue's market data from now on, stamped by this clock.
    pub(super) fn feed(&self, settings: &Settings, clock: PaceClock) -> Result<Feed, AgentError> {
        let book = match settings.market.book {
            config::BookSource::Level1 => BookSource::Level1,
            config::BookSource::Depth5 => BookSource::Depth5,
            config::BookSource::Level2 => BookSource::Level2,
        };
        let dialer = dialer(Tls::new(), self.dial_limits);
        let sources = Sources::of_rest(&self.rest, dialer, Rc::new(move || clock.now()));
        let wanted = FeedSettings::new(self.listed().to_vec(), book);
        Feed::start(&wanted, sources, Rc::default())
            .map_err(|error| AgentError::Mismatch(format!("market.symbols: {error}")))
    }

    /// Gives the averages the venue's candles. Without them the first signals come later.
    pub(super) async fn warm_up(
        &self,
        engine: &mut RecordedEngine,
        settings: &Settings,
        now: Timestamp,
    ) {
        let interval = settings.strategy.candle_interval;
        let seconds = i64::try_from(interval.as_secs()).unwrap_or(i64::MAX);
        let Some(candle) = CandleType::of_seconds(seconds) else {
            log::warn!("the venue has no candles of {interval:?}: the averages begin empty");
            return;
        };
        let count = usize::try_from(settings.strategy.slow_candles).unwrap_or(0) + 1;
        let span = interval * u32::try_from(count.min(CANDLES_MAX)).unwrap_or(u32::MAX);
        for (id, instrument) in (0u16..).map(InstrumentId).zip(self.listed()) {
            let symbol = instrument.symbol();
            match self.rest.candles(symbol.as_str(), candle, now - span, now).await {
                Ok(rows) => {
                    let open_at = now.floor_to_us(seconds.saturating_mul(1_000_000));
                    // Newest first, and the newest still forms.
                    let closed = rows.iter().rev().filter_map(|row| of_row(instrument, row));
                    let closed: Vec<Candle> =
                        closed.filter(|candle| candle.open_at < open_at).collect();
                    engine.warm_up(id, &closed, now);
                }
                Err(failure) => log::warn!("{symbol}: no candles to begin with: {failure}"),
            }
        }
    }
}

/// A client with the credentials that the mode needs: market data alone needs none.
fn client(options: &Options, settings: &Settings) -> Result<Rest, AgentError> {
    let exchange = &settings.exchange;
    let credentials = match settings.agent.mode {
        Mode::Paper => None,
        Mode::Live => {
            let file = Path::new(&exchange.credentials_file);
            let directory = options.directories.credentials.as_deref();
            let loaded = Credentials::load(file, directory);
            Some(loaded.map_err(|error| AgentError::Credentials(error.to_string()))?)
        }
    };
    let mut client = RestSettings::new(&exchange.base_url)
        .map_err(|error| AgentError::Mismatch(format!("exchange.base_url: {error}")))?;
    client.connect_timeout = exchange.request_timeout;
    client.tls_timeout = exchange.request_timeout;
    client.answer_timeout = exchange.request_timeout;
    Ok(Rest::new(client, credentials.as_ref()))
}

/// The pairs to trade, and those that the ledger holds something of: they are looked after, too.
fn wanted(settings: &Settings, held: &[Symbol]) -> Wanted {
    let mut symbols = settings.market.symbols.clone();
    symbols.extend(held.iter().filter(|held| !settings.market.symbols.contains(held)));
    Wanted {
        symbols,
        held: held.to_vec(),
        needs_account: settings.agent.mode == Mode::Live,
        allow_withdrawal: settings.exchange.allow_withdrawal_key,
        entry_min: settings.risk.notional_min,
    }
}

/// A failed check, by what a person can do about it.
fn unfit(class: FailureClass, check: &PreflightCheck) -> AgentError {
    match class {
        FailureClass::Venue => AgentError::Venue(check.to_string()),
        FailureClass::Config => AgentError::Mismatch(check.to_string()),
        FailureClass::Credentials => AgentError::Credentials(check.to_string()),
    }
}

/// A failure of the venue, by what a person can do about it.
fn refused(failure: &Failure) -> AgentError {
    match failure {
        Failure::Unauthorized(_) => AgentError::Credentials(failure.to_string()),
        Failure::Rejected(_)
        | Failure::NotFound(_)
        | Failure::Duplicate(_)
        | Failure::Unresolved(_)
        | Failure::Unavailable(_)
        | Failure::Clock(_)
        | Failure::RateLimited { .. }
        | Failure::Maintenance(_)
        | Failure::Halted(_)
        | Failure::Malformed(_) => AgentError::Venue(failure.to_string()),
    }
}

fn of_row(instrument: &Instrument, row: &CandleRow) -> Option<Candle> {
    let price = |price| instrument.price_floor(price).ok();
    Some(Candle {
        open_at: Timestamp::from_us(row.start.checked_mul(1_000_000)?),
        open: price(row.open)?,
        high: price(row.high)?,
        low: price(row.low)?,
        close: price(row.close)?,
        volume: instrument.quantity_floor(row.volume).ok()?,
    })
}
