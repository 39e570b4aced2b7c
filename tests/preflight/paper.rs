//! Without a venue: an empty directory, a damaged or foreign ledger, latches, the kill switch.

use std::fs;

use ibis::domain::operator::{Command, CommandId, Via, Wish};
use ibis::domain::time::Timestamp;
use ibis::store::operator;

use super::{check, odd, report};
use crate::support::home::Home;

/// A quick deterministic run.
const RUN: &str = "agent --speed max --seed 7 --max-runtime 1h";
/// What a machine may be, and a test cannot choose.
const OF_MACHINE: [&str; 4] = ["clock synchronized", "disk free", "units", "timers"];

/// Acceptance test 22: each is refused in one line, with exit 78, before anything opens.
#[test]
fn unknown_keys_units_and_modes_live_unarmed_and_live_dev_are_78_in_one_line() {
    let live = "mode = \"live\"\narmed = true\n";
    let symbols = "[market]\nsymbols = [\"BTC-USDT\"]\n";
    for (text, told) in [
        ("[risk]\nnotional_mni = \"11\"\n".to_owned(), "did you mean risk.notional_min?"),
        ("[market]\nstale_after = \"30\"\n".to_owned(), "market.stale_after"),
        ("mode = \"foo\"\n".to_owned(), "paper, live"),
        ("profile = \"production\"\n".to_owned(), "dev, canary, prod"),
        ("mode = \"live\"\n".to_owned(), "agent.armed = true"),
        (format!("{live}{symbols}"), "profile = \"canary\""),
        (format!("{live}profile = \"dev\"\n{symbols}"), "profile = \"canary\""),
        (format!("{live}profile = \"canary\"\n"), "market.symbols"),
    ] {
        let home = Home::new();
        home.write("bad.toml", &text);
        for words in ["agent", "agent --dry-run", "preflight"] {
            let ended = home.ibis(&format!("{words} --config bad.toml"));
            let line = ended.refused(78);
            assert!(line.contains(told), "{text:?}: {line}");
        }
        assert!(!home.path("data").exists());
    }
}

#[test]
fn an_empty_directory_is_fit_and_stays_empty() {
    let home = Home::new();
    let looked = report(&home.ibis("preflight --json"));
    let machine = |(name, _): &(&str, &str)| OF_MACHINE.contains(name);
    assert!(odd(&looked).iter().all(machine), "{looked}");
    assert!(looked["checks"].as_array().unwrap().len() >= 15, "{looked}");
    assert_eq!((&looked["mode"], &looked["profile"]), (&"paper".into(), &"dev".into()));
    let dry = home.ibis("agent --dry-run --json").parsed();
    assert_eq!(dry["checks"].as_array().unwrap().len(), looked["checks"].as_array().unwrap().len());
    assert!(!home.path("data").exists());
    let text = home.ibis("preflight").stdout;
    assert!(text.contains("kill switch: not set") && text.contains("\noverall: "), "{text}");
    home.ibis("agent --dry-run --seed 3").refused(64);
}

#[test]
fn whoever_would_be_told_must_be_reachable_by_what_is_configured() {
    let home = Home::new();
    let looked = |text: &str| {
        let file = format!("credentials_file = \"{}\"\n", home.path("secrets.toml").display());
        home.write("a.toml", format!("[alerts]\n{file}{text}"));
        let found = report(&home.ibis("preflight --json --config a.toml"));
        let alerts = check(&found, "alerts");
        ["verdict", "value", "advice"].map(|name| alerts[name].as_str().unwrap().to_owned())
    };
    assert_eq!(looked("")[..2], ["ok", "journal"]);
    let (chat, ping) = ("telegram_chat_id = \"-1\"\n", "ping_url = \"https://example.org\"\n");
    let [verdict, value, advice] = looked(chat);
    assert_eq!((&*verdict, &*value), ("warn", "telegram, journal"));
    assert!(advice.contains("secrets.toml") && advice.contains("ibis alerts test"), "{advice}");
    // A webhook and a ping have no secrets unless someone gives them.
    assert_eq!(looked(ping)[..2], ["ok", "journal, dead man's switch"]);
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    let secrets = home.write("secrets.toml", "telegram_token = \"1:a\"\nping_path = \"uuid\"\n");
    fs::set_permissions(&secrets, private).unwrap();
    assert_eq!(looked(chat)[..2], ["ok", "telegram, journal"]);
    let [verdict, _, advice] = looked(ping);
    assert!(verdict == "warn" && advice.contains("ping_path is no path"), "{advice}");
}

