//! `ibis replay`: what was recorded, run again; a piece of it, cut out as a case.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::{Global, print_json, print_lines, state_dir};
use crate::domain::time::{DAY_US, Timestamp};
use crate::ops::replay::extract::{self, About, Cut};
use crate::ops::replay::select::{self, Wanted};
use crate::ops::replay::{ReplayError, Report, case, verify};
use crate::recorder::header::Expect;
use crate::store;

/// Run what the agent recorded again, and compare every action and event
///
/// With --from-ledger everything on record, or a part of it; with --extract one incident is cut out
/// as a case; with the name of a case that one. (Market files are replayed by ibis agent --replay.)
/// Exit codes: 0 ok, 2 it differs or breaks an invariant, 3 nothing is recorded or a part is
/// missing, 64 usage, 65 damaged recording or ledger, 75 busy or try again.
#[derive(Debug, Args)]
pub struct Replay {
    /// Run these cases, each on its own
    #[arg(value_name = "CASE", conflicts_with_all = ["from_ledger", "extract"])]
    cases: Vec<PathBuf>,
    /// Run the recording of the state directory, and compare it with the ledger
    #[arg(long, conflicts_with = "extract")]
    from_ledger: bool,
    /// Only this UTC day of the engine's clock
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day, requires = "from_ledger")]
    #[arg(conflicts_with_all = ["from", "to", "run"])]
    date: Option<Timestamp>,
    /// Only what touches the time from here on
    #[arg(long, value_name = "TIME", requires = "from_ledger", conflicts_with = "run")]
    from: Option<Timestamp>,
    /// Only what touches the time before this
    #[arg(long, value_name = "TIME", requires = "from_ledger", conflicts_with = "run")]
    to: Option<Timestamp>,
    /// Only this start of the agent
    #[arg(long, value_name = "N", requires = "from_ledger")]
    run: Option<u32>,
    /// Cut a case out of the recording
    #[arg(long, requires = "output", requires = "about")]
    extract: bool,
    #[command(flatten)]
    about: AboutArguments,
    /// Begin the case this long before
    #[arg(long, value_name = "DURATION", value_parser = super::agent::duration)]
    #[arg(default_value = "1s", requires = "extract")]
    before: Duration,
    /// End it this long after
    #[arg(long, value_name = "DURATION", value_parser = super::agent::duration)]
    #[arg(default_value = "1s", requires = "extract")]
    after: Duration,
    /// Begin it with the start of the run
    #[arg(long, requires = "extract")]
    whole: bool,
    /// What the case promises: the same actions, or only that no invariant breaks
    #[arg(long, value_name = "WHAT", default_value = "same", requires = "extract")]
    expect: ExpectWord,
    /// Where the case goes
    #[arg(long, value_name = "FILE", requires = "extract")]
    output: Option<PathBuf>,
    /// Write into the cases what this ibis does: after a change that was meant
    #[arg(long, requires = "cases")]
    accept: bool,
}

#[derive(Debug, Args)]
#[group(id = "about", multiple = false, requires = "extract")]
struct AboutArguments {
    /// A case about this order: a client order id, a venue order id or a trade id
    #[arg(long, value_name = "ID")]
    order: Option<String>,
    /// A case about what happened around then
    #[arg(long, value_name = "TIME")]
    around: Option<Timestamp>,
    /// A case about this event of the ledger
    #[arg(long, value_name = "SEQ")]
    event: Option<i64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ExpectWord {
    Same,
    Invariants,
}

fn day(text: &str) -> Result<Timestamp, String> {
    format!("{text}T00:00:00Z").parse().map_err(|_error| "write it as 2026-02-19".to_owned())
}

/// Runs it.
pub fn run(global: &Global, arguments: &Replay) -> anyhow::Result<Exit> {
    if !arguments.cases.is_empty() {
        return run_cases(global, arguments);
    }
    if !arguments.from_ledger && !arguments.extract {
        let what = "replay: name a case, or say --from-ledger or --extract; see ibis replay --help";
        return Err(Failure::new(Exit::Usage, what).into());
    }
    let directory = state_dir(global);
    let ledger = store::open_reader(&directory)?;
    if arguments.extract {
        return run_extract(global, arguments, &directory, &ledger);
    }
    let runs = select::select(&directory, wanted(arguments)).map_err(failure)?;
    let report = verify::verify(&ledger, &runs).map_err(failure)?;
    show(global, &report, "")?;
    Ok(report.severity().into())
}

fn wanted(arguments: &Replay) -> Wanted {
    let end = |day: Timestamp| Timestamp::from_us(day.us() + DAY_US);
    match (arguments.run, arguments.date, arguments.from, arguments.to) {
        (Some(run), ..) => Wanted::Run(run),
        (None, Some(day), ..) => Wanted::Span(day, end(day)),
        (None, None, None, None) => Wanted::All,
        (None, None, from, to) => Wanted::Span(
            from.unwrap_or(Timestamp::from_us(i64::MIN)),
            to.unwrap_or(Timestamp::from_us(i64::MAX)),
        ),
    }
}

fn run_cases(global: &Global, arguments: &Replay) -> anyhow::Result<Exit> {
    let mut worst = Exit::Ok;
    for path in &arguments.cases {
        if let Err(error) = std::fs::metadata(path) {
            return Err(Failure::new(Exit::Usage, format!("{}: {error}", path.display())).into());
        }
        let report = if arguments.accept { case::accept(path) } else { case::run(path) };
        let report = report.map_err(failure)?;
        show(global, &report, &format!("{}: ", path.display()))?;
        worst = worst.max(report.severity().into());
    }
    Ok(worst)
}

fn run_extract(
    global: &Global,
    arguments: &Replay,
    directory: &Path,
    ledger: &rusqlite::Connection,
) -> anyhow::Result<Exit> {
    let AboutArguments { order, around, event } = &arguments.about;
    let about = match (order, around, event) {
        (Some(id), ..) => About::Order(id.clone()),
        (None, Some(at), _) => About::Instant(*at),
        (None, None, Some(seq)) => About::Event(*seq),
        (None, None, None) => return Err(Failure::new(Exit::Usage, "--extract: of what?").into()),
    };
    let Some(output) = &arguments.output else {
        return Err(Failure::new(Exit::Usage, "--extract needs --output FILE").into());
    };
    let expect = match arguments.expect {
        ExpectWord::Same => Expect::Same,
        ExpectWord::Invariants => Expect::Invariants,
    };
    let (before, after, whole) = (arguments.before, arguments.after, arguments.whole);
    let cut = Cut { about, before, after, whole, expect };
    let extracted = extract::extract(directory, ledger, &cut, output).map_err(failure)?;
    if global.json {
        print_json(&extracted)?;
    } else {
        let extract::Extracted { run, first_input, inputs, bytes } = extracted;
        let path = output.display();
        print_lines(&format!(
            "{path}: {inputs} inputs of run {run} from number {first_input}, {bytes} bytes\n"
        ))?;
    }
    Ok(Exit::Ok)
}

fn show(global: &Global, report: &Report, name: &str) -> anyhow::Result<()> {
    if global.json { print_json(report) } else { print_lines(&format!("{name}{report}")) }
}

fn failure(error: ReplayError) -> anyhow::Error {
    let exit = match &error {
        ReplayError::Nothing(_) => Exit::Insufficient,
        ReplayError::Damage(_) => Exit::Data,
        ReplayError::Io(..) => Exit::TryAgain,
        ReplayError::Departs(_) => Exit::Critical,
        ReplayError::Ledger(_) => return anyhow::Error::from(error),
    };
    Failure::new(exit, error.to_string()).into()
}
