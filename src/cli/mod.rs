//! What the user types. A file per subcommand: arguments in, one call, rendering out.

pub mod agent;
pub mod alerts;
pub mod db;
pub mod drift;
pub mod end_report;
pub mod events;
pub mod exchange;
pub mod exec_integrity;
pub mod exit;
pub mod failure_report;
pub mod force_exit;
pub mod healthcheck;
pub mod hourly_kpi;
pub mod job;
pub mod kill;
pub mod log_retention;
mod operator;
pub mod pause;
pub mod preflight;
pub mod replay;
pub mod status;
pub mod trades;
pub mod validate;
mod venue;

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Directories, Settings, Sources};
use exit::{Exit, exit_of};

/// Systemd-native 24/7 spot trading agent
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every subcommand.
#[derive(Debug, Args)]
pub struct Global {
    /// Read this configuration file; may be repeated, later ones win
    #[arg(long = "config", value_name = "FILE", global = true)]
    pub config: Vec<PathBuf>,
    /// Keep state here [default: $STATE_DIRECTORY, else ./data; to look at an agent, without either, /var/lib/ibis]
    #[arg(long, value_name = "DIR", global = true)]
    pub state_dir: Option<PathBuf>,
    /// Print JSON for programs
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Agent(agent::Agent),
    HourlyKpi(hourly_kpi::HourlyKpi),
    LogRetention(log_retention::LogRetention),
    /// Is it well? What does it hold, what may it do?
    ///
    /// Exit codes: 0 ok, 1 degraded, 2 critical, 64 usage, 78 configuration.
    Status,
    /// Check the agent and everything it needs; reports, never repairs
    ///
    /// Exit codes: 0 ok, 1 degraded, 2 critical, 3 insufficient evidence, 64 usage, 78 configuration.
    Healthcheck,
    ExecIntegrity(exec_integrity::ExecIntegrity),
    Kill(kill::Kill),
    Pause(pause::Pause),
    Resume(pause::Resume),
    ForceExit(force_exit::ForceExit),
    Preflight(preflight::PreflightArguments),
    Exchange(exchange::Exchange),
    Alerts(alerts::Alerts),
    FailureReport(failure_report::FailureReport),
    EndReport(end_report::EndReport),
    Db(db::Db),
    Drift(drift::Drift),
    Events(events::Events),
    Replay(replay::Replay),
    Trades(trades::Trades),
    Validate(validate::Validate),
}

/// Parses the command line and runs it.
pub fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap's own code for a usage error is 2, which means critical here.
            render_usage(&error);
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    match dispatch(&cli) {
        Ok(exit) => exit,
        Err(error) => {
            render_error(&error);
            exit_of(&error)
        }
    }
}

fn dispatch(cli: &Cli) -> anyhow::Result<Exit> {
    match &cli.command {
        Command::Agent(arguments) => agent::run(&cli.global, arguments),
        Command::HourlyKpi(arguments) => hourly_kpi::run(&cli.global, arguments),
        Command::LogRetention(arguments) => log_retention::run(&cli.global, arguments),
        Command::Status => status::run(&cli.global),
        Command::Healthcheck => healthcheck::run(&cli.global),
        Command::ExecIntegrity(arguments) => exec_integrity::run(&cli.global, arguments),
        Command::Kill(arguments) => kill::run(&cli.global, arguments),
        Command::Pause(arguments) => pause::pause(&cli.global, arguments),
        Command::Resume(arguments) => pause::resume(&cli.global, arguments),
        Command::ForceExit(arguments) => force_exit::run(&cli.global, arguments),
        Command::Preflight(arguments) => preflight::run(&cli.global, arguments),
        Command::Exchange(arguments) => exchange::run(&cli.global, arguments),
        Command::Alerts(arguments) => alerts::run(&cli.global, arguments),
        Command::FailureReport(arguments) => failure_report::run(&cli.global, arguments),
        Command::EndReport(arguments) => end_report::run(&cli.global, arguments),
        Command::Db(arguments) => db::run(&cli.global, arguments),
        Command::Drift(arguments) => drift::run(&cli.global, arguments),
        Command::Events(arguments) => events::run(&cli.global, arguments),
        Command::Replay(arguments) => replay::run(&cli.global, arguments),
        Command::Trades(arguments) => trades::run(&cli.global, arguments),
        Command::Validate(arguments) => validate::run(&cli.global, arguments),
    }
}

/// One line, causes joined by `: `, so that journal entries stay whole.
#[expect(clippy::print_stderr, reason = "the one place where a subcommand's error is shown")]
fn render_error(error: &anyhow::Error) {
    eprintln!("ibis: {}", format!("{error:#}").replace('\n', " "));
}

/// Help as clap prints it; a mistake as one line like every other error.
#[expect(clippy::print_stderr, reason = "a mistyped command line is shown here")]
fn render_usage(error: &clap::Error) {
    use clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !error.use_stderr() || error.kind() == DisplayHelpOnMissingArgumentOrSubcommand {
        // A reader that left early is no error.
        drop(error.print());
        return;
    }
    let text = error.render().to_string();
    let mistake = text.split("\n\nUsage:").next().unwrap_or(&text);
    let mistake = mistake.split("\n\nFor more information").next().unwrap_or(mistake);
    let mistake = mistake.strip_prefix("error: ").unwrap_or(mistake);
    let words = mistake.replace("\n\n", "; ");
    let words: Vec<&str> = words.split_whitespace().collect();
    eprintln!("ibis: {}; see ibis --help", words.join(" "));
}

/// The state directory of this process.
fn state_dir(global: &Global) -> PathBuf {
    Directories::of_process(global.state_dir.as_deref()).to_look_at()
}

/// The configuration of this process.
fn settings(global: &Global) -> anyhow::Result<Settings> {
    Ok(config::load(&Sources::of_process(global.config.clone()))?.settings)
}

/// Whole lines on standard output. A reader that left early (`| head`) is no error.
fn print_lines(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// One JSON object on standard output.
fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    print_lines(&format!("{}\n", serde_json::to_string(value)?))
}