#[test]
fn a_ledger_is_looked_at_beside_its_account_and_left_as_it_is() {
    let home = Home::new();
    home.json(RUN);
    let before = home.files("data");
    for words in ["preflight", "preflight --full"] {
        let looked = report(&home.ibis(&format!("{words} --json")));
        let machine = |(name, _): &(&str, &str)| OF_MACHINE.contains(name);
        assert!(odd(&looked).iter().all(machine), "{looked}");
        assert_eq!(check(&looked, "parity")["value"], "ledger and account agree");
        assert_eq!(check(&looked, "ledger identity")["value"], "paper, ibis");
    }
    for (path, content) in before {
        assert_eq!(fs::read(&path).unwrap(), content, "{}", path.display());
    }
}

#[test]
fn a_ledger_that_is_damaged_foreign_or_somebody_elses_is_65() {
    let home = Home::new();
    home.json(RUN);
    home.write("other.toml", "instance = \"other\"\n");
    let looked = report(&home.ibis("preflight --json --config other.toml"));
    assert_eq!(
        (&looked["exit_code"], &check(&looked, "ledger identity")["verdict"]),
        (&65.into(), &"fail".into())
    );
    home.ledger().execute("UPDATE events SET payload = payload || ' ' WHERE seq = 3", []).unwrap();
    let looked = report(&home.ibis("preflight --json"));
    assert_eq!(looked["exit_code"], 65);
    let broken = check(&looked, "ledger integrity");
    assert!(broken["value"].as_str().unwrap().contains("event 3"), "{broken}");
    home.write("data/ibis.db", "a letter, and not a short one");
    let looked = report(&home.ibis("preflight --json"));
    assert_eq!(
        (&looked["exit_code"], &check(&looked, "ledger")["verdict"]),
        (&65.into(), &"fail".into())
    );
    assert_eq!(check(&looked, "kill switch")["verdict"], "insufficient");
}

#[test]
fn a_state_directory_that_is_none_is_75() {
    let home = Home::new();
    home.write("data", "a file");
    let looked = report(&home.ibis("preflight --json"));
    assert_eq!(check(&looked, "state directory")["verdict"], "fail");
    assert_eq!(looked["exit_code"], 75);
}

#[test]
fn a_guarded_key_that_changes_while_running_stops_trading_and_preflight_says_what_to_do() {
    let home = Home::new();
    home.write("ibis.toml", "[market]\nseed = 7\n");
    let mut agent = home.start("agent --speed 600 --config ibis.toml", &[]);
    agent.line("ready:");
    home.write("ibis.toml", "[market]\nseed = 8\n");
    agent.signal("HUP");
    agent.line("need a restart: market.seed");
    agent.line("configuration reloaded");
    home.write("ibis.toml", "profile = \"prod\"\ninstance = \"other\"\n[market]\nseed = 7\n");
    agent.signal("HUP");
    agent.line("need a restart: agent.instance agent.profile");
    let told = agent.line("hold config_changed sets hard_stop");
    assert!(told.contains("agent.instance, agent.profile changed while running"), "{told}");
    let looked = report(&home.ibis("preflight --json"));
    assert_eq!(check(&looked, "agent lock")["verdict"], "warn", "{looked}");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    let query = "SELECT count(*) FROM holds WHERE scope = 'global' AND code = 'config_changed' AND
                 level = 'hard_stop' AND cleared_at_us IS NULL";
    let held: i64 = home.ledger().query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(held, 1, "a latch outlives the process");

    let looked = report(&home.ibis("preflight --json"));
    let holds = check(&looked, "holds");
    assert_eq!((&holds["verdict"], &looked["exit_code"]), (&"warn".into(), &1.into()), "{looked}");
    assert!(holds["advice"].as_str().unwrap().contains("put it back or restart"), "{holds}");

    let kill = Command {
        id: CommandId::new("kill-1").unwrap(),
        at: Timestamp::from_ms(1),
        by: "test".to_owned(),
        via: Via::Cli,
        reason: "a test".to_owned(),
        wish: Wish::Kill { flatten: false },
    };
    operator::submit(&home.path("data"), None, &kill).unwrap();
    let looked = report(&home.ibis("preflight --json"));
    assert_eq!(check(&looked, "kill switch")["verdict"], "fail", "{looked}");
    assert_eq!(looked["exit_code"], 2);
    home.json(RUN);
    let looked = report(&home.ibis("preflight --json"));
    let kill = check(&looked, "kill switch");
    assert!(kill["value"].as_str().unwrap().starts_with("set since"), "{kill}");
    assert_eq!(looked["exit_code"], 2);
}
