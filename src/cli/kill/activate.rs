//! `ibis kill activate`

use std::path::Path;
use std::time::Duration;

use crate::agent::{self, Options, Until, pace::Pace};
use crate::cli::exit::Exit;
use crate::cli::{Global, operator, print_json, print_lines, settings, venue};
use crate::clock;
use crate::config::settings::Mode;
use crate::config::{Directories, Settings, Sources};
use crate::domain::operator::Wish;
use crate::domain::time::Timestamp;
use crate::durable::owner;
use crate::ops::agent_evidence::{AgentEvidence, Clock, Service};
use crate::ops::kill::activate::{self, Activation, Means, Wanted};
use crate::ops::kill::sweep::{self, Swept};
use crate::store;
use crate::systemd::journal;

/// How much faster than the wall the market runs of an agent that had a clock of its own.
const VIRTUAL_SPEED: u32 = 60;
/// What the journal may take to accept the last lines.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
/// What an agent that is about one thing leaves out.
const LEFT_OUT: [(&str, &str); 3] =
    [("http.enabled", "false"), ("recorder.record", "never"), ("alerts.telegram_users", "")];

/// Runs it.
pub fn run(
    global: &Global,
    reason: &str,
    flatten: bool,
    timeout: Duration,
) -> anyhow::Result<Exit> {
    let line = operator::line(global);
    let saying = operator::saying(reason);
    let settings = settings(global).map_err(|error| {
        // The latch needs no configuration.
        let latch = match line.give(Wish::Kill { flatten: false }, &saying) {
            Ok(_) => "the latch is set, nothing is canceled".to_owned(),
            Err(error) => format!("no latch, nothing is canceled: {error}"),
        };
        error.context(latch)
    })?;
    let means = Here { global, settings: &settings, state_dir: &line.state_dir };
    let wanted = Wanted { line: &line, saying: &saying, flatten, timeout };
    let activation = activate::run(&wanted, &means);
    if global.json {
        print_json(&activation)?;
    } else {
        print_lines(&text(&activation))?;
    }
    Ok(activation.severity().into())
}

fn text(activation: &Activation) -> String {
    let mut lines = vec![match activation.verified {
        true => "killed: nothing is at work".to_owned(),
        false => "NOT VERIFIED: orders may be at work; say it again".to_owned(),
    }];
    if let Some(swept) = &activation.venue {
        lines.extend(swept.left.iter().map(|order| format!("at work: {order}")));
        lines.extend(swept.trouble.iter().map(|why| format!("venue: {why}")));
    }
    if activation.flat == Some(true) {
        lines.push("sold: nothing is held".to_owned());
    }
    lines.extend(activation.notes.iter().cloned());
    lines.join("\n") + "\n"
}

/// What this machine has.
struct Here<'a> {
    global: &'a Global,
    settings: &'a Settings,
    state_dir: &'a Path,
}

impl Means for Here<'_> {
    fn is_live(&self) -> bool {
        self.settings.agent.mode == Mode::Live
    }

    fn sweep(&self, deadline: Duration) -> Swept {
        let swept =
            venue::visit(self.settings, true, async |rest| sweep::sweep(&rest, deadline).await);
        let failed = |error: anyhow::Error| {
            let trouble = Some(format!("{error:#}"));
            Swept { trouble, ..Swept::default() }
        };
        swept.unwrap_or_else(failed)
    }

    fn session(&self, time: Duration) -> Result<(), String> {
        let pace = self.pace()?;
        // Once for all of them; a second one of this process changes nothing.
        drop(journal::install(self.settings.agent.log_level));
        let mut sources = Sources::of_process(self.global.config.clone());
        for (key, value) in LEFT_OUT {
            sources.options.push(("ibis kill".to_owned(), key, value.to_owned()));
        }
        let options = Options {
            sources,
            directories: Directories::of_process(Some(self.state_dir)),
            replay: Vec::new(),
            pace,
            max_runtime: Some(time),
            terminal: false,
            until: Until::Killed,
        };
        let ended = agent::run(&options);
        journal::flush(FLUSH_TIMEOUT);
        self.give_back();
        ended.map(drop).map_err(|error| error.to_string())
    }
}

impl Here<'_> {
    /// The clock the ledger was written by.
    fn pace(&self) -> Result<Pace, String> {
        let ledger = store::open_reader(self.state_dir).ok();
        let now: Timestamp = clock::wall_now();
        let evidence =
            AgentEvidence::gather(self.state_dir, ledger.as_ref(), Service::NotInstalled, now);
        let evidence = evidence.map_err(|error| error.to_string())?;
        match evidence.newest() {
            Some(run) if run.market == "replay" => {
                Err("its market was replayed from files; start it again with them".to_owned())
            }
            Some(run) if run.clock == Clock::Virtual => Ok(Pace::Times(VIRTUAL_SPEED)),
            Some(_) | None => Ok(Pace::Wall),
        }
    }

    /// What root made belongs to who owns the directory.
    fn give_back(&self) {
        for name in ["agent.lock", "state.json", "emergency.wal"] {
            let path = self.state_dir.join(name);
            if path.exists()
                && let Err(error) = owner::give(&path, self.state_dir)
            {
                log::warn!("{}: stays root's: {error}", path.display());
            }
        }
    }
}
