//! A channel that is away, fails, lingers, hangs up and asks for patience: what arrives, and in which
//! order.

use std::cell::RefCell;
use std::collections::BTreeSet;

use ibis::alerts::channels;
use ibis::alerts::deliver;
use ibis::alerts::notifier::Notifier;
use ibis::alerts::outbox::{Outbox, summary};
use ibis::alerts::rules::Rules;
use ibis::domain::hold::{HoldCode, Level};

use super::{cleared, happen, hold, make_ledger, settings};
use crate::support::home::Home;
use crate::support::hook::{Act, Hook, Seen};

fn webhook(url: &str) -> String {
    format!("[alerts]\nwebhook_url = \"{url}/alerts\"\nrequest_timeout = \"500ms\"\n")
}

fn ids(seen: &[Seen]) -> Vec<i64> {
    seen.iter().map(|seen| seen.body["id"].as_i64().unwrap()).collect()
}

/// Acceptance test 26.
#[test]
fn notifier_outage_messages_are_delivered_later_in_order_deduplicated() {
    let home = Home::new();
    let state_dir = home.path("data");
    make_ledger(&state_dir);
    let address = Hook::nobody();
    let settings = settings(&home, &webhook(&format!("http://{address}")));
    let notifier = Notifier::start(&state_dir, &settings, None).unwrap();

    // Nobody listens. What fires six times is one message, an escalation another, an end a third.
    use HoldCode::{ClockSkew, StaleData, VenueUnavailable};
    for _ in 0..5 {
        happen(&state_dir, vec![hold(StaleData, Level::Degraded), cleared(StaleData)]);
    }
    happen(&state_dir, vec![hold(StaleData, Level::Degraded)]);
    happen(&state_dir, vec![cleared(StaleData), hold(StaleData, Level::HardStop)]);
    happen(&state_dir, vec![hold(ClockSkew, Level::SoftPause), cleared(StaleData)]);
    let reader = || ibis::store::open_reader(&state_dir).unwrap();
    until(|| {
        summary::look(&reader()).unwrap().channels.get("webhook").is_some_and(|c| c.attempts > 1)
    });

    // It comes back, and everything that can go wrong with an answer does.
    let hook = Hook::at(address);
    hook.script([
        Act::Take,
        Act::Answer(500, "", String::new()),
        Act::Linger,
        Act::Take,
        Act::HangUp,
        Act::Take,
        Act::Answer(429, "Retry-After: 1\r\n", String::new()),
        Act::Answer(503, "", "down".to_owned()),
    ]);
    happen(&state_dir, vec![hold(VenueUnavailable, Level::SoftPause), cleared(ClockSkew)]);
    let taken = |seen: &[Seen]| seen.iter().filter(|seen| seen.act == Act::Take).count();
    hook.wait_until(|seen| taken(seen) == 7);
    drop(notifier);
    let seen = hook.seen();

    let all: BTreeSet<i64> = ids(&seen).into_iter().collect();
    assert_eq!(all, (1..=7).collect(), "none is lost");
    assert!(ids(&seen).is_sorted(), "in order: {:?}", ids(&seen));
    let taken: Vec<Seen> = seen.iter().filter(|seen| seen.act == Act::Take).cloned().collect();
    assert_eq!(ids(&taken), (1..=7).collect::<Vec<_>>(), "each is taken once");
    // Nobody knows whether these were taken: the receiver has them twice, under the same key.
    let unknown = |seen: &&Seen| matches!(seen.act, Act::Linger | Act::HangUp);
    assert_eq!(seen.iter().filter(unknown).count(), 2);
    assert_eq!(seen.len(), 7 + 5, "7 messages and the 5 attempts that failed");
    let say: Vec<String> = taken
        .iter()
        .map(|seen| {
            let word = |name: &str| seen.body[name].as_str().unwrap().to_owned();
            format!("{} {} {}", word("kind"), word("severity"), word("key"))
        })
        .collect();
    assert_eq!(
        say,
        [
            "firing medium hold/global/stale_data",
            "recovery medium hold/global/stale_data",
            "firing critical hold/global/stale_data",
            "firing high hold/global/clock_skew",
            "recovery critical hold/global/stale_data",
            "firing high hold/global/venue_unavailable",
            "recovery high hold/global/clock_skew",
        ]
    );
    let keys: BTreeSet<_> =
        seen.iter().map(|seen| seen.headers["idempotency-key"].clone()).collect();
    assert_eq!(keys.len(), 7);
}

#[test]
fn two_that_deliver_at_once_do_not_say_a_message_twice() {
    let home = Home::new();
    let state_dir = home.path("data");
    make_ledger(&state_dir);
    let hook = Hook::new();
    let settings = settings(&home, &webhook(&hook.url()));
    use HoldCode::{ClockSkew, CrashLoop, StaleData, VenueUnavailable};
    let codes = [ClockSkew, CrashLoop, StaleData, VenueUnavailable];
    happen(&state_dir, codes.map(|code| hold(code, Level::SoftPause)).into());
    let deliver = || {
        let rules = Rules::from(&*settings.alerts);
        let outbox = RefCell::new(Outbox::open(&state_dir, rules).unwrap());
        let (channels, sender) = (channels::of(&settings, None), channels::sender(&settings));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let reader = ibis::store::open_reader(&state_dir).unwrap();
        while hook.seen().is_empty() || summary::look(&reader).unwrap().depth > 0 {
            runtime.block_on(deliver::pass(&outbox, &channels, &sender)).unwrap();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(deliver);
        scope.spawn(deliver);
    });
    assert_eq!(ids(&hook.seen()), [1, 2, 3, 4]);
}

#[test]
fn a_channel_that_hangs_holds_up_no_other() {
    let home = Home::new();
    let state_dir = home.path("data");
    make_ledger(&state_dir);
    let (slow, quick) = (Hook::new(), Hook::new());
    slow.script([Act::Linger]);
    let text = format!(
        "[alerts]\nwebhook_url = \"{}\"\nalertmanager_url = \"{}\"\nrequest_timeout = \"30s\"\n",
        slow.url(),
        quick.url()
    );
    let settings = settings(&home, &text);
    let notifier = Notifier::start(&state_dir, &settings, None).unwrap();
    happen(&state_dir, vec![hold(HoldCode::StaleData, Level::SoftPause)]);
    slow.wait_for(1);
    happen(&state_dir, vec![cleared(HoldCode::StaleData)]);
    assert_eq!(quick.wait_for(2).len(), 2);
    assert_eq!(slow.seen().len(), 1);
    // And the end does not wait for it.
    drop(notifier);
    assert_eq!(slow.seen().len(), 1);
}

#[test]
fn a_ledger_that_cannot_be_used_is_told_of_past_the_outbox() {
    use ibis::alerts::blind::{Blind, Trouble};
    use ibis::domain::time::Timestamp;
    let home = Home::new();
    let floors = Rules::from(&*settings(&home, "").alerts).floors;
    let mut blind = Blind::default();
    let trouble = Trouble::Ledger("disk full".to_owned());
    let at = |second: i64| Timestamp::from_ms(1_000_000_000 + second * 1_000);
    let mut told = Vec::new();
    for second in 0..2_000 {
        let seen = (!(1_900..1_990).contains(&second)).then_some(&trouble);
        told.extend(blind.see(seen, at(second), &floors).map(|told| (second, told.kind.as_str())));
    }
    assert_eq!(told, [(60, "firing"), (1_860, "firing"), (1_900, "recovery")]);
}

/// Looks again until it is so; a test that hangs is ended from outside.
fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
}
