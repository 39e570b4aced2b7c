//! The API key, its secret and its passphrase are nowhere in what the program emits.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::trader::Trader;
use crate::exchange::process::Exchange;
use crate::support::home::Home;

const KEY: &str = "0123456789abcdef01234567";
const SECRET: &str = "5ecre7-c4n4ry-0f-the-te5t";
const PASSPHRASE: &str = "p4ssphr4se-c4n4ry";

/// Everything below a directory, by path.
fn everything(directory: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            everything(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn nothing_secret_is_in_any_output_file_or_report() {
    let home = Home::new();
    let account = home.write(
        "account.toml",
        format!(
            "key = \"{KEY}\"\nsecret = \"{SECRET}\"\n\
             passphrase = \"{PASSPHRASE}\"\n[balances]\nUSDT = \"10000\"\n"
        ),
    );
    fs::set_permissions(&account, fs::Permissions::from_mode(0o600)).unwrap();
    // A venue that repeats what it was sent, and one that refuses: errors are what leaks.
    home.write(
        "plan.toml",
        format!(
            "[[rule]]\nfault = \"error\"\non = \"POST /api/v1/hf/orders\"\nevery = 2\n\
             code = \"400100\"\nmsg = \"key {KEY} may not\"\n\
             [[rule]]\nfault = \"malformed\"\non = \"GET *\"\nevery = 5\n"
        ),
    );
    let exchange =
        Exchange::start_in(home, "--credentials account.toml --faults plan.toml --speed 600");
    let trader = Trader::new(&exchange, &["BTC-USDT", "ETH-USDT"], "request_timeout = \"1s\"\n");
    let configuration = fs::read_to_string(trader.home.path("ibis.toml")).unwrap();
    trader.home.write("ibis.toml", format!("log_level = \"trace\"\n{configuration}"));
    let mut emitted = Vec::new();
    let ended = trader.run("--speed 600 --max-runtime 10s --json");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    emitted.push(("agent".to_owned(), format!("{}{}", ended.stdout, ended.stderr).into_bytes()));
    for words in
        ["status", "status --json", "healthcheck", "exec-integrity --json", "preflight", "db check"]
    {
        let ended = trader.ibis(words);
        emitted.push((words.to_owned(), format!("{}{}", ended.stdout, ended.stderr).into_bytes()));
    }
    everything(&trader.home.path("data"), &mut emitted);
    assert!(emitted.len() > 8, "nothing was looked at");
    for (what, bytes) in &emitted {
        for secret in [KEY, SECRET, PASSPHRASE] {
            assert!(!holds(bytes, secret), "{what} has {secret}");
        }
    }
}
