//! What a chat is answered: from the ledger, `state.json` and the status document, as the command line
//! would; and orders, by the way that every operator's command takes.
//!
//! Reads only, but for the spool. Every answer is a text of some lines; the chat cuts what is too long.

mod change;
mod config_shown;
mod earned;
mod job_shown;
mod logs;
mod reload;

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::alerts::chat::command::{HELP, Look, Request};
use crate::alerts::chat::{Desk, Said};
use crate::clock;
use crate::config::in_force::InForce;
use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::time::Timestamp;
use crate::ops::agent_evidence::Service;
use crate::ops::command::Line;
use crate::ops::report::Severity;
use crate::ops::status::{Details, Status};
use crate::ops::{exec_integrity, status};
use crate::store;

/// What a chat does not do, and where it is done.
const RELEASE: &str = "not over chat: it needs the token. On the host: ibis kill release --token-file FILE \
                       --reason WHY";

/// The desk of one agent.
#[derive(Debug)]
pub struct Clerk {
    line: Line,
    in_force: watch::Receiver<InForce>,
    host: String,
}

/// The name of this machine. The kernel is asked: a service does not see `/proc/sys`.
pub fn host() -> String {
    match rustix::system::uname().nodename().to_string_lossy().as_ref() {
        "" => "a host without a name".to_owned(),
        name => name.to_owned(),
    }
}

impl Clerk {
    /// For the agent at the end of `line`, which is this process, on `host`.
    pub const fn new(line: Line, in_force: watch::Receiver<InForce>, host: String) -> Self {
        Self { line, in_force, host }
    }

    fn look(&self, look: Look) -> anyhow::Result<String> {
        let ledger = || store::open_reader(&self.line.state_dir);
        Ok(match look {
            Look::Status => self.status().render(false),
            Look::Health => health(&self.status()),
            Look::Profit => earned::profit(&ledger()?, clock::wall_now())?,
            Look::Daily { days } => earned::daily(&ledger()?, clock::wall_now(), days)?,
            Look::Performance => earned::performance(&ledger()?)?,
            Look::Balance => balance(&self.details()?, &store::load::balances(&ledger()?)?),
            Look::Count => self.count(&self.details()?),
            Look::Locks => locks(&self.details()?),
            Look::Kpi => job_shown::kpi(&ledger()?)?,
            Look::Integrity => job_shown::report(&ledger()?, exec_integrity::JOB)?,
            Look::Logs { events } => logs::text(&ledger()?, events)?,
            Look::ShowConfig => config_shown::text(&self.in_force.borrow().settings),
            Look::Version => self.version(),
            Look::Help => HELP.to_owned(),
        })
    }

    fn status(&self) -> Status {
        let limits = self.in_force.borrow().settings.health.clone();
        Status::gather(&self.line.state_dir, &limits, Service::ask(), clock::wall_now())
    }

    fn details(&self) -> anyhow::Result<Details> {
        Details::gather(&self.line.state_dir, None)
    }

    fn count(&self, details: &Details) -> String {
        let most = self.in_force.borrow().settings.risk.open_positions_max;
        let held = details.positions.len();
        format!(
            "positions: {held} of {most}\nopen orders: {}\nfills ever: {}",
            details.open_orders, details.fills
        )
    }

    fn version(&self) -> String {
        let instance = self.in_force.borrow().settings.agent.instance.clone();
        format!("ibis {}, {instance} on {}", env!("CARGO_PKG_VERSION"), self.host)
    }
}

impl Desk for Clerk {
    fn answer(&self, said: &Said) -> String {
        match &said.request {
            Request::Look(look) => {
                self.look(*look).unwrap_or_else(|error| format!("cannot be told: {error:#}"))
            }
            Request::Change(change) => change::answer(&self.line, said, change, clock::wall_now()),
            Request::Reload => reload::answer(&self.in_force),
            Request::Release => RELEASE.to_owned(),
            Request::Unclear(why) => why.clone(),
        }
    }
}

/// The verdict, and what is not well.
fn health(status: &Status) -> String {
    let mut lines = vec![format!("overall: {}", status.overall())];
    let unwell = status.report.checks.iter().filter(|check| check.severity != Severity::Ok);
    lines.extend(unwell.map(status::finding));
    lines.join("\n")
}

fn balance(details: &Details, balances: &BTreeMap<Asset, Balance>) -> String {
    let or_unknown = |value: Option<Decimal>| {
        value.map_or_else(|| "unknown".to_owned(), |value| value.to_fixed(2))
    };
    let mut lines = vec![
        format!("equity: {}", or_unknown(details.equity)),
        format!("cash: {}", or_unknown(details.cash)),
    ];
    let held = balances.iter().filter(|(_, balance)| !balance.total().is_zero());
    lines.extend(held.map(|(asset, balance)| {
        format!("{asset}: {}, of which {} in orders", balance.total(), balance.hold())
    }));
    lines.join("\n")
}

fn locks(details: &Details) -> String {
    let mut lines = vec![format!("state: {}", details.state)];
    lines.extend(details.holds.iter().map(status::hold_line));
    if details.holds.is_empty() {
        lines.push("no hold is active".to_owned());
    }
    lines.join("\n")
}

/// A day: `2026-02-19`.
fn date(at: Timestamp) -> String {
    at.to_string().chars().take("2026-02-19".len()).collect()
}
