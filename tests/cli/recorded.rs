//! Recorded markets to their ends, every invariant holding, twice alike.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::db_check_ok;
use crate::support::home::{Home, end};
use crate::support::shared_data;

fn markets() -> Option<PathBuf> {
    shared_data().map(|data| data.join("market"))
}

/// Replays files with a deposit in what the market pays with.
#[track_caller]
fn replay(files: &[PathBuf], deposit: &str) -> Value {
    let home = Home::new();
    home.write("deposit.toml", format!("[paper]\ndeposit = \"{deposit}\"\n"));
    let mut command = home.command("agent --config deposit.toml --json");
    for file in files {
        command.arg("--replay").arg(file);
    }
    let summary = end(&mut command).ok();
    assert_eq!(summary["cause"], "the market ended", "{summary}");
    assert_eq!(summary["violations"].as_array().unwrap().len(), 0, "{summary}");
    assert_eq!(summary["surprises"], 0, "{summary}");
    assert!(summary["events"].as_u64().unwrap() > 0, "{summary}");
    db_check_ok(&home);
    let differences = home.json("exec-integrity")["differences"].clone();
    assert_eq!(differences.as_array().unwrap().len(), 0, "{differences}");
    summary
}

#[track_caller]
fn alike(files: &[PathBuf], deposit: &str) -> Value {
    let first = replay(files, deposit);
    assert_eq!(first["chain_head"], replay(files, deposit)["chain_head"]);
    first
}

#[test]
fn the_recorded_session_runs_to_its_end_twice_alike() {
    let Some(markets) = markets() else { return };
    let files = ["kucoin_ws_20210425.jsonl.gz", "kucoin_rest_20210425.jsonl.gz"];
    alike(&files.map(|name| markets.join(name)), "USDT 10000");
}

#[test]
fn six_years_of_candles_run_to_their_end_twice_alike() {
    let Some(markets) = markets() else { return };
    let summary = alike(&[markets.join("kucoin_BTC-USDT_4h.csv.gz")], "USDT 10000");
    assert!(summary["fills"].as_u64().unwrap() > 0, "{summary}");
}

/// The quote asset in a file's name.
fn quote(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?.split_once(".csv")?.0;
    Some(name.split('_').find_map(|part| part.split_once('-'))?.1)
}

#[test]
fn every_recorded_file_runs_to_its_end() {
    let Some(markets) = markets() else { return };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(markets).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut replayed = 0;
    for file in &files {
        let Some(quote) = quote(file) else { continue };
        replay(std::slice::from_ref(file), &format!("{quote} 10000"));
        replayed += 1;
    }
    assert!(replayed > 20, "{replayed} files");
}
