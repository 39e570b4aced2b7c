//! Commands in a chat: who may is answered and obeyed, everybody else is not there.

use std::time::Duration;

use super::{TOKEN, secrets};
use crate::control::stage::Stage;
use crate::support::bot_api::BotApi;

/// May give commands.
pub const ADA: u64 = 11;
/// May not.
const EVE: u64 = 12;
/// Where commands are given.
pub const GROUP: i64 = -100_500;

/// An agent's directory whose chat is at `api`.
pub fn stage(api: &BotApi) -> Stage {
    let stage = Stage::new("");
    let secret = secrets(&stage.home, &format!("telegram_token = \"{TOKEN}\"\n"));
    let before = std::fs::read_to_string(stage.home.path("ibis.toml")).unwrap();
    let chat = format!(
        "[alerts]\ntelegram_chat_id = \"{GROUP}\"\ntelegram_users = \"7,{ADA}\"\n\
         telegram_severity = \"critical\"\nrequest_timeout = \"2s\"\ntelegram_base_url = \"{}\"\n",
        api.url()
    );
    stage.home.write("ibis.toml", format!("{before}{chat}{secret}"));
    stage
}

#[test]
fn who_may_asks_pauses_and_kills_and_strangers_are_not_there() {
    let api = BotApi::new();
    let stage = stage(&api);
    let mut agent = stage.start();
    let ask = |text: &str| api.answer(api.say(ADA, GROUP, text));
    api.say(EVE, GROUP, "/kill from a stranger in the group");
    let private = i64::try_from(ADA).unwrap();
    api.say(ADA, private, "/kill from another chat");
    api.say(ADA, GROUP, "/kill@other_bot not for this one");
    api.say(ADA, GROUP, "kill is no command");
    let status = ask("/status");
    assert!(status.contains("\nmode: paper\n") && status.contains("\noverall: "), "{status}");
    assert_eq!((stage.level(), api.sent().len()), (0, 1), "{:#?}", api.sent());
    agent.line("chat: ignored 1 commands of people, or in chats, that are not configured");

    let paused = ask("/pause 30m thin book");
    assert!(paused.starts_with("pause: done at "), "{paused}");
    assert_eq!(stage.level(), 2);
    assert!(ask("/locks").contains("operator until "));
    assert!(ask("/locks").contains("telegram 11 (@user11): thin book"));
    assert!(ask("/resume@ibis_bot fine").starts_with("resume: done at "));
    assert_eq!(stage.level(), 0);
    assert!(ask("/resume").starts_with("resume: refused: nothing is paused there"));
    assert!(ask("/start").contains("/kill"), "opening the chat asks for help, and resumes nothing");
    assert_eq!(
        ask("/pause no-such why"),
        "pause: not done: NO-SUCH is no instrument of this agent"
    );
    let late = api.say_ago(Duration::from_secs(120), ADA, GROUP, "/stopbuy late");
    assert!(api.answer(late).starts_with("pause: not done: too old, 2m"));
    assert_eq!(stage.level(), 0);

    let killed = ask("/kill fire");
    assert!(killed.starts_with("kill: done at "), "{killed}");
    assert!(killed.contains("\nkill_switch: active since "), "{killed}");
    assert_eq!(stage.level(), 4);
    assert!(ask("/resume").starts_with("resume: refused: "));
    assert!(ask("/release").contains("--token-file"));
    assert_eq!(stage.level(), 4);
    let by = "SELECT count(*) FROM operator_commands WHERE via = 'telegram' AND id LIKE 'tg-%'
              AND by = 'telegram 11 (@user11)'";
    assert_eq!(stage.count(by), 5, "pause, resume, refused, kill, refused");
    assert_eq!(stage.count("SELECT count(*) FROM operator_commands"), 5);
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
}

