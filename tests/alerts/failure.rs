//! A unit failed: told though the agent is dead, the ledger broken, the configuration wrong.

use std::process::Command;

use super::make_ledger;
use crate::support::home::{Ended, Home, end};
use crate::support::hook::{Act, Hook};

fn report(home: &Home, invocation: &str, config: &str) -> Ended {
    let words = format!("failure-report ibis-agent.service --config {config}");
    let mut command: Command = home.command(&words);
    command.env("MONITOR_SERVICE_RESULT", "watchdog").env("MONITOR_EXIT_CODE", "killed");
    command.env("MONITOR_EXIT_STATUS", "ABRT").env("MONITOR_INVOCATION_ID", invocation);
    end(&mut command)
}

#[test]
fn a_dead_agents_failure_is_told_through_the_outbox_once() {
    let (home, hook) = (Home::new(), Hook::new());
    make_ledger(&home.path("data"));
    home.write("a.toml", format!("[alerts]\nwebhook_url = \"{}\"\n", hook.url()));
    hook.script([Act::Answer(503, "", String::new())]);
    assert_eq!(report(&home, "a1", "a.toml").code, Some(0));
    let seen = hook.seen();
    assert_eq!(seen.len(), 2, "it was tried again, for nobody else would");
    assert_eq!(seen[0].body, seen[1].body);
    assert_eq!(seen[0].body["key"], "unit/ibis-agent.service");
    assert_eq!(seen[0].body["severity"], "critical");
    assert_eq!(seen[0].body["body"], "ibis-agent.service failed: watchdog (killed ABRT)");
    assert_ne!(seen[0].body["id"], 0, "it is in the outbox");
    let again = report(&home, "a1", "a.toml");
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), "reported before\n"));
    assert_eq!(report(&home, "a2", "a.toml").stdout, "reported\n");
    assert_eq!(hook.seen().len(), 2, "the next failure within the repeat is folded");
    assert_eq!(home.json("alerts outbox")["firing"][0]["key"], "unit/ibis-agent.service");

    // A run that started ends it.
    let mut agent = home.start("agent --speed 60 --config a.toml", &[]);
    let over = &hook.wait_for(3)[2].body;
    assert_eq!((&over["kind"], &over["key"]), (&"recovery".into(), &seen[0].body["key"]));
    assert_eq!(over["repeats"], 1);
    agent.line("run");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
}

#[test]
fn without_a_ledger_it_is_told_past_the_outbox_and_not_again_at_once() {
    let (home, hook) = (Home::new(), Hook::new());
    std::fs::create_dir_all(home.path("data")).unwrap();
    home.write("a.toml", format!("[alerts]\nwebhook_url = \"{}\"\n", hook.url()));
    hook.script([Act::Answer(500, "", String::new())]);
    let told = report(&home, "a1", "a.toml");
    assert_eq!(
        (told.code, told.stdout.as_str()),
        (Some(0), "reported, journal only\n"),
        "{told:?}"
    );
    assert!(told.stderr.contains("told webhook past the outbox"), "{told:?}");
    let seen = hook.seen();
    assert_eq!(seen.len(), 2, "it was tried again");
    assert_eq!((&seen[1].body["id"], &seen[1].body["severity"]), (&0.into(), &"critical".into()));
    let lately = report(&home, "a2", "a.toml");
    assert!(lately.stderr.contains("and not again"), "{lately:?}");
    home.write("data/ibis.db", "garbage, and no database at all");
    assert_eq!(report(&home, "a3", "a.toml").code, Some(0));
    assert_eq!(hook.seen().len(), 2);
}

#[test]
fn a_wrong_configuration_keeps_nobody_silent() {
    let (home, hook) = (Home::new(), Hook::new());
    make_ledger(&home.path("data"));
    let text =
        format!("mode = \"live\"\n[bogus]\nx = 1\n[alerts]\nwebhook_url = \"{}\"\n", hook.url());
    home.write("a.toml", text);
    assert_eq!(home.ibis("agent --config a.toml").code, Some(78));
    assert_eq!(report(&home, "a1", "a.toml").code, Some(0));
    assert_eq!(hook.seen()[0].body["mode"], "live");
}
