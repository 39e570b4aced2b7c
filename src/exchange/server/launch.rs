//! From options to an exchange that serves until it is told to stop.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;
use tokio::time::sleep;

use super::clock::ExchangeClock;
use super::core::{AccountSpec, Core, CoreOptions};
use super::counters::Counters;
use super::credentials_file::CredentialsFile;
use super::exchange::{Exchange, Opening};
use super::fault::{Injected, Plan, PlanError};
use super::token::Tokens;
use super::{listener, market_task};
use crate::clock;
use crate::exchange::kucoin::credentials::CredentialsError;
use crate::market::{Market, MarketError, Replay, Synthetic};

/// How long the synthetic market was heard before the exchange opens: every book has its levels then.
const WARM_UP: Duration = Duration::from_secs(60);
/// How long websocket clients have to take their close frames in.
const FAREWELL_MAX: Duration = Duration::from_millis(500);
/// How often it is looked whether they have.
const FAREWELL_STEP: Duration = Duration::from_millis(5);

/// What an exchange is started with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Whether that may be an address that others reach.
    pub allow_remote: bool,
    /// The account's file, made where it is missing.
    pub credentials: PathBuf,
    /// Market files; empty means the synthetic market.
    pub replay: Vec<PathBuf>,
    /// Seed of the synthetic market.
    pub seed: u64,
    /// The fault plan.
    pub faults: Option<PathBuf>,
    /// How many times faster than the wall the market runs.
    pub speed: Option<u32>,
    /// Weight of every pool in a window, instead of the plan's.
    pub quota: Option<u32>,
}

/// Said once the exchange can be reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Ready {
    /// The address.
    pub listening: String,
    /// What a client is given as base URL.
    pub base_url: String,
    /// The account's file.
    pub credentials_file: PathBuf,
}

/// Said at the end.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The signal that ended it.
    pub ended: &'static str,
    /// How long it was open, in milliseconds.
    pub open_ms: u64,
    /// What it counted.
    #[serde(flatten)]
    pub counters: Counters,
    /// What each rule of the plan did.
    pub faults: Vec<Injected>,
}

/// Why there is no exchange.
#[derive(Debug)]
pub enum ServerError {
    /// The socket cannot be opened.
    Listen(SocketAddr, io::Error),
    /// The account's file cannot be used.
    Credentials(CredentialsError),
    /// The plan cannot be used.
    Plan(PlanError),
    /// The market cannot go on.
    Market(MarketError),
    /// The system gives no random numbers, signals or runtime.
    System(String),
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            Self::Credentials(error) => error.fmt(f),
            Self::Plan(error) => error.fmt(f),
            Self::Market(error) => error.fmt(f),
            Self::System(error) => f.write_str(error),
        }
    }
}

impl std::error::Error for ServerError {}

/// Serves until SIGTERM or SIGINT. `ready` is called once the exchange can be reached.
pub fn run(
    options: &Options,
    ready: impl FnOnce(&Ready) -> io::Result<()>,
) -> Result<Report, ServerError> {
    let file =
        CredentialsFile::open_or_make(&options.credentials).map_err(ServerError::Credentials)?;
    let mut plan = match &options.faults {
        Some(path) => Plan::read(path).map_err(ServerError::Plan)?,
        None => Plan::default(),
    };
    if let Some(quota) = options.quota {
        let quotas = &mut plan.settings.quotas;
        (quotas.spot, quotas.management, quotas.public) = (quota, quota, quota);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| ServerError::System(format!("no runtime: {error}")))?;
    LocalSet::new().block_on(&runtime, serve(options, &file, &plan, ready))
}

async fn serve(
    options: &Options,
    file: &CredentialsFile,
    plan: &Plan,
    ready: impl FnOnce(&Ready) -> io::Result<()>,
) -> Result<Report, ServerError> {
    let system = |error: io::Error| ServerError::System(error.to_string());
    let mut terminate = signal(SignalKind::terminate()).map_err(system)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(system)?;
    let listening = |error| ServerError::Listen(options.listen, error);
    let listener = listener::bind(options.listen, options.allow_remote).map_err(listening)?;
    let address = listener.local_addr().map_err(listening)?;
    let (mut core, clock) = open_market(options, file)?;
    core.set_open_orders_max(plan.settings.orders);
    let tokens = Tokens::new();
    let tokens = tokens.ok_or_else(|| ServerError::System("no random numbers".to_owned()))?;
    let exchange = Rc::new(Exchange::new(Opening { address, core, clock, file, tokens, plan }));
    // What the plan has in force from the start is so before the first request.
    exchange.catch_up();
    let said = Ready {
        listening: address.to_string(),
        base_url: format!("http://{address}"),
        credentials_file: absolute(&options.credentials),
    };
    ready(&said).map_err(system)?;
    let ended = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
        error = market_task::run(Rc::clone(&exchange)) => return Err(ServerError::Market(error)),
        () = listener::accept(listener, Rc::clone(&exchange)) => "closed",
    };
    farewell(&exchange).await;
    Ok(report(&exchange, ended))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The market and its clock.
fn open_market(
    options: &Options,
    file: &CredentialsFile,
) -> Result<(Core, ExchangeClock), ServerError> {
    let now = clock::wall_now();
    let account = AccountSpec {
        permission: file.permissions.join(","),
        ip_whitelist: (!file.addresses.is_empty())
            .then(|| file.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
        ..AccountSpec::new(file.credentials.key(), file.balances.clone())
    };
    if options.replay.is_empty() {
        let start = now - WARM_UP;
        let market = Market::Synthetic(Synthetic::new(options.seed, start));
        let mut core = Core::new(market, account, CoreOptions { start });
        core.advance(now).map_err(ServerError::Market)?;
        let clock = match options.speed {
            Some(times) => ExchangeClock::from(now, times),
            None => ExchangeClock::wall(),
        };
        return Ok((core, clock));
    }
    let open = || Replay::open(&options.replay);
    // Opened twice: the exchange begins at the first event, and that event is part of its market.
    let first = open().and_then(|mut replay| replay.next()).map_err(ServerError::Market)?;
    let start = first.map_or(now, |event| event.at);
    let market = Market::Replay(open().map_err(ServerError::Market)?);
    let core = Core::new(market, account, CoreOptions { start });
    Ok((core, ExchangeClock::from(start, options.speed.unwrap_or(1))))
}

/// Closes the websocket connections in order, as far as their clients go along.
async fn farewell(exchange: &Exchange) {
    exchange.hub.borrow().close_all();
    let until = clock::monotonic() + FAREWELL_MAX;
    while exchange.hub.borrow().connections() > 0 && clock::monotonic() < until {
        sleep(FAREWELL_STEP).await;
    }
}

fn report(exchange: &Exchange, ended: &'static str) -> Report {
    Report {
        ended,
        open_ms: u64::try_from(exchange.clock.run().as_millis()).unwrap_or(u64::MAX),
        counters: exchange.counters.clone(),
        faults: exchange.injector.borrow().report(),
    }
}
