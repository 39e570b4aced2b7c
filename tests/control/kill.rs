//! The kill switch on paper: with the agent alive, hung and dead, through crashes, and back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use ibis::clock;
use ibis::domain::operator::{Command, CommandId, Via, Wish};
use ibis::store::operator;

use super::stage::Stage;

const KILL: &str = "kill activate --reason test --timeout 30s";
const TAKEN_IN: &str = "SELECT count(*) FROM operator_commands";

/// Acceptance test 1.
#[test]
fn kill_survives_a_sigkill_and_a_restart() {
    let stage = Stage::new("");
    let agent = stage.start();
    stage.until_open();
    let (code, killed) = stage.said(KILL);
    assert_eq!((code, &killed["verified"]), (Some(0), &true.into()), "{killed}");
    assert_eq!((killed["agent"].as_str(), stage.at_work()), (Some("obeyed"), (0, 0)));
    stage.assert_quiet(30);
    agent.kill();
    for _ in 0..2 {
        let agent = stage.start();
        assert_eq!(stage.level(), 4);
        stage.assert_quiet(60);
        agent.kill();
    }
    let (code, status) = stage.said("kill status");
    assert_eq!(
        (code, &status["active"], &status["verified"]),
        (Some(1), &true.into(), &true.into())
    );
    assert!(status["reason"].as_str().unwrap().ends_with(": test"), "{status}");
    let text = stage.ibis("status").stdout;
    assert!(text.contains("kill_switch: active since") && !text.contains("NOT VERIFIED"), "{text}");
}

/// Acceptance test 2.
#[test]
fn kill_works_with_the_agent_dead_and_verifies_that_nothing_is_at_work() {
    let stage = Stage::new("");
    let agent = stage.start();
    stage.until_open();
    agent.kill();
    let (code, killed) = stage.said(KILL);
    assert_eq!((code, &killed["verified"]), (Some(0), &true.into()), "{killed}");
    assert_eq!(stage.at_work(), (0, 0));
    assert_eq!(stage.said("kill status").1["waiting"].as_array().unwrap().len(), 0);
    let agent = stage.start();
    assert_eq!(stage.level(), 4);
    stage.assert_quiet(60);
    drop(agent);
    assert_eq!(stage.said("db check").1["ok"], true);
}

#[test]
fn a_hung_agent_obeys_before_it_sends_anything() {
    let stage = Stage::new("");
    let agent = stage.start();
    stage.until_open();
    agent.signal("STOP");
    let sent = stage.sent();
    let (code, killed) = stage.said("kill activate --reason test --timeout 1s --flatten");
    assert_eq!((code, killed["agent"].as_str()), (Some(1), Some("hung")), "{killed}");
    assert!(killed["notes"].to_string().contains("systemctl stop ibis-agent"), "{killed}");
    let (code, status) = stage.said("kill status");
    assert_eq!((code, status["waiting"][0]["wish"].as_str()), (Some(1), Some("kill")), "{status}");
    agent.signal("CONT");
    stage.until("SELECT count(*) FROM events WHERE kind = 'kill_verified'", 1);
    assert_eq!(stage.at_work(), (0, 0));
    let told = "SELECT seq FROM events WHERE kind = 'operator'";
    let later = format!("SELECT count(*) FROM events WHERE kind = 'intent' AND seq > ({told})");
    assert_eq!(stage.count(&later), 0, "nothing after the word");
    // The turn that the signal caught ends first: an order of an instrument at most.
    let caught = stage.sent() - sent;
    assert!(caught <= stage.count("SELECT count(*) FROM instruments"), "{caught}");
    let flatten = "SELECT count(*) FROM operator_commands WHERE wish LIKE '%true%'";
    assert_eq!(stage.count(flatten), 0, "one that hung is not told to sell, some day");
    stage.assert_quiet(10);
}

#[test]
fn the_latch_needs_no_configuration() {
    let stage = Stage::new("");
    let agent = stage.start();
    stage.until_open();
    stage.home.write("ibis.toml", "mode = \"foo\"\n");
    let ended = stage.ibis(KILL);
    assert!(ended.refused(78).starts_with("the latch is set, nothing is canceled: "), "{ended:?}");
    stage.until("SELECT count(*) FROM events WHERE kind = 'kill_verified'", 1);
    assert_eq!(stage.at_work(), (0, 0));
    drop(agent);
}