#[test]
fn every_question_has_an_answer() {
    let api = BotApi::new();
    let stage = stage(&api);
    let agent = stage.start();
    let host = ibis::ops::chat::host();
    let run = |words: &str| stage.ibis(words);
    run("exec-integrity");
    for (question, part) in [
        ("/help", "/kill [WHY]"),
        ("/version", host.as_str()),
        ("/profit", "\nin all: "),
        ("/daily 3", " net, "),
        ("/performance", ": "),
        ("/balance", "USDT: "),
        ("/count", "open orders: "),
        ("/locks", "state: running\nno hold is active"),
        ("/health", "overall: "),
        ("/kpi", ""),
        ("/integrity", "exec-integrity: "),
        ("/show_config", "alerts.telegram_base_url = [an address]\n"),
        ("/logs", " transition "),
        ("/logs 1", " "),
        ("/reload_config", "reload_config: reloaded: nothing changed"),
        ("/forceexit", "nothing is sold: say which"),
        ("/nonsense", "/help"),
        ("/pause 30", "nothing is paused"),
    ] {
        let answer = api.answer(api.say(ADA, GROUP, question));
        let told = !answer.is_empty() && !answer.contains("cannot be told");
        assert!(told && answer.contains(part), "{question}: {answer}");
        assert!(answer.chars().count() <= 4_096, "{question}");
    }
    assert_eq!(stage.count("SELECT count(*) FROM operator_commands"), 0);
    agent.kill();
}

#[test]
fn what_is_held_is_sold_from_a_chat() {
    let api = BotApi::new();
    let stage = stage(&api);
    let agent = stage.start();
    let ask = |text: &str| api.answer(api.say(ADA, GROUP, text));
    stage.until("SELECT count(*) FROM positions WHERE quantity <> '0'", 1);
    let sold = ask("/forceexit all too much");
    assert!(sold.starts_with("force_exit: done at ") && sold.ends_with("\nsold"), "{sold}");
    assert_eq!(stage.level(), 0);
    let by = "SELECT count(*) FROM fills JOIN intents USING (client_order_id)
              WHERE intents.purpose = 'force_exit'";
    assert!(stage.count(by) > 0);
    assert!(ask("/logs 50").lines().count() > 1);
    assert_eq!(ask("/fx NO-SUCH"), "force_exit: not done: NO-SUCH is no instrument of this agent");
    agent.kill();
}

#[test]
fn files_are_read_again_from_a_chat() {
    let api = BotApi::new();
    let stage = stage(&api);
    let agent = stage.start();
    let ask = |text: &str| api.answer(api.say(ADA, GROUP, text));
    let before = std::fs::read_to_string(stage.home.path("ibis.toml")).unwrap();
    let with = |more: &str| stage.home.write("ibis.toml", format!("{before}{more}"));
    with("[health]\nequity_warn_at = \"1\"\n");
    let told = ask("/reload_config");
    assert!(told.starts_with("reload_config: not reloaded, the old one stays: "), "{told}");
    with("[market]\nstale_after = \"45s\"\nseed = 9\n");
    assert_eq!(
        ask("/reload_config"),
        "reload_config: reloaded: market.stale_after; changed, but need a restart: market.seed"
    );
    let shown = ask("/show_config");
    assert!(shown.contains("\nmarket.stale_after = 45s"), "{shown}");
    assert!(!shown.contains("market.seed = 9"), "what is in force: {shown}");
    assert_eq!(
        ask("/reload_config"),
        "reload_config: reloaded: nothing changed; changed, but need a restart: market.seed"
    );
    agent.kill();
}

#[test]
fn a_command_that_comes_twice_is_done_once() {
    let api = BotApi::new();
    let stage = stage(&api);
    let agent = stage.start();
    let commands = || stage.count("SELECT count(*) FROM operator_commands");
    api.repeat(3);
    let paused = api.say(ADA, GROUP, "/pause twice");
    let first = api.answer(paused);
    assert!(first.starts_with("pause: done at "), "{first}");
    let after = api.calls("getUpdates") + 4;
    api.wait_for("getUpdates", after);
    assert_eq!((commands(), api.sent().len()), (1, 1), "brought again, confirmed or not");

    // It dies before what it did is confirmed: the next one is brought all of it again.
    api.repeat(u32::MAX);
    let resumed = api.say(ADA, GROUP, "/resume once");
    let told = api.answer(resumed);
    assert!(told.starts_with("resume: done at "), "{told}");
    agent.kill();
    let (said, before) = (api.sent().len(), api.calls("getUpdates"));
    let agent = stage.start();
    api.wait_for("getUpdates", before + 3);
    assert!(api.answer(api.say(ADA, GROUP, "/version")).starts_with("ibis "));
    let again = api.sent().into_iter().skip(said);
    let again: Vec<_> = again.filter(|body| body["text"] == told).collect();
    assert_eq!((commands(), again.len()), (2, 1), "the same outcome, from the ledger");
    agent.kill();
}
