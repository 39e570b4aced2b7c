//! What scripts rely on: options in any place, keys of JSON, heads that tell equal histories.

use serde_json::Value;

use super::{CANDLES, RUN, db_check_ok, run_before};
use crate::support::home::{Home, end};

#[track_caller]
fn has_keys(value: &Value, keys: &[&str]) {
    for key in keys {
        assert!(value.get(key).is_some(), "no {key} in {value}");
    }
}

#[test]
fn a_replay_ends_with_a_summary_and_files_may_be_many() {
    let home = Home::new();
    home.write("one_ABC-USDT.csv", CANDLES);
    home.write("two_XYZ-USDT.csv", CANDLES);
    let summary = home.json("agent --replay one_ABC-USDT.csv --replay two_XYZ-USDT.csv");
    has_keys(&summary, &["events", "orders", "fills", "equity", "fees", "chain_head"]);
    assert_eq!(summary["cause"], "the market ended");
    assert_eq!(summary["feeds"].as_array().unwrap().len(), 2);
    assert_eq!(summary["chain_head"], home.json("db check")["chain_head"]);
    let again = home.json("agent --replay one_ABC-USDT.csv --replay two_XYZ-USDT.csv");
    assert_eq!(again["events"], 0, "seen before: {again}");
}

#[test]
fn equal_seeds_give_equal_heads_and_other_seeds_others() {
    let heads: Vec<Value> = [7, 7, 8]
        .map(|seed| {
            let home = Home::new();
            let words = format!("agent --speed max --seed {seed} --max-runtime 6h");
            let summary = home.json(&words);
            assert!(summary["fills"].as_u64().unwrap() > 50, "{summary}");
            assert_eq!(summary["violations"].as_array().unwrap().len(), 0, "{summary}");
            let check = home.json("db check");
            assert_eq!(check["ok"], true, "{check}");
            assert_eq!(check["chain_head"], summary["chain_head"]);
            check["chain_head"].clone()
        })
        .into();
    assert_eq!(heads[0], heads[1]);
    assert_ne!(heads[0], heads[2]);
}

#[test]
fn a_second_run_continues_the_first() {
    let home = Home::new();
    let first = home.json(RUN);
    let second = home.json(RUN);
    let events = |summary: &Value| summary["ledger_events"].as_i64().unwrap();
    assert!(events(&second) > events(&first), "{first} {second}");
    assert_eq!(second["surprises"], 0, "{second}");
    assert_eq!(second["violations"].as_array().unwrap().len(), 0, "{second}");
    db_check_ok(&home);
    assert_eq!(home.json("exec-integrity")["differences"].as_array().unwrap().len(), 0);
    let holds = "SELECT count(*) FROM holds WHERE code = 'crash_loop'";
    let crashes: i64 = home.ledger().query_row(holds, [], |row| row.get(0)).unwrap();
    assert_eq!(crashes, 0, "a run that ended in order is no crash");
}

#[test]
fn the_jobs_give_one_json_object_each_and_their_verdict_is_the_exit_code() {
    let home = run_before();
    for job in ["healthcheck", "exec-integrity", "hourly-kpi", "log-retention --dry-run"] {
        let ended = home.ibis(&format!("{job} --json"));
        let report = ended.parsed();
        has_keys(&report, &["job", "overall", "checks"]);
        let code = ended.code.unwrap();
        assert_eq!(report["exit_code"], code, "{job}: {report}");
        // Nobody runs an agent here, which is critical; the other jobs find nothing.
        assert_eq!(code, if job == "healthcheck" { 2 } else { 0 }, "{job}: {report}");
    }
    let ended = home.ibis("status --json");
    let status = ended.parsed();
    has_keys(&status, &["service_active", "service_enabled", "state_positions", "db_positions"]);
    has_keys(&status, &["trade_history_records", "db_trades", "state", "open_orders", "equity"]);
    assert_eq!((status["overall"].as_str(), ended.code), (Some("CRITICAL"), Some(2)));
    assert_eq!(status["state_positions"], status["db_positions"]);
}

#[test]
fn a_running_agent_is_well() {
    let home = Home::new();
    let mut agent = home.start("agent --speed 600 --state-dir data", &[]);
    agent.line("ready:");
    agent.line("filled:");
    let status = home.ibis("status --json").parsed();
    let checks = status["checks"].as_array().unwrap();
    let of = |id: &str| {
        let check = checks.iter().find(|check| check["id"] == id).unwrap();
        check["severity"].clone()
    };
    for id in ["agent_running", "agent_progress", "data_fresh", "crash_loop", "ledger_integrity"] {
        assert_eq!(of(id), "OK", "{id}: {status}");
    }
    assert_eq!(home.ibis("healthcheck --json").parsed()["job"], "healthcheck");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    assert_eq!(home.json("exec-integrity")["overall"], "OK");
}

#[test]
fn global_options_stand_before_or_after_the_subcommand() {
    let home = run_before();
    let heads = ["--json --state-dir data db check", "db check --json --state-dir data"]
        .map(|words| home.ibis(words).ok()["chain_head"].clone());
    let between = home.ibis("db --state-dir data check --json").ok();
    assert_eq!([&heads[0], &heads[1]], [&between["chain_head"]; 2]);
}

#[test]
fn the_option_names_the_state_before_the_environment_before_the_default() {
    let home = Home::new();
    home.write("ABC-USDT.csv", CANDLES);
    let mut run = home.command("agent --replay ABC-USDT.csv");
    assert_eq!(end(run.env("STATE_DIRECTORY", home.path("var"))).code, Some(0));
    assert!(home.path("var/ibis.db").exists() && !home.path("data").exists());
    let mut run = home.command("agent --replay ABC-USDT.csv --state-dir here");
    assert_eq!(end(run.env("STATE_DIRECTORY", home.path("other"))).code, Some(0));
    assert!(home.path("here/ibis.db").exists() && !home.path("other").exists());
    home.json("agent --replay ABC-USDT.csv");
    assert!(home.path("data/ibis.db").exists());
}

#[test]
fn later_files_win_and_the_environment_wins_over_files() {
    let home = Home::new();
    let seed = |seed: u32| format!("[market]\nseed = {seed}\n");
    home.write("a.toml", seed(3));
    home.write("b.toml", seed(7));
    let of = |words: &str, variable: Option<&str>| {
        let mut command = home.command(words);
        command.envs(variable.map(|value| ("IBIS__MARKET__SEED", value)));
        end(&mut command).ok()["chain_head"].clone()
    };
    let run = "agent --speed max --max-runtime 1h --json";
    let expected = of(&format!("{run} --seed 7 --state-dir 0"), None);
    let b_last = format!("--config a.toml {run} --config b.toml --state-dir 1");
    // An option given before the subcommand and one after it add up.
    assert_eq!(of(&b_last, None), expected);
    let a_last = format!("--config b.toml --config a.toml {run} --state-dir");
    assert_ne!(of(&format!("{a_last} 2"), None), expected);
    assert_eq!(of(&format!("{a_last} 3"), Some("7")), expected);
    assert_eq!(of(&format!("{run} --seed 7 --state-dir 4"), Some("3")), expected);
}