/// Acceptance test 25, with an agent that works and with none.
#[test]
fn flatten_sells_what_is_held_and_waits_for_the_fills() {
    for dead in [false, true] {
        let stage = Stage::new("[risk]\nopen_positions_max = 3\n");
        let agent = stage.start();
        let held = "SELECT count(*) FROM positions WHERE quantity <> '0'";
        stage.until(held, 1);
        let agent = if dead {
            agent.kill();
            None
        } else {
            Some(agent)
        };
        let (code, killed) = stage.said(&format!("{KILL} --flatten"));
        assert_eq!((code, &killed["flat"]), (Some(0), &true.into()), "{killed}");
        assert_eq!((stage.count("SELECT count(*) FROM lots"), stage.at_work()), (0, (0, 0)));
        let sold = "SELECT count(*) FROM fills f JOIN intents i USING (client_order_id)
                    WHERE i.purpose = 'force_exit'";
        assert!(stage.count(sold) > 0, "with orders that were filled");
        assert_eq!(stage.level(), 4, "sold is not released");
        drop(agent);
    }
}

#[test]
fn a_signal_is_the_kill_switch() {
    let stage = Stage::new("");
    let agent = stage.start();
    stage.until_open();
    agent.signal("USR1");
    stage.until("SELECT count(*) FROM events WHERE kind = 'kill_verified'", 1);
    assert_eq!(stage.at_work(), (0, 0));
    assert_eq!(stage.count("SELECT count(*) FROM operator_commands WHERE via = 'signal'"), 1);
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    assert_eq!(stage.level(), 4);
}

