//! `ibis events`: the ledger's events, and the reasons behind one order.

use std::io::{self, Write as _};
use std::time::Duration;

use clap::Args;

use super::exit::{Exit, Failure};
use super::{Global, print_json, print_lines, state_dir};
use crate::domain::time::Timestamp;
use crate::ops::events::select::{self, Wanted};
use crate::ops::events::summary::summary;
use crate::ops::events::why::{self, WhyLine};
use crate::ops::events::{EventLine, clock};
use crate::store::event::EventRow;
use crate::store::{self, chain};

/// Events shown where nobody says how many.
const COUNT: usize = 20;
/// How often a followed ledger is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Print the ledger's events, the newest last; say why an order was sent
///
/// Reads the ledger alone; the agent may run or not. Exit codes: 0 ok, 3 there is no ledger or no such
/// order, 64 usage, 65 corrupt or foreign data, 75 busy or try again.
#[derive(Debug, Args)]
pub struct Events {
    /// Show so many [default: 20; all with --since or --until]
    #[arg(short = 'n', long, value_name = "COUNT")]
    lines: Option<usize>,
    /// Go on with what comes
    #[arg(short, long, conflicts_with = "until")]
    follow: bool,
    /// Not before this time of the engine's clock: 2026-02-19T20:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Not after this time
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Only of this kind: decision, intent, order, fill, hold_set, ...; may be repeated
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only about this instrument: BTC-USDT
    #[arg(long, value_name = "SYMBOL")]
    symbol: Option<String>,
    /// The chain behind an order: signal, risk, intent, answers, fills, what it earned
    ///
    /// A client order id, a venue order id or a trade id (of several the newest).
    #[arg(long, value_name = "ORDER_ID")]
    #[arg(conflicts_with_all = ["lines", "follow", "since", "until", "kind", "symbol"])]
    why: Option<String>,
}

/// Runs it. A reader that left early (`| head`) is no error, and ends a tail that follows.
pub fn run(global: &Global, arguments: &Events) -> anyhow::Result<Exit> {
    match print(global, arguments) {
        Err(error) if is_gone(&error) => Ok(Exit::Ok),
        printed => printed,
    }
}

fn is_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn print(global: &Global, arguments: &Events) -> anyhow::Result<Exit> {
    let ledger = store::open_reader(&state_dir(global))?;
    if let Some(id) = &arguments.why {
        return run_why(global, &ledger, id);
    }
    let wanted = Wanted {
        since: arguments.since,
        until: arguments.until,
        kinds: arguments.kind.clone(),
        symbol: arguments.symbol.clone(),
    };
    let whole = arguments.since.is_some() || arguments.until.is_some();
    let head = chain::head(&ledger)?.seq;
    match (arguments.lines, whole) {
        (None, true) => {
            let start = select::start(&ledger, &wanted)?;
            select::for_each(&ledger, &wanted, start, |row| show(global, &row))?;
        }
        (count, _) => {
            for row in select::tail(&ledger, &wanted, count.unwrap_or(COUNT))? {
                show(global, &row)?;
            }
        }
    }
    if arguments.follow {
        follow(global, &ledger, &wanted, head)?;
    }
    Ok(Exit::Ok)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a tail of its own process: there is no loop to block"
)]
fn follow(
    global: &Global,
    ledger: &rusqlite::Connection,
    wanted: &Wanted,
    mut seq: i64,
) -> anyhow::Result<()> {
    loop {
        seq = select::for_each(ledger, wanted, seq, |row| show(global, &row))?;
        std::thread::sleep(LOOK_EVERY);
    }
}

fn run_why(global: &Global, ledger: &rusqlite::Connection, id: &str) -> anyhow::Result<Exit> {
    let Some(why) = why::why(ledger, id)? else {
        let what = format!("the ledger has no order {id:?}; see ibis events --kind intent");
        return Err(Failure::new(Exit::Insufficient, what).into());
    };
    if global.json {
        print_json(&WhyLine::of(&why))?;
    } else {
        print_lines(&why::text(&why))?;
    }
    Ok(Exit::Ok)
}

fn show(global: &Global, row: &EventRow) -> anyhow::Result<()> {
    if global.json {
        let Some(line) = EventLine::of(row) else {
            let what = format!("event {} is damaged; see ibis db check", row.seq);
            return Err(Failure::new(Exit::Data, what).into());
        };
        return Ok(writeln!(io::stdout(), "{}", serde_json::to_string(&line)?)?);
    }
    let EventRow { seq, at, kind, reference, .. } = row;
    let (at, what) = (clock(*at), summary(row));
    Ok(writeln!(io::stdout(), "{at} {seq:>7} {kind:<12} {reference:<20} {what}")?)
}
