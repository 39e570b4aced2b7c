//! The agent's own notifier: it tells while the agent trades, and never delays it.

use crate::support::home::Home;
use crate::support::hook::{Act, Hook};

#[test]
fn a_running_agent_tells_of_its_start_and_its_end() {
    let (home, hook) = (Home::new(), Hook::new());
    home.write(
        "a.toml",
        format!(
            "[alerts]\nwebhook_url = \"{}\"\nwebhook_severity = \"info\"\nfloor_info = \"1s\"\n",
            hook.url()
        ),
    );
    let agent = home.start("agent --speed 60 --config a.toml", &[]);
    let told = |title: &str| hook.seen().iter().any(|seen| seen.body["title"] == title);
    hook.wait_until(|seen| seen.iter().any(|seen| seen.body["title"] == "run 1 trades"));
    // Longer than the floor: the end is news of its own.
    std::thread::park_timeout(std::time::Duration::from_millis(1_200));
    agent.signal("TERM");
    let ended = agent.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(told("run 1 stopped"), "{:#?}", hook.seen());
}

#[test]
fn channels_that_hang_neither_delay_the_start_nor_the_trading_nor_the_end() {
    let (home, hook) = (Home::new(), Hook::new());
    hook.script(std::iter::repeat_n(Act::Linger, 1_000));
    let slow = home.write("slow", "#!/bin/sh\nsleep 600\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&slow, mode).unwrap();
    home.write(
        "a.toml",
        format!(
            "[alerts]\nrequest_timeout = \"30s\"\nwebhook_url = \"{url}\"\nwebhook_severity = \"info\"\n\
             alertmanager_url = \"http://{nobody}\"\nalertmanager_severity = \"info\"\n\
             command = \"{}\"\ncommand_severity = \"info\"\n",
            slow.display(),
            url = hook.url(),
            nobody = Hook::nobody()
        ),
    );
    let summary = home.json("agent --speed 600 --max-runtime 3s --config a.toml");
    assert_eq!(summary["cause"], "the maximum runtime is over");
    assert!(summary["fills"].as_u64().unwrap() > 0, "{summary}");
    let outbox = home.json("alerts outbox");
    assert!(outbox["channels"]["webhook"]["pending"].as_u64().unwrap() > 0, "{outbox}");
}

#[test]
fn a_simulated_run_tells_nobody() {
    let (home, hook) = (Home::new(), Hook::new());
    let text = format!("[alerts]\nwebhook_url = \"{}\"\nwebhook_severity = \"info\"\n", hook.url());
    home.write("a.toml", text);
    home.json("agent --speed max --seed 7 --max-runtime 1h --config a.toml");
    assert_eq!(hook.seen().len(), 0);
    let outbox = home.json("alerts outbox");
    assert_eq!((&outbox["depth"], outbox["channels"].as_object().unwrap().len()), (&0.into(), 0));
}
