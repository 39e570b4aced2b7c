//! A chat whose other end fails in every way: commands wait, trading does not, and the token stays a secret.

use super::TOKEN;
use super::chat::{ADA, GROUP, stage};
use crate::support::bot_api::BotApi;
use crate::support::hook::Act;

#[test]
fn whatever_the_api_does_commands_are_heard_after_it() {
    let api = BotApi::new();
    let stage = stage(&api);
    let leak = || format!("{{\"ok\":false,\"description\":\"no bot{TOKEN} here\"}}");
    let conflict = || Act::Answer(409, "", format!("{{\"description\":\"Conflict: bot{TOKEN}\"}}"));
    api.script("getMe", [Act::Linger, Act::Answer(200, "", "{\"ok\":true}".to_owned())]);
    api.script(
        "getUpdates",
        [
            conflict(),
            Act::Take,
            conflict(),
            Act::Take,
            Act::Answer(500, "", leak()),
            Act::Take,
            Act::Answer(401, "", leak()),
            Act::Take,
            Act::HangUp,
            Act::Take,
            Act::Answer(200, "", format!("<html>{TOKEN}</html>")),
        ],
    );
    let mut agent = stage.start();
    let host = ibis::ops::chat::host();
    agent.line(&format!("(paper) on {host}: HTTP 409: Conflict: bot[token]; a bot of its own"));
    api.wait_for("getUpdates", 12);
    api.script("sendMessage", [Act::Linger, Act::HangUp]);
    let lost = api.say(ADA, GROUP, "/pause though nobody is told");
    assert!(api.answer(lost).starts_with("pause: done at "), "the third try");
    api.script("sendMessage", [Act::Answer(400, "", leak())]);
    api.say(ADA, GROUP, "/version");
    agent.line("an answer did not arrive: HTTP 400: no bot[token] here");
    let killed = api.say(ADA, GROUP, "/kill in the end");
    assert!(api.answer(killed).starts_with("kill: done at "));
    let told =
        |part: &str| api.sent().iter().filter(|body| body.to_string().contains(part)).count();
    assert_eq!(told("Commands may be lost"), 1, "{:#?}", api.sent());

    agent.signal("TERM");
    let ended = agent.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(api.paths().iter().all(|path| path.contains(TOKEN)), "it did travel");
    let said = format!("{}{}{:?}", ended.stdout, ended.stderr, api.sent());
    for canary in [TOKEN, "canary"] {
        assert!(!said.contains(canary), "{said}");
    }
    for (path, content) in stage.home.files("data") {
        let has = content.windows(6).any(|bytes| bytes == b"canary");
        assert!(!has, "{} has it", path.display());
    }
}

#[test]
fn an_api_that_hangs_holds_up_neither_the_agent_nor_its_end() {
    let api = BotApi::new();
    api.script("getUpdates", std::iter::repeat_n(Act::Linger, 100));
    let stage = stage(&api);
    let agent = stage.start();
    api.wait_for("getUpdates", 1);
    stage.until_open();
    agent.signal("TERM");
    let ended = agent.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("an answer is on its way"), "{ended:?}");
    assert_eq!(api.calls("getUpdates"), 1);
}

#[test]
fn without_a_list_of_people_nobody_polls() {
    let api = BotApi::new();
    let stage = stage(&api);
    let text = std::fs::read_to_string(stage.home.path("ibis.toml")).unwrap();
    stage.home.write("ibis.toml", text.replace(&format!("\"7,{ADA}\""), "\"\""));
    let agent = stage.start();
    stage.until_open();
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    assert_eq!(api.calls("getMe") + api.calls("getUpdates"), 0);
}
