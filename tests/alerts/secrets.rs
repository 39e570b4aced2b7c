//! The token is in the file and on the way to Telegram, and nowhere else.

use super::{TOKEN, make_ledger, secrets};
use crate::support::home::Home;
use crate::support::hook::{Act, Hook};

#[test]
fn the_token_is_in_no_output_no_ledger_and_no_debug() {
    let (home, hook) = (Home::new(), Hook::new());
    make_ledger(&home.path("data"));
    let secret = secrets(&home, &format!("telegram_token = \"{TOKEN}\"\n"));
    let config = |url: &str| {
        format!(
            "[alerts]\nrequest_timeout = \"500ms\"\ntelegram_chat_id = \"5\"\ntelegram_severity = \"info\"\n\
             telegram_base_url = \"{url}\"\n{secret}"
        )
    };
    home.write("a.toml", config(&hook.url()));
    home.write("away.toml", config(&format!("http://{}", Hook::nobody())));
    let leak = format!("{{\"description\":\"no bot{TOKEN} here\"}}");
    hook.script([
        Act::Answer(404, "", leak.clone()),
        Act::Answer(400, "", leak),
        Act::Linger,
        Act::HangUp,
        Act::Answer(500, "", format!("/bot{TOKEN}/sendMessage")),
    ]);
    let mut said = String::new();
    for words in [
        "alerts test --config a.toml",
        "alerts test --json --config a.toml",
        "alerts test --config a.toml",
        "alerts test --config away.toml",
        "failure-report x.service --config away.toml",
        "alerts deliver --json --config a.toml",
        "alerts outbox",
        "alerts outbox --json",
        "agent --speed 60 --max-runtime 2s --config a.toml",
        "status --json",
        "events --json",
    ] {
        let ended = home.ibis(words);
        said = format!("{said}\n{words}\n{}\n{}", ended.stdout, ended.stderr);
    }
    assert!(said.contains("HTTP 400: no bot[token] here"), "{said}");
    assert!(hook.seen().iter().all(|seen| seen.path.contains(TOKEN)), "it did travel");
    let settings = super::settings(&home, &config(&hook.url()));
    let channels = ibis::alerts::channels::of(&settings, None);
    said = format!("{said}{settings:?}{channels:?}");
    for canary in [TOKEN, "canary"] {
        assert!(!said.contains(canary), "{said}");
    }
    for (path, content) in home.files("data") {
        let has = content.windows(6).any(|bytes| bytes == b"canary");
        assert!(!has, "{} has it", path.display());
    }
}
