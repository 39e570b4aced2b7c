//! The outbox in a ledger: taken in once, claimed by one, settled, bounded.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::at;
use crate::alerts::channels::{ChannelName, Outcome};
use crate::alerts::notification::Kind;
use crate::alerts::outbox::delivery::{Claim, Head};
use crate::alerts::outbox::{Outbox, PENDING_MAX, summary};
use crate::alerts::rules::Rules;
use crate::alerts::signal::Alert;
use crate::config::Settings;
use crate::domain::alert::Severity;
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::record::{Fact, Record};
use crate::domain::time::Timestamp;
use crate::durable::group_commit::Sink as _;
use crate::store::writer::{Batch, Entry, LedgerSink};
use crate::store::{LEDGER, chain, ledger_path};

const LEASE: Duration = Duration::from_secs(20);
const HOOK: ChannelName = ChannelName::Webhook;

/// A ledger of its own, deleted when dropped.
struct Home {
    directory: PathBuf,
    ledger: Connection,
}

impl Home {
    fn new(name: &str) -> Self {
        let name = format!("ibis-outbox-{}-{name}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(&directory).unwrap();
        let ledger = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
        Self { directory, ledger }
    }

    fn path(&self) -> &Path {
        &self.directory
    }

    fn outbox(&self) -> Outbox {
        let outbox = Outbox::open(self.path(), rules()).unwrap();
        // No power is cut here.
        outbox.connection.pragma_update(None, "synchronous", "OFF").unwrap();
        outbox
    }

    /// Appends facts as the agent does.
    fn happen(&mut self, records: Vec<Record>) {
        let fact = |record| Entry::Fact(Fact { at: at(1), input: None, record });
        let entries = records.into_iter().map(fact).collect();
        let head = chain::head(&self.ledger).unwrap().seq;
        let mut sink = LedgerSink::new(self.directory.clone(), head);
        let transaction = self.ledger.transaction().unwrap();
        sink.write(&transaction, &[Arc::new(Batch { entries, ..Batch::default() })]).unwrap();
        transaction.commit().unwrap();
    }

    fn count(&self, query: &str) -> i64 {
        self.ledger.query_row(query, [], |row| row.get(0)).unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.directory).ok();
    }
}

/// The journal, and a webhook that is told everything from low on.
fn rules() -> Rules {
    let mut settings = (*Settings::defaults().alerts).clone();
    settings.webhook_url = "http://127.0.0.1:1/".to_owned();
    Rules::from(&settings)
}

fn hold(code: HoldCode) -> Record {
    Record::HoldSet(Hold {
        scope: None,
        code,
        level: Level::SoftPause,
        reason: "because".to_owned(),
        set_at: Timestamp::default(),
        until: None,
    })
}

fn cleared(code: HoldCode) -> Record {
    Record::HoldCleared { scope: None, code }
}

fn says_nothing() -> Record {
    Record::Run { run: 1, phase: "other" }
}

fn claim(outbox: &mut Outbox, now: Timestamp) -> Box<Claim> {
    match outbox.claim(HOOK, LEASE, now).unwrap() {
        Head::Claimed(claim) => claim,
        head @ (Head::Empty | Head::Waits(_)) => panic!("{head:?}"),
    }
}

fn try_again() -> Outcome {
    Outcome::TryAgain { why: "HTTP 500".to_owned(), after: None }
}

#[test]
fn what_an_event_says_is_taken_in_once_by_whoever_looks() {
    let mut home = Home::new("once");
    let (mut agent, mut oneshot) = (home.outbox(), home.outbox());
    home.happen(vec![hold(HoldCode::StaleData), hold(HoldCode::ClockSkew)]);
    assert_eq!(agent.take_in(at(10)).unwrap().messages, 2);
    assert_eq!(oneshot.take_in(at(10)).unwrap().messages, 0);
    home.happen(vec![cleared(HoldCode::StaleData)]);
    assert_eq!(oneshot.take_in(at(11)).unwrap().messages, 1);
    assert_eq!(agent.take_in(at(11)).unwrap().messages, 0);
    drop(agent);
    assert_eq!(home.outbox().take_in(at(12)).unwrap().messages, 0, "after a restart");
    let kinds = "SELECT group_concat(kind || ' ' || event, ', ') FROM notifications";
    let kinds: String = home.ledger.query_row(kinds, [], |row| row.get(0)).unwrap();
    assert_eq!(kinds, "firing 1, firing 2, recovery 3");
    assert_eq!(chain::first_break(&home.ledger, None).unwrap(), None);
}

