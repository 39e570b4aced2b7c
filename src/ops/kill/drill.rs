//! The drill: the kill switch end to end, against the paper venue, in a directory that is thrown away.
//!
//! A real session trades the synthetic market. Everything the drill says goes through the spool, and
//! everything it sees is in files, as an operator would say and see it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::clock;
use crate::domain::hold::Level;
use crate::domain::operator::{Via, Wish};
use crate::domain::time::Timestamp;
use crate::exchange::paper::AccountReader;
use crate::ops::command::{self, Answer, Line, Saying};
use crate::ops::report::{Check, Report, Severity};
use crate::store::{self, kill, load};

/// The job's name.
pub const JOB: &str = "kill-drill";
/// How long one step may take: some twenty times what it does.
const STEP_MAX: Duration = Duration::from_secs(60);
/// Files are looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Minutes of the market in which nothing may be sent, before the restart and after it.
const QUIET_MINUTES: i64 = 30;
/// A minute.
const MINUTE_US: i64 = 60_000_000;

/// Where it is played.
pub trait Rehearsal: Sync {
    /// Runs an agent on paper in a state directory until the flag is set. The error is one line.
    fn session(&self, state_dir: &Path, until: &Arc<AtomicBool>) -> Result<(), String>;
}

/// Plays it. What fails ends it, and is critical.
pub fn run(rehearsal: &impl Rehearsal, now: Timestamp) -> Report {
    let mut play = Play::new(rehearsal);
    let checks = match play.directory() {
        Ok(()) => play.acts(),
        Err(why) => vec![Check::new("directory", Severity::Critical, "none").because(why)],
    };
    let mut report = Report::new(JOB, now, checks);
    report.facts = std::mem::take(&mut play.figures);
    report
}

/// On stage.
struct Play<'a, R> {
    rehearsal: &'a R,
    line: Line,
    figures: Map<String, Value>,
}

/// What a step found, or why it failed.
type Step<T> = Result<T, String>;

impl<'a, R: Rehearsal> Play<'a, R> {
    fn new(rehearsal: &'a R) -> Self {
        let name = format!("ibis-kill-drill-{}", std::process::id());
        let line = Line { state_dir: std::env::temp_dir().join(name), runtime_dir: None };
        Self { rehearsal, line, figures: Map::new() }
    }

