//! `ibis alerts` as a person uses it.

use std::collections::BTreeMap;

use ibis::domain::hold::{HoldCode, Level};
use serde_json::Value;

use super::{TOKEN, happen, hold, make_ledger, secrets};
use crate::support::home::Home;
use crate::support::hook::{Act, Hook};

/// What each channel said, by name.
fn channels(answer: &Value) -> BTreeMap<String, bool> {
    let channels = answer["channels"].as_array().unwrap().iter();
    let of = |tried: &Value| {
        (tried["channel"].as_str().unwrap().to_owned(), tried["delivered"].as_bool().unwrap())
    };
    channels.map(of).collect()
}

#[test]
fn a_test_goes_through_the_outbox_and_says_what_each_channel_did() {
    let (home, hook) = (Home::new(), Hook::new());
    make_ledger(&home.path("data"));
    let secret = secrets(&home, &format!("telegram_token = \"{TOKEN}\"\n"));
    home.write(
        "a.toml",
        format!(
            "[alerts]\ntelegram_chat_id = \"5\"\n\
             telegram_base_url = \"{url}\"\nwebhook_url = \"{url}/hook\"\n{secret}",
            url = hook.url()
        ),
    );
    let answer = home.json("alerts test --config a.toml");
    assert_eq!(answer["through_outbox"], true);
    let all = [("journal", true), ("telegram", true), ("webhook", true)];
    assert_eq!(channels(&answer), all.map(|(name, took)| (name.to_owned(), took)).into());
    let mut paths: Vec<String> = hook.seen().into_iter().map(|seen| seen.path).collect();
    paths.sort();
    assert_eq!(paths, [format!("/bot{TOKEN}/sendMessage"), "/hook".to_owned()]);
    let outbox = home.json("alerts outbox");
    assert_eq!(outbox["depth"], 0);
    assert_eq!(outbox["channels"]["webhook"]["delivered"], 1);

    // One of two, and then the only one, does not take it.
    hook.script([Act::Answer(400, "", r#"{"description":"chat not found"}"#.to_owned())]);
    let one = home.ibis("alerts test --channel telegram --config a.toml");
    assert_eq!(one.code, Some(2), "{one:?}");
    assert!(one.stdout.contains("FAILED: HTTP 400: chat not found"), "{one:?}");
    home.write("broken.toml", "[alerts]\ncommand = \"/nowhere\"\n");
    let some = home.ibis("alerts test --config a.toml --config broken.toml");
    assert_eq!(some.code, Some(1), "{some:?}");
    assert!(some.stdout.contains("command       FAILED: /nowhere cannot be started"), "{some:?}");
    let outbox = home.json("alerts outbox");
    assert_eq!((&outbox["depth"], &outbox["channels"]["command"]["dead"]), (&0.into(), &1.into()));
    assert_eq!(outbox["channels"].get("alerts/telegram"), None);
}

#[test]
fn a_test_before_there_is_a_ledger_is_sent_past_the_outbox() {
    let (home, hook) = (Home::new(), Hook::new());
    home.write("a.toml", format!("[alerts]\nwebhook_url = \"{}\"\n", hook.url()));
    let ended = home.ibis("alerts test --config a.toml");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("webhook       delivered"), "{ended:?}");
    assert!(ended.stdout.contains("sent past the outbox"), "{ended:?}");
    assert_eq!(hook.seen().len(), 1);
    assert!(!home.path("data").exists(), "nothing is made");
    let journal = home.ibis("alerts test");
    assert_eq!(journal.code, Some(0), "{journal:?}");
    assert!(journal.stdout.contains("only the journal is on"), "{journal:?}");
}

#[test]
fn what_cannot_be_meant_is_refused_in_one_line() {
    let home = Home::new();
    let off = home.ibis("alerts test --channel telegram");
    assert!(off.refused(78).contains("alerts.telegram_chat_id is empty"), "{off:?}");
    let unknown = home.ibis("alerts test --channel pigeon");
    assert!(unknown.refused(64).contains("no channel; there are telegram"), "{unknown:?}");
    for (text, says) in [
        ("webhook_url = \"http://example.org/canary\"", "alerts.webhook_url would send"),
        ("webhook_url = \"wss://example.org/canary\"", "alerts.webhook_url is no web address"),
        ("webhook_url = \"canary\"", "alerts.webhook_url begins with neither"),
        ("webhook_url = \"https://a/can ary\"", "alerts.webhook_url = is not a plain text"),
        ("command = \"bin/page\"", "alerts.command is no absolute path"),
        ("telegram_severity = \"urgent\"", "not one of its words"),
        ("floor_low = \"0s\"", "out of range"),
        ("telegram_token = \"canary\"", "unknown key"),
    ] {
        home.write("bad.toml", format!("[alerts]\n{text}\n"));
        let ended = home.ibis("alerts test --config bad.toml");
        let complaint = ended.refused(78);
        assert!(complaint.contains(says) && !complaint.contains("canary"), "{complaint}");
    }
    assert_eq!(home.ibis("alerts outbox").code, Some(3), "no ledger");
    assert_eq!(home.ibis("alerts deliver").code, Some(3), "no ledger");
}

#[test]
fn one_pass_delivers_what_the_ledger_says() {
    let (home, hook) = (Home::new(), Hook::new());
    make_ledger(&home.path("data"));
    home.write("a.toml", format!("[alerts]\nwebhook_url = \"{}\"\n", hook.url()));
    happen(&home.path("data"), vec![hold(HoldCode::StaleData, Level::SoftPause)]);
    hook.script([Act::Answer(500, "", String::new())]);
    let waits = home.ibis("alerts deliver --config a.toml");
    assert_eq!((waits.code, waits.stdout.as_str()), (Some(1), "pending: 1\n"), "{waits:?}");
    assert!(waits.stderr.contains("[high] ibis (paper): soft_pause by stale_data"), "{waits:?}");
    let outbox = home.ibis("alerts outbox");
    assert_eq!(outbox.code, Some(0), "{outbox:?}");
    assert!(outbox.stdout.contains("last error: HTTP 500"), "{outbox:?}");
    assert!(outbox.stdout.contains("fires: high"), "{outbox:?}");
    let ledger = home.ledger();
    ledger.execute("UPDATE notification_deliveries SET next_attempt_at_us = 0", []).unwrap();
    assert_eq!(home.json("alerts deliver --config a.toml")["pending"], 0);
    assert_eq!(home.json("alerts deliver --config a.toml")["pending"], 0);
    assert_eq!(hook.seen().len(), 2);
}