#[test]
fn a_release_needs_the_token_and_the_cooldown_and_lands_in_hard_stop() {
    let token = |name: &str| format!("kill release --reason test --token-file {name}");
    let stage = Stage::new("[control]\nkill_cooldown = \"1h\"\n");
    let private = |name: &str, text: &str| {
        let path = stage.home.write(name, text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    private("token", &"a".repeat(64));
    private("wrong", &"b".repeat(64));
    let none = stage.ibis(&token("token"));
    assert!(none.refused(77).contains("openssl rand -hex 32"), "{none:?}");

    let config = fs::read_to_string(stage.home.path("ibis.toml")).unwrap();
    let config = config.replace("[http]\n", "[http]\ntoken_file = \"token\"\n");
    stage.home.write("ibis.toml", &config);
    let wrong = stage.ibis(&token("wrong"));
    assert!(wrong.refused(77).ends_with("wrong: not the token"), "{wrong:?}");
    fs::set_permissions(stage.home.path("wrong"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(stage.ibis(&token("wrong")).refused(77).contains("0644"));

    // The market's hour takes six seconds; the refusal is certain only just after the switch.
    let agent = stage.start();
    stage.until_open();
    assert_eq!(stage.said(KILL).0, Some(0));
    let since = "SELECT max(set_at_us) FROM holds WHERE code = 'kill_switch'";
    let (code, refused) = stage.said(&token("token"));
    let after = refused["after"].as_str().unwrap_or_else(|| panic!("{refused}"));
    assert_eq!((code, refused["outcome"].as_str()), (Some(75), Some("refused")));
    let after: ibis::domain::time::Timestamp = after.parse().unwrap();
    assert_eq!(after.us(), stage.count(since) + 3_600_000_000);
    assert_eq!(stage.said("resume --from hard_stop --reason test").0, Some(1), "killed");
    stage.until("SELECT max(at_us) FROM samples", after.us());
    assert_eq!(stage.said(&token("token")).0, Some(0));
    assert_eq!(stage.level(), 3);
    assert_eq!(stage.said(&token("token")).0, Some(1), "not active any more");
    stage.assert_quiet(30);
    drop(agent);
    let agent = stage.start();
    assert_eq!(stage.level(), 3, "a hard stop is latched, too");
    assert_eq!(stage.said("resume --reason test").0, Some(1));
    assert_eq!(stage.said("resume --from soft_pause --reason test").0, Some(1));
    let sent = stage.sent();
    assert_eq!(stage.said("resume --from hard_stop --reason test").0, Some(0));
    stage.until("SELECT count(*) FROM intents", sent + 1);
    drop(agent);
}

/// The files of the spool outlive a crash before the ledger has what they say, wherever it comes.
#[test]
fn a_command_outlives_a_crash_right_after_it_was_given() {
    let stage = Stage::new("");
    for round in 0..4 {
        let agent = stage.start();
        let command = Command {
            id: CommandId::new(&format!("c-{round}")).unwrap(),
            at: clock::wall_now(),
            by: "a test".to_owned(),
            via: Via::Cli,
            reason: "a crash".to_owned(),
            wish: Wish::Kill { flatten: false },
        };
        operator::submit(&stage.home.path("data"), None, &command).unwrap();
        agent.kill();
    }
    let agent = stage.start();
    stage.until(TAKEN_IN, 4);
    assert_eq!(stage.level(), 4);
    stage.assert_quiet(30);
    assert_eq!(stage.count(TAKEN_IN), 4, "each once");
    assert_eq!(operator::waiting(&stage.home.path("data")), []);
    drop(agent);
}

#[test]
fn every_command_said_again_leaves_things_as_they_are() {
    let stage = Stage::new("");
    let agent = stage.start();
    stage.until_open();
    let holds = "SELECT count(*) FROM holds WHERE code IN ('operator', 'kill_switch')
                 AND cleared_at_us IS NULL";
    for words in ["pause --reason test", KILL] {
        assert_eq!(stage.said(words).0, Some(0), "{words}");
        let before = (stage.count(holds), stage.level(), stage.sent());
        for _ in 0..3 {
            assert_eq!(stage.said(words).0, Some(0), "{words}");
        }
        assert_eq!(before.0, stage.count(holds), "{words}");
        assert_eq!(before.1, stage.level(), "{words}");
    }
    assert_eq!(stage.at_work(), (0, 0));
    drop(agent);
}

/// Acceptance test 14: ten crashes in a row pause, one more stops until an operator looks.
#[test]
fn more_than_ten_crashes_in_a_row_stop_until_an_operator_looks() {
    let stage = Stage::new("");
    for _ in 0..11 {
        stage.start().kill();
    }
    assert_eq!(stage.level(), 2);
    let agent = stage.start();
    assert_eq!(stage.level(), 3);
    drop(agent);
    let agent = stage.start();
    assert_eq!(stage.said("resume --reason test").0, Some(1), "it says what it leaves");
    assert_eq!(stage.said("resume --from hard_stop --reason test").0, Some(0));
    assert_eq!(stage.level(), 0);
    drop(agent);
}

/// Acceptance test 20: neither restarts nor time nor a job end what an operator paused.
#[test]
fn an_operators_pause_outlives_restarts_until_an_operator_resumes() {
    let stage = Stage::new("[control]\npause_cancel_after = \"0s\"\n");
    let agent = stage.start();
    stage.until_open();
    assert_eq!(stage.said("pause --reason test").0, Some(0));
    agent.kill();
    let agent = stage.start();
    let entries = "SELECT count(*) FROM intents WHERE purpose = 'entry'";
    let before = stage.count(entries);
    let newest = "SELECT coalesce(max(at_us), 0) FROM samples";
    stage.until(newest, stage.count(newest) + 120 * 60_000_000);
    assert_eq!((stage.level(), stage.count(entries)), (2, before));
    assert_eq!(stage.said("pause --symbol NO-SUCH --reason test").0, Some(1));
    assert_eq!(stage.said("pause --symbol BTC-USDT --for 1h --reason test").0, Some(0));
    assert_eq!(stage.said("resume --reason test").0, Some(0));
    let own = "SELECT count(*) FROM holds WHERE scope = 'BTC-USDT' AND code = 'operator'";
    assert_eq!(stage.count(own), 1, "an instrument's pause is its own");
    stage.until(entries, before + 1);
    stage.until(&format!("{own} AND cleared_at_us IS NOT NULL"), 1);
    drop(agent);
    let ended = stage.ibis("pause --reason later");
    assert_eq!(ended.code, Some(1), "nobody is there: {ended:?}");
    let bad = stage.ibis("pause --for 1h");
    assert_eq!(bad.code, Some(64), "no reason: {bad:?}");
}

#[test]
fn the_drill_runs_end_to_end_and_is_dated() {
    let stage = Stage::new("");
    drop(stage.start());
    let (code, report) = stage.said("kill drill");
    assert_eq!(code, Some(0), "{report}");
    assert!(report["open_orders"].as_i64().unwrap() > 0, "{report}");
    let ids =
        report["checks"].as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap());
    let expected = [
        "killed",
        "nothing_at_work",
        "nothing_sent",
        "latch_outlives_restart",
        "nothing_sent_after_restart",
        "release_lands_in_hard_stop",
        "trades_again",
    ];
    assert_eq!(ids.collect::<Vec<_>>(), expected);
    assert_eq!(stage.count("SELECT count(*) FROM job_runs WHERE job = 'kill-drill'"), 1);
    let (code, status) = stage.said("kill status");
    assert_eq!((code, status["last_drill"]["overall"].as_str()), (Some(0), Some("OK")));
    assert_eq!(stage.level(), 0, "the real agent's ledger knows nothing of a kill");
}
