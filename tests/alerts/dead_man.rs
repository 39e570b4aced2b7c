//! The dead man's switch at another place hears of an agent that works, and of no other.

use ibis::alerts::notifier::Notifier;
use ibis::clock;

use super::{make_ledger, secrets, settings};
use crate::support::home::Home;
use crate::support::hook::{Act, Hook};

const SECRET: &str = "/canary-uuid";

#[test]
fn a_working_agent_is_heard_of_until_it_stops_and_through_failures() {
    let (home, hook) = (Home::new(), Hook::new());
    let refused = || Act::Answer(500, "", SECRET.to_owned());
    hook.script([Act::Take, refused(), refused(), Act::HangUp, Act::Take]);
    let secrets = secrets(&home, &format!("ping_path = \"{SECRET}\"\n"));
    let url = hook.url();
    let text = format!("[alerts]\nping_url = \"{url}/shown\"\nping_interval = \"1s\"\n{secrets}");
    home.write("a.toml", text);
    let agent = home.start("agent --speed 60 --config a.toml", &[]);
    let seen = hook.wait_for(6);
    agent.signal("TERM");
    let ended = agent.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(seen.iter().all(|seen| seen.path == SECRET && seen.body.is_null()), "{seen:#?}");
    // Three failures in a row are one trouble; nothing of it shows where it goes.
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(said.matches("alerts.ping_url is not reached: HTTP 500").count(), 1, "{said}");
    assert_eq!(said.matches("alerts.ping_url is reached again").count(), 1, "{said}");
    assert!(!said.contains(SECRET), "{said}");
}

#[test]
fn an_agent_that_hangs_or_never_was_ready_is_not_heard_of() {
    let (home, hook) = (Home::new(), Hook::new());
    let state_dir = home.path("data");
    make_ledger(&state_dir);
    let url = hook.url();
    let text = format!("[alerts]\nping_url = \"{url}\"\nping_interval = \"1s\"\n");
    let settings = settings(&home, &text);
    let set = |ready: &str, progress: &str| {
        let sql = format!("UPDATE runs SET ready_at_us = {ready}, progress_at_us = {progress}");
        home.ledger().execute(&sql, []).unwrap();
    };
    home.ledger()
        .execute(
            "INSERT INTO runs (version, clock, market, config_hash, pid, started_at_us)
             VALUES ('0', 'wall', 'none', '', 1, 1)",
            [],
        )
        .unwrap();
    let notifier = Notifier::start(&state_dir, &settings, None).unwrap();
    // The notifier looks at the ledger each second: it finds these states, and says nothing.
    let hour_ago = (clock::wall_now().us() - 3_600_000_000).to_string();
    for (ready, progress) in [("NULL", "NULL"), (&*hour_ago, "NULL"), (&*hour_ago, &*hour_ago)] {
        set(ready, progress);
        std::thread::park_timeout(std::time::Duration::from_millis(1_300));
        assert_eq!(hook.seen().len(), 0, "ready {ready}, progress {progress}");
    }
    set(&hour_ago, &clock::wall_now().us().to_string());
    assert_eq!(hook.wait_for(1)[0].path, "/");
    // A stop does not wait for it.
    drop(notifier);
}
