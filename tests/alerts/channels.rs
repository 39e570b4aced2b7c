//! What each channel sends, and how it takes an answer.

use std::os::unix::fs::PermissionsExt as _;

use ibis::alerts::blind::message;
use ibis::alerts::channels::{self, Channel, ChannelName, Outcome};
use ibis::alerts::notification::{Kind, Notification};
use ibis::alerts::signal::Alert;
use ibis::config::Settings;
use ibis::domain::alert::Severity;
use ibis::domain::time::Timestamp;

use super::{TOKEN, secrets, settings};
use crate::support::home::Home;
use crate::support::hook::{Act, Hook};

fn alert() -> Notification {
    let alert = Alert::new("hold/global/stale_data", Severity::High, "soft_pause by stale_data")
        .because("<no data> & \"more\"")
        .with("hold", "stale_data");
    message(alert, Kind::Firing, Timestamp::from_ms(1_000), Timestamp::from_ms(2_000))
}

fn send(settings: &Settings, name: ChannelName) -> Outcome {
    let all = channels::of(settings, None);
    let channel: &Channel = all.iter().find(|channel| channel.name() == name).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(channel.send(&alert(), &channels::sender(settings)))
}

fn why(outcome: Outcome) -> String {
    match outcome {
        Outcome::TryAgain { why, .. } => why,
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn telegram_gets_plain_text_under_the_token() {
    let (home, hook) = (Home::new(), Hook::new());
    let secret = secrets(&home, &format!("telegram_token = \"{TOKEN}\"\n"));
    let text = format!(
        "[alerts]\ntelegram_chat_id = \"-77\"\ntelegram_base_url = \"{}\"\n{secret}",
        hook.url()
    );
    let settings = settings(&home, &text);
    assert_eq!(send(&settings, ChannelName::Telegram), Outcome::Delivered);
    let seen = hook.seen();
    assert_eq!(seen[0].path, format!("/bot{TOKEN}/sendMessage"));
    assert_eq!(seen[0].body["chat_id"], "-77");
    assert_eq!(seen[0].body["disable_notification"], false);
    assert!(seen[0].body.get("parse_mode").is_none(), "nothing in it can be markup");
    let said = seen[0].body["text"].as_str().unwrap();
    assert_eq!(
        said,
        "[high] ibis (paper): soft_pause by stale_data\n<no data> & \"more\"\n\
         since 1970-01-01T00:00:01Z, at 1970-01-01T00:00:02Z"
    );
    let busy = r#"{"ok":false,"description":"Too Many","parameters":{"retry_after":9}}"#;
    hook.script([Act::Answer(429, "", busy.to_owned())]);
    let Outcome::TryAgain { after, .. } = send(&settings, ChannelName::Telegram) else { panic!() };
    assert_eq!(after.unwrap().as_secs(), 9);
}

#[test]
fn a_webhook_gets_json_with_its_secrets_where_they_belong() {
    let (home, hook) = (Home::new(), Hook::new());
    let secret =
        secrets(&home, "webhook_token = \"canary-bearer\"\nwebhook_path = \"/T0/canary\"\n");
    let text = format!("[alerts]\nwebhook_url = \"{}/public\"\n{secret}", hook.url());
    let settings = settings(&home, &text);
    assert_eq!(send(&settings, ChannelName::Webhook), Outcome::Delivered);
    let seen = &hook.seen()[0];
    assert_eq!(seen.path, "/T0/canary");
    assert_eq!(seen.headers["authorization"], "Bearer canary-bearer");
    assert_eq!(seen.headers["idempotency-key"], "ibis-0");
    assert_eq!(seen.headers["content-type"], "application/json");
    for (name, value) in [
        ("instance", "ibis"),
        ("mode", "paper"),
        ("key", "hold/global/stale_data"),
        ("severity", "high"),
        ("kind", "firing"),
        ("title", "soft_pause by stale_data"),
        ("since", "1970-01-01T00:00:01Z"),
    ] {
        assert_eq!(seen.body[name], value, "{}", seen.body);
    }
    assert_eq!(seen.body["labels"]["hold"], "stale_data");
    for (act, says) in [
        (Act::Answer(400, "", "canary /T0/canary".to_owned()), "HTTP 400"),
        (Act::Answer(302, "Location: /\r\n", String::new()), "HTTP 302"),
        (Act::Answer(401, "", String::new()), "HTTP 401"),
        (Act::HangUp, "connection closed before message completed"),
    ] {
        hook.script([act]);
        let outcome = format!("{:?}", send(&settings, ChannelName::Webhook));
        assert!(outcome.contains(says) && !outcome.contains("canary"), "{outcome}");
        assert_eq!(outcome.starts_with("Refused"), says == "HTTP 400", "{outcome}");
    }
}

#[test]
fn an_alertmanager_gets_its_own_form() {
    let (home, hook) = (Home::new(), Hook::new());
    let text = format!("[alerts]\nalertmanager_url = \"{}/prefix/\"\n", hook.url());
    assert_eq!(send(&settings(&home, &text), ChannelName::Alertmanager), Outcome::Delivered);
    let seen = &hook.seen()[0];
    assert_eq!(seen.path, "/prefix/api/v2/alerts");
    let fires: Vec<_> =
        seen.body.as_array().unwrap().iter().map(|alert| &alert["endsAt"]).collect();
    assert_eq!(fires.len(), 5);
    assert_eq!(seen.body[3]["labels"]["key"], "hold/global/stale_data");
    assert_eq!(fires[3], "1970-01-01T08:00:02Z");
}

fn program(home: &Home, text: &str) -> Settings {
    let file = home.write("page", format!("#!/bin/sh\n{text}\n"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let text = format!("[alerts]\ncommand = \"{}\"\nrequest_timeout = \"2s\"\n", file.display());
    settings(home, &text)
}

#[test]
fn a_command_gets_the_alert_and_nothing_of_this_process() {
    let home = Home::new();
    let (input, words) = (home.path("input"), home.path("words"));
    let script = format!("cat > {}; env > {}", input.display(), words.display());
    assert_eq!(send(&program(&home, &script), ChannelName::Command), Outcome::Delivered);
    let input = std::fs::read_to_string(input).unwrap();
    let alert: serde_json::Value = serde_json::from_str(&input).unwrap();
    assert_eq!((input.lines().count(), &alert["severity"]), (1, &"high".into()));
    let words = std::fs::read_to_string(words).unwrap();
    assert!(words.contains("IBIS_ALERT_TITLE=soft_pause by stale_data\n"), "{words}");
    let foreign = words.lines().filter(|line| {
        !["IBIS_ALERT_", "PATH=", "PWD=", "_=", "SHLVL=", "OLDPWD="]
            .iter()
            .any(|own| line.starts_with(own))
    });
    assert_eq!(foreign.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn a_command_that_fails_hangs_or_is_not_there_is_tried_again() {
    let home = Home::new();
    assert!(why(send(&program(&home, "exit 3"), ChannelName::Command)).contains("exit status: 3"));
    // It does not read, and leaves a child behind that holds the pipe.
    let pid = home.path("pid");
    let hangs = format!("sleep 600 & echo $! > {}; wait", pid.display());
    let said = why(send(&program(&home, &hangs), ChannelName::Command));
    assert!(said.ends_with("did not end in 2000 ms and was killed"), "{said}");
    let child = std::fs::read_to_string(pid).unwrap();
    let state = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    let is_dead = state.is_empty() || state.contains(" Z ") || state.contains(" X ");
    assert!(is_dead, "its child lives on: {state}");
    let settings = settings(&home, "[alerts]\ncommand = \"/nowhere/at/all\"\n");
    assert!(why(send(&settings, ChannelName::Command)).contains("cannot be started"));
}

#[test]
fn a_secret_that_others_may_read_is_not_used_until_it_is_mended() {
    let (home, hook) = (Home::new(), Hook::new());
    let secret = secrets(&home, &format!("telegram_token = \"{TOKEN}\"\n"));
    let text = format!(
        "[alerts]\ntelegram_chat_id = \"-77\"\ntelegram_base_url = \"{}\"\n{secret}",
        hook.url()
    );
    let settings = settings(&home, &text);
    let mode = |mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(home.path("secrets.toml"), mode).unwrap();
    };
    mode(0o644);
    assert!(why(send(&settings, ChannelName::Telegram)).contains("chmod 600"));
    assert_eq!(hook.seen().len(), 0);
    mode(0o600);
    assert_eq!(send(&settings, ChannelName::Telegram), Outcome::Delivered);
}