#[test]
fn what_begins_and_ends_between_two_looks_is_told_as_both() {
    let mut home = Home::new("both");
    let mut outbox = home.outbox();
    home.happen(vec![cleared(HoldCode::ClockSkew), hold(HoldCode::StaleData)]);
    home.happen(vec![cleared(HoldCode::StaleData)]);
    assert_eq!(outbox.take_in(at(1)).unwrap().messages, 2);
    assert_eq!(home.count("SELECT count(*) FROM notifications WHERE kind = 'recovery'"), 1);
}

#[test]
fn a_ledger_from_before_begins_with_what_comes() {
    let directory = std::env::temp_dir().join(format!("ibis-outbox-{}-old", std::process::id()));
    drop(std::fs::remove_dir_all(&directory));
    std::fs::create_dir_all(&directory).unwrap();
    let brings = |sql: &&str| sql.contains("CREATE TABLE notifications");
    let own = LEDGER.migrations.iter().position(brings).unwrap();
    let old = crate::durable::sqlite::Format { migrations: &LEDGER.migrations[..own], ..LEDGER };
    let ledger = old.open_writer(&ledger_path(&directory)).unwrap();
    let mut home = Home { directory, ledger };
    home.happen(vec![hold(HoldCode::StaleData)]);
    home.ledger = LEDGER.open_writer(&ledger_path(&home.directory)).unwrap();
    let mut outbox = home.outbox();
    assert_eq!(outbox.take_in(at(1)).unwrap().messages, 0);
    home.happen(vec![hold(HoldCode::ClockSkew)]);
    assert_eq!(outbox.take_in(at(2)).unwrap().messages, 1);
}

#[test]
fn what_says_nothing_writes_nothing() {
    let mut home = Home::new("quiet");
    let mut outbox = home.outbox();
    home.happen((0..400).map(|_| says_nothing()).collect());
    for _ in 0..3 {
        assert_eq!(outbox.take_in(at(1)).unwrap().messages, 0);
    }
    assert_eq!(home.count("SELECT event FROM alert_cursor"), 0, "no write for what is no news");
    home.happen((0..1_000).map(|_| says_nothing()).collect());
    while outbox.take_in(at(2)).unwrap().is_more {}
    assert!(home.count("SELECT event FROM alert_cursor") > 1_000, "the lag is bounded");
    assert_eq!(home.count("SELECT count(*) FROM alert_topics"), 0);
}

#[test]
fn a_message_is_said_by_one_in_order_and_again_only_when_its_claim_ran_out() {
    let mut home = Home::new("claim");
    home.happen(vec![hold(HoldCode::StaleData), hold(HoldCode::ClockSkew)]);
    let (mut first, mut second) = (home.outbox(), home.outbox());
    first.take_in(at(10)).unwrap();
    let mine = claim(&mut first, at(10));
    assert_eq!((mine.message.id, mine.message.kind), (1, Kind::Firing));
    assert_eq!(second.claim(HOOK, LEASE, at(11)).unwrap(), Head::Waits(at(30)));
    let again = claim(&mut second, at(30));
    assert_eq!(again.message.id, 1, "its holder died");
    assert!(first.settle(&mine, &try_again(), at(31)).unwrap().is_some());
    assert_eq!(first.claim(HOOK, LEASE, at(31)).unwrap(), Head::Waits(at(50)), "not his any more");
    second.settle(&again, &Outcome::Delivered, at(32)).unwrap();
    let next = claim(&mut first, at(32));
    assert_eq!(next.message.id, 2);
    first.settle(&next, &Outcome::Delivered, at(33)).unwrap();
    assert_eq!(second.claim(HOOK, LEASE, at(33)).unwrap(), Head::Empty);
}

