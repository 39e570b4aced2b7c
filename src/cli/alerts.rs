//! `ibis alerts`

use std::cell::RefCell;
use std::fmt::Write as _;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::{Exit, Failure};
use super::{Global, print_json, print_lines, settings, state_dir};
use crate::alerts::channels::{self, ChannelName};
use crate::alerts::deliver;
use crate::alerts::outbox::summary::{self, Summary};
use crate::alerts::outbox::{DEPTH_WARN, Outbox};
use crate::alerts::probe::{Probe, Tried};
use crate::alerts::rules::Rules;
use crate::clock;
use crate::config::{Directories, Settings};
use crate::domain::time::Timestamp;
use crate::monitoring;
use crate::store;
use crate::systemd::journal;

/// What one pass of `deliver` may take.
const DELIVER_LIMIT: Duration = Duration::from_secs(45);
/// What the journal may take to accept an alert.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Tell a person what happens
#[derive(Debug, Args)]
pub struct Alerts {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send a controlled alert through every channel that is on, and say what came of it
    ///
    /// Exit codes: 0 ok, every channel took it, 1 some did not, 2 none did, 64 usage, 65 corrupt or foreign
    /// data, 75 busy or try again, 78 configuration, or the channel is not on.
    Test {
        /// This channel alone: telegram, webhook, alertmanager, command, journal
        #[arg(long, value_name = "CHANNEL")]
        channel: Option<ChannelName>,
    },
    /// What waits, what was given up, what went wrong, what fires
    ///
    /// Exit codes: 0 ok, 1 degraded: many alerts wait, 3 there is no ledger, 64 usage, 65 corrupt or foreign
    /// data, 75 busy or try again.
    Outbox,
    /// Look at what is new and tell every channel what is due, once
    ///
    /// Exit codes: 0 ok, nothing is left, 1 something waits, 3 there is no ledger, 64 usage, 65 corrupt or
    /// foreign data, 75 busy or try again, 78 configuration.
    Deliver,
    /// Print alert rules for a Prometheus that scrapes the agent, with the thresholds of the configuration
    ///
    /// Exit codes: 0 ok, 64 usage, 78 configuration.
    Rules,
}

/// Runs it.
pub fn run(global: &Global, arguments: &Alerts) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::Test { channel } => test(global, *channel),
        Command::Outbox => outbox(global),
        Command::Deliver => deliver_once(global),
        Command::Rules => rules(global),
    }
}

fn rules(global: &Global) -> anyhow::Result<Exit> {
    let groups = monitoring::rules::all(&settings(global)?);
    if global.json {
        print_json(&json!({ "groups": groups }))?;
    } else {
        print_lines(&monitoring::rule::render(&groups))?;
    }
    Ok(Exit::Ok)
}

fn test(global: &Global, only: Option<ChannelName>) -> anyhow::Result<Exit> {
    let settings = settings(global)?;
    journal::install(log::LevelFilter::Info)?;
    let credentials = Directories::of_process(None).credentials;
    let probe = Probe::new(&settings, credentials, only, clock::wall_now());
    if let (Some(only), true) = (only, probe.channels.is_empty()) {
        let text = format!("{} is empty: {only} is off; set it", only.key().unwrap_or_default());
        return Err(Failure::new(Exit::Config, text).into());
    }
    let directory = state_dir(global);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let is_stored = store::ledger_path(&directory).exists();
    let tried = if is_stored {
        let outbox = Outbox::open(&directory, Rules::from(&*settings.alerts))?;
        runtime.block_on(probe.through(outbox))?
    } else {
        runtime.block_on(probe.past(clock::wall_now()))
    };
    journal::flush(FLUSH_TIMEOUT);
    let exit = verdict(&tried);
    if global.json {
        print_json(
            &json!({ "through_outbox": is_stored, "channels": tried, "exit_code": exit as u8 }),
        )?;
    } else {
        print_lines(&told(&tried, is_stored, &settings))?;
    }
    Ok(exit)
}

/// The journal takes everything: where other channels are on, they decide.
fn verdict(tried: &[Tried]) -> Exit {
    let journal = ChannelName::Journal.as_str();
    let others: Vec<_> = tried.iter().filter(|tried| tried.channel != journal).collect();
    let failed = others.iter().filter(|tried| !tried.delivered).count();
    match failed {
        0 => Exit::Ok,
        failed if failed == others.len() => Exit::Critical,
        _ => Exit::Degraded,
    }
}

fn told(tried: &[Tried], is_stored: bool, settings: &Settings) -> String {
    let line = |tried: &Tried| match tried.delivered {
        true => format!("{:<12}  delivered\n", tried.channel),
        false => format!("{:<12}  FAILED: {}\n", tried.channel, tried.detail),
    };
    let mut text: String = tried.iter().map(line).collect();
    if !is_stored {
        text.push_str("there is no ledger yet: sent past the outbox\n");
    }
    if Rules::from(&*settings.alerts).channels.len() == 1 {
        text.push_str("only the journal is on; the others: [alerts] in the configuration\n");
    }
    text
}

fn outbox(global: &Global) -> anyhow::Result<Exit> {
    let summary = summary::look(&store::open_reader(&state_dir(global))?)?;
    if global.json {
        print_json(&summary)?;
    } else {
        print_lines(&text(&summary))?;
    }
    Ok(if summary.depth > DEPTH_WARN { Exit::Degraded } else { Exit::Ok })
}

fn text(summary: &Summary) -> String {
    let mut text = format!("depth: {}\ndropped: {}\n", summary.depth, summary.dropped);
    let mut line = |line: String| {
        writeln!(text, "{line}").expect("writing to a String cannot fail");
    };
    for (name, channel) in &summary.channels {
        let since = channel.pending_since_us.map(Timestamp::from_us);
        let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
        let error = channel.last_error.as_ref().map(|error| format!("  last error: {error}"));
        line(format!(
            "{name:<12}  pending {}{since}  delivered {}  dead {}{}",
            channel.pending,
            channel.delivered,
            channel.dead,
            error.unwrap_or_default()
        ));
    }
    for firing in &summary.firing {
        let since = Timestamp::from_us(firing.since_us);
        line(format!(
            "fires: {:<8}  {}  {} since {since}",
            firing.severity, firing.key, firing.title
        ));
    }
    text
}

fn deliver_once(global: &Global) -> anyhow::Result<Exit> {
    let settings = settings(global)?;
    journal::install(log::LevelFilter::Info)?;
    let directory = state_dir(global);
    let outbox = RefCell::new(Outbox::open(&directory, Rules::from(&*settings.alerts))?);
    let channels = channels::of(&settings, Directories::of_process(None).credentials);
    let sender = channels::sender(&settings);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let pass = deliver::pass(&outbox, &channels, &sender);
    let passed = runtime.block_on(async { tokio::time::timeout(DELIVER_LIMIT, pass).await });
    journal::flush(FLUSH_TIMEOUT);
    // Where time ran out, what is left says so.
    passed.unwrap_or(Ok(()))?;
    let depth = summary::look(&store::open_reader(&directory)?)?.depth;
    if global.json {
        print_json(&json!({ "pending": depth }))?;
    } else {
        print_lines(&format!("pending: {depth}\n"))?;
    }
    Ok(if depth > 0 { Exit::Degraded } else { Exit::Ok })
}
