//! The process, its files, its configuration, its words.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ibis::exchange::kucoin::credentials::Credentials;

use crate::cli::RUN;
use crate::support::home::Home;
use crate::support::repository;

/// Two agents bought the same coin within 0.236 s.
#[test]
fn i_05_duplicate_process() {
    let home = Home::new();
    let mut first = home.start("agent --speed 60", &[]);
    first.line("ready:");
    for _ in 0..2 {
        assert!(home.ibis(RUN).refused(75).contains("another agent"));
    }
    let runs = "SELECT count(*) FROM runs";
    let count =
        |home: &Home| -> i64 { home.ledger().query_row(runs, [], |row| row.get(0)).unwrap() };
    assert_eq!(count(&home), 1, "it wrote nothing");
    // A lock left behind by a dead process is no lock.
    first.kill();
    home.json(RUN);
    assert_eq!(count(&home), 2);
}

/// The check said OK while the agent was dead, since another check of the many was.
#[test]
fn i_20_health_check_masks_a_dead_agent() {
    let home = Home::new();
    let mut agent = home.start("agent", &[]);
    agent.line("ready:");
    let verdict = |home: &Home| {
        let ended = home.ibis("healthcheck --json");
        let report = ended.parsed();
        let checks = report["checks"].as_array().unwrap().clone();
        let running = checks.into_iter().find(|check| check["id"] == "agent_running").unwrap();
        (ended.code, report["overall"].clone(), running["severity"].clone())
    };
    let (_, _, running) = verdict(&home);
    assert_eq!(running, "OK");
    agent.kill();
    let (code, overall, running) = verdict(&home);
    assert_eq!((code, overall, running), (Some(2), "CRITICAL".into(), "CRITICAL".into()));
}

/// The watchdog deleted the database and began anew.
#[test]
fn i_21_destructive_recovery() {
    let home = Home::new();
    home.json(RUN);
    let backup = home.json("db backup");
    let whole = fs::read(home.path("data/ibis.db")).unwrap();
    let damaged = &whole[..whole.len() / 2];
    home.write("data/ibis.db", damaged);
    for words in [RUN, "exec-integrity --apply", "healthcheck", "log-retention", "db check"] {
        let ended = home.ibis(words);
        assert_ne!(ended.code, Some(0), "{words}: {ended:?}");
        assert_eq!(fs::read(home.path("data/ibis.db")).unwrap(), damaged, "{words}");
    }
    assert_eq!(home.ibis(RUN).code, Some(65), "no start over it");
    let restored = home.ibis(&format!("db restore {}", backup["file"].as_str().unwrap()));
    assert_eq!(restored.code, Some(0), "{restored:?}");
    let kept = fs::read_dir(home.path("data")).unwrap().map(|entry| entry.unwrap().path());
    let kept: Vec<_> = kept.filter(|it| it.to_str().unwrap().contains("replaced-")).collect();
    assert_eq!(fs::read(kept[0].join("ibis.db")).unwrap(), damaged, "set aside, not deleted");
    home.json(RUN);
    assert_eq!(home.json("db check")["ok"], true);
}

/// Handlers added twice wrote each line twice, 178 MB of them, and liveness was a grep in them.
#[test]
fn i_22_doubled_and_unbounded_logs() {
    let home = Home::new();
    let ended = home.ibis(RUN);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told: Vec<&str> = ended.stderr.lines().filter(|line| line.contains(" filled: ")).collect();
    let fills: i64 =
        home.ledger().query_row("SELECT count(*) FROM fills", [], |row| row.get(0)).unwrap();
    assert_eq!(i64::try_from(told.len()).unwrap(), fills, "each fill is told once");
    let logs = home.files("data").into_iter().filter(|(path, _)| {
        path.extension().is_some_and(|extension| ["log", "out"].iter().any(|it| extension == *it))
    });
    assert_eq!(logs.count(), 0, "the journal keeps the log, within its bounds");
    // Liveness is a row, not a line: without a word it is told.
    let alive = "SELECT count(*) FROM runs WHERE progress_at_us IS NOT NULL";
    let alive: i64 = home.ledger().query_row(alive, [], |row| row.get(0)).unwrap();
    assert_eq!(alive, 1);
}

/// Files, limits and modes that no line of code read.
#[test]
fn i_23_configuration_theatre() {
    let traded = |text: &str| -> String {
        let home = Home::new();
        home.write("changed.toml", text);
        home.json("agent --speed max --seed 7 --max-runtime 30m --config changed.toml");
        let fills =
            "SELECT coalesce(group_concat(at_us || symbol || side || price || quantity), '')
            FROM fills";
        home.ledger().query_row(fills, [], |row| row.get(0)).unwrap()
    };
    let usual = traded("");
    assert!(!usual.is_empty());
    for text in [
        "[strategy]\nstop_loss = \"0.1%\"\n",
        "[strategy]\nentry_price = \"bid\"\n",
        "[risk]\nnotional_max = 20\n",
        "[risk]\nopen_positions_max = 1\n",
        "[market]\nsymbols = [\"ETH-USDT\"]\n",
    ] {
        assert_ne!(traded(text), usual, "{text:?} changes nothing");
    }
    let home = Home::new();
    home.write("wrong.toml", "[risk]\nopen_position_max = 1\n");
    let line = home.ibis("agent --config wrong.toml").refused(78).to_owned();
    assert!(line.contains("did you mean risk.open_positions_max?"), "{line}");
}

/// World-readable units and logs with keys in them, run by root.
#[test]
fn i_24_secrets_in_the_open() {
    let text = "key = \"k-e-y\"\nsecret = \"s-e-c-r-e-t\"\npassphrase = \"p-h-r-a-s-e\"\n";
    let credentials = Credentials::parse(text, Path::new("here")).unwrap();
    let shown = format!("{credentials:?}");
    for secret in ["k-e-y", "s-e-c-r-e-t", "p-h-r-a-s-e"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let home = Home::new();
    let file = home.write("kucoin.toml", text);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    home.write(
        "live.toml",
        format!(
            "mode = \"live\"\narmed = true\nprofile = \"prod\"\n[market]\nsymbols = [\"BTC-USDT\"]\n[exchange]\nbase_url = \"http://127.0.0.1:9\"\n\
             credentials_file = {file:?}\n"
        ),
    );
    let ended = home.ibis("agent --config live.toml");
    assert_eq!(ended.code, Some(77), "{ended:?}");
    assert!(ended.complaint().contains("kucoin.toml"), "{ended:?}");
    assert!(!ended.stderr.contains("s-e-c-r-e-t"));
    let unit = |name: &str| fs::read_to_string(repository().join("units").join(name)).unwrap();
    assert!(unit("ibis-agent.service").lines().any(|line| line == "User=ibis"));
    let live = unit("live/ibis-agent.service.d/50-live.conf");
    assert!(live.lines().any(|line| line.starts_with("LoadCredential=kucoin.toml:")));
    assert!(!live.contains("Environment="));
}