#[test]
fn a_failing_message_keeps_those_behind_it_waiting_and_is_given_up_after_a_day() {
    let mut home = Home::new("day");
    home.happen(vec![hold(HoldCode::StaleData), hold(HoldCode::ClockSkew)]);
    let mut outbox = home.outbox();
    outbox.take_in(at(0)).unwrap();
    let (mut now, mut attempts) = (at(0), 0);
    loop {
        match outbox.claim(HOOK, LEASE, now).unwrap() {
            Head::Claimed(claim) if claim.message.id == 1 => {
                attempts += 1;
                outbox.settle(&claim, &try_again(), now).unwrap();
            }
            Head::Claimed(claim) => {
                assert_eq!(claim.message.id, 2);
                break;
            }
            Head::Waits(until) => now = until,
            Head::Empty => panic!("the second is lost"),
        }
    }
    assert!(now >= at(86_400) && (250..400).contains(&attempts), "{attempts} attempts until {now}");
    let lost = "SELECT last_error FROM notification_deliveries WHERE status = 'dead'";
    let lost: String = home.ledger.query_row(lost, [], |row| row.get(0)).unwrap();
    assert!(lost.starts_with("given up after a day") && lost.ends_with("HTTP 500"), "{lost}");
    let told = "SELECT count(*) FROM notifications WHERE key = 'alerts/webhook'";
    assert_eq!(home.count(told), 1, "that it was given up is a message of its own");
}

#[test]
fn a_refused_message_is_dead_at_once_and_told_of_once() {
    let mut home = Home::new("refused");
    home.happen(vec![hold(HoldCode::StaleData)]);
    let mut outbox = home.outbox();
    outbox.take_in(at(0)).unwrap();
    let refused = Outcome::Refused { why: "HTTP 400".to_owned() };
    for key in ["hold/global/stale_data", "alerts/webhook"] {
        let claim = claim(&mut outbox, at(1));
        assert_eq!(claim.message.key, key);
        assert_eq!(outbox.settle(&claim, &refused, at(1)).unwrap(), None);
    }
    assert_eq!(outbox.claim(HOOK, LEASE, at(1)).unwrap(), Head::Empty, "no message about that one");
    let summary = summary::look(&home.ledger).unwrap();
    assert_eq!(summary.channels["webhook"].dead, 2);
    assert_eq!(summary.channels["webhook"].last_error.as_deref(), Some("HTTP 400"));
    assert_eq!(summary.channels["journal"].pending, 2);
    assert_eq!(summary.firing.len(), 1);
}

#[test]
fn a_full_outbox_drops_the_least_severe_and_oldest_and_never_what_is_critical() {
    let home = Home::new("full");
    let mut outbox = home.outbox();
    for number in 0..PENDING_MAX + 30 {
        let severity = match number % 100 {
            0 => Severity::Critical,
            1 | 2 => Severity::Low,
            _ => Severity::High,
        };
        let alert = Alert::new(format!("k/{number}"), severity, "t");
        outbox.add(alert, &[HOOK], at(number)).unwrap();
    }
    let pending = |severity: &str| {
        home.count(&format!(
            "SELECT count(*) FROM notification_deliveries JOIN notifications USING (notification)
             WHERE status = 'pending' AND severity = '{severity}'"
        ))
    };
    assert_eq!(pending("critical"), 11);
    assert_eq!(pending("low"), 0);
    assert_eq!(pending("critical") + pending("high"), PENDING_MAX);
    assert_eq!(home.count("SELECT dropped FROM alert_cursor"), 30);
    let oldest = "SELECT min(notification) FROM notification_deliveries
        JOIN notifications USING (notification) WHERE status = 'pending' AND severity = 'high'";
    assert!(home.count(oldest) > 4, "the oldest went first");
}

#[test]
fn what_is_settled_leaves_after_a_month_and_the_newest_stays() {
    let mut home = Home::new("month");
    home.happen(vec![hold(HoldCode::StaleData), hold(HoldCode::ClockSkew)]);
    let mut outbox = home.outbox();
    outbox.take_in(at(0)).unwrap();
    let month = 31 * 86_400;
    for channel in [HOOK, ChannelName::Journal] {
        while let Head::Claimed(claim) = outbox.claim(channel, LEASE, at(1)).unwrap() {
            outbox.settle(&claim, &Outcome::Delivered, at(1)).unwrap();
        }
    }
    assert_eq!(outbox.tidy(at(2)).unwrap(), 0);
    assert_eq!(outbox.tidy(at(month)).unwrap(), 1);
    assert_eq!(home.count("SELECT max(notification) FROM notifications"), 2);
    outbox.add(Alert::new("k", Severity::Low, "t"), &[ChannelName::Command], at(month)).unwrap();
    assert_eq!(outbox.tidy(at(month + 3 * 86_400)).unwrap(), 1);
    assert_eq!(
        summary::look(&home.ledger).unwrap().channels["command"].dead,
        1,
        "a channel that is off"
    );
}