    fn directory(&self) -> Step<()> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = &self.line.state_dir;
        let made = std::fs::DirBuilder::new().mode(0o700).create(path);
        made.map_err(|error| format!("{}: cannot be made: {error}", path.display()))
    }

    fn acts(&mut self) -> Vec<Check> {
        let mut checks = Vec::new();
        let ended = self.killed(&mut checks).and_then(|()| self.released(&mut checks));
        if let Err(why) = ended {
            checks.push(Check::new("drill", Severity::Critical, "failed").because(why));
        }
        checks
    }

    /// An agent trades, and is killed.
    fn killed(&mut self, checks: &mut Vec<Check>) -> Step<()> {
        self.during(|play, over| {
            let open = play.until("no order was ever open", over, || {
                let open = play.open_at_venue()?;
                (open > 0).then_some(open)
            })?;
            play.figure("open_orders", open);
            let began = clock::monotonic();
            play.say(Wish::Kill { flatten: false })?;
            play.figure("obeyed_ms", since(began));
            play.until("the kill switch was never verified", over, || {
                let latch = kill::latch(&play.ledger()?).ok()??;
                latch.verified_at
            })?;
            play.figure("verified_ms", since(began));
            checks.push(Check::new("killed", Severity::Ok, format!("{} ms", since(began))));
            checks.push(play.nothing_at_work());
            checks.push(play.quiet("nothing_sent", over)?);
            Ok(())
        })
    }

    /// Another agent starts, is still killed, is released, and trades.
    fn released(&mut self, checks: &mut Vec<Check>) -> Step<()> {
        self.during(|play, over| {
            play.until("the second agent was never ready", over, || {
                let query = "SELECT run FROM runs WHERE run = 2 AND ready_at_us IS NOT NULL";
                play.count(query)
            })?;
            checks.push(play.latched("latch_outlives_restart", Level::KillSwitch));
            checks.push(play.quiet("nothing_sent_after_restart", over)?);
            let mut refused = 0;
            while let Answer::Refused { after, why } = play.ask(Wish::Release)? {
                if after.is_none() {
                    return Err(format!("the release is refused: {why}"));
                }
                refused += 1;
                command::pause(LOOK_EVERY * 10);
            }
            play.figure("releases_refused_in_cooldown", refused);
            checks.push(play.latched("release_lands_in_hard_stop", Level::HardStop));
            play.say(Wish::Resume { scope: None, from: Some(Level::HardStop) })?;
            let before = play.sent();
            play.until("nothing was sent after the resume", over, || {
                play.sent().filter(|sent| Some(*sent) > before)
            })?;
            checks.push(Check::new("trades_again", Severity::Ok, "yes"));
            Ok(())
        })
    }

    /// Acts while an agent runs; it has ended when this returns.
    fn during(&mut self, act: impl FnOnce(&mut Self, &AtomicBool) -> Step<()>) -> Step<()> {
        let (flag, over) = (Arc::new(AtomicBool::new(false)), AtomicBool::new(false));
        let (rehearsal, directory) = (self.rehearsal, self.line.state_dir.clone());
        let (acted, ended) = std::thread::scope(|scope| {
            let session = scope.spawn(|| {
                let ended = rehearsal.session(&directory, &flag);
                over.store(true, Ordering::Relaxed);
                ended
            });
            let acted = act(self, &over);
            flag.store(true, Ordering::Relaxed);
            (acted, session.join().unwrap_or_else(|_| Err("the agent panicked".to_owned())))
        });
        // Why the agent ended says more than what was not seen then.
        ended.and(acted)
    }

    /// Looks until something is so.
    fn until<T>(
        &self,
        otherwise: &str,
        over: &AtomicBool,
        mut look: impl FnMut() -> Option<T>,
    ) -> Step<T> {
        let deadline = clock::monotonic() + STEP_MAX;
        loop {
            if let Some(found) = look() {
                return Ok(found);
            }
            if over.load(Ordering::Relaxed) || clock::monotonic() >= deadline {
                return Err(otherwise.to_owned());
            }
            command::pause(LOOK_EVERY);
        }
    }

    /// Says something that must be done.
    fn say(&self, wish: Wish) -> Step<()> {
        let word = wish.as_str();
        match self.ask(wish)? {
            Answer::Done(_) => Ok(()),
            Answer::Refused { why, .. } => Err(format!("{word} is refused: {why}")),
            Answer::Dead | Answer::Hung => Err(format!("{word} was never answered")),
        }
    }

    fn ask(&self, wish: Wish) -> Step<Answer> {
        let (by, reason) = ("the drill".to_owned(), "a drill".to_owned());
        let saying = Saying { by, via: Via::Cli, reason };
        let given = self.line.give(wish, &saying);
        let id = given.map_err(|error| format!("a command cannot be given: {error}"))?;
        Ok(self.line.wait(&id, clock::monotonic() + STEP_MAX))
    }

    /// For so many minutes of the market nothing is sent.
    fn quiet(&self, id: &'static str, over: &AtomicBool) -> Step<Check> {
        let before = self.sent().ok_or("the ledger cannot be read")?;
        let from = self.minute().unwrap_or(0);
        self.until("the market stands still", over, || {
            self.minute().filter(|minute| minute - from >= QUIET_MINUTES * MINUTE_US)
        })?;
        let sent = self.sent().ok_or("the ledger cannot be read")? - before;
        let severity = if sent == 0 { Severity::Ok } else { Severity::Critical };
        let value = format!("{sent} orders in {QUIET_MINUTES} minutes of the market");
        Ok(Check::new(id, severity, value).against("0 orders"))
    }

    fn nothing_at_work(&self) -> Check {
        let open = self.ledger().and_then(|ledger| load::open_orders(&ledger).ok());
        let (ledger, venue) = (open.map(|open| open.len()), self.open_at_venue());
        let fine = ledger == Some(0) && venue == Some(0);
        let severity = if fine { Severity::Ok } else { Severity::Critical };
        let word = |count: Option<usize>| count.map_or("?".to_owned(), |count| count.to_string());
        let value = format!("{} in the ledger, {} at the venue", word(ledger), word(venue));
        Check::new("nothing_at_work", severity, value).against("0")
    }

    fn latched(&self, id: &'static str, expected: Level) -> Check {
        let holds = self.ledger().and_then(|ledger| load::holds(&ledger).ok()).unwrap_or_default();
        let level = holds.iter().map(|hold| hold.level).max().unwrap_or(Level::Running);
        let severity = if level == expected { Severity::Ok } else { Severity::Critical };
        Check::new(id, severity, level.as_str()).against(expected.as_str())
    }

    fn open_at_venue(&self) -> Option<usize> {
        let account = AccountReader::open(&self.line.state_dir).ok()?;
        account.open_orders().ok().map(|open| open.len())
    }

    /// Orders ever sent.
    fn sent(&self) -> Option<i64> {
        self.count("SELECT count(*) FROM intents")
    }

    /// The market's newest minute in the ledger, in microseconds.
    fn minute(&self) -> Option<i64> {
        self.count("SELECT max(at_us) FROM samples")
    }

    fn count(&self, query: &str) -> Option<i64> {
        self.ledger()?.query_row(query, [], |row| row.get(0)).ok()
    }

    fn ledger(&self) -> Option<rusqlite::Connection> {
        store::open_reader(&self.line.state_dir).ok()
    }

    fn figure(&mut self, name: &str, value: impl serde::Serialize) {
        self.figures.insert(name.to_owned(), json!(value));
    }
}

impl<R> Drop for Play<'_, R> {
    fn drop(&mut self) {
        let path = &self.line.state_dir;
        if let Err(error) = std::fs::remove_dir_all(path) {
            log::debug!("{}: not removed: {error}", path.display());
        }
    }
}

/// Milliseconds since an instant of the monotonic clock.
fn since(began: Duration) -> u64 {
    u64::try_from((clock::monotonic() - began).as_millis()).unwrap_or(u64::MAX)
}
