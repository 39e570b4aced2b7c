//! Another system's history through the command line.

use super::HISTORY;
use crate::support::home::Home;
use crate::support::shared_data;

#[test]
fn an_import_counts_what_it_did_and_a_second_one_does_nothing() {
    let home = Home::new();
    home.write("history.json", HISTORY);
    let imported = home.json("trades import history.json");
    let counts = |of: &serde_json::Value| {
        ["rows", "imported", "duplicates", "repaired", "orphaned"]
            .map(|key| of[key].as_u64().unwrap_or_else(|| panic!("no {key} in {of}")))
    };
    assert_eq!(counts(&imported), [3, 3, 0, 1, 1]);
    let [rows, imported, duplicates, ..] = counts(&home.json("trades import history.json"));
    assert_eq!([rows, imported, duplicates], [3, 0, 3]);
    let summary = home.json("trades summary");
    assert_eq!(summary["matched_sells"], 1, "{summary}");
    // 8 bought for 8 and sold for 10, a fee of 0.01 on both sides.
    for (key, expected) in [("gross_pnl", "2"), ("fees", "0.02"), ("net_pnl", "1.98")] {
        assert_eq!(summary[key].to_string(), expected, "{summary}");
    }
    assert_eq!(summary["win_rate"].to_string(), "1", "{summary}");
    assert_eq!(home.json("trades export out.json")["records"], 3);
    assert_eq!(home.json("db check")["ok"], true);
}

#[test]
fn the_recorded_history_gives_the_known_truth() {
    let Some(data) = shared_data() else { return };
    let file = data.join("ibis/trade_history.json");
    let home = Home::new();
    let imported = home.json(&format!("trades import {}", file.display()));
    let of = |key: &str| imported[key].as_u64().unwrap();
    assert_eq!([of("rows"), of("imported"), of("repaired"), of("orphaned")], [1280, 1280, 679, 11]);
    let summary = home.json("trades summary");
    assert_eq!((&summary["matched_sells"], &summary["wins"]), (&556.into(), &221.into()));
}

#[test]
fn a_history_that_is_none_leaves_nothing_behind() {
    let home = Home::new();
    home.write("torn.json", &HISTORY[..300]);
    home.write("other.json", "[1, 2]");
    let missing = home.ibis("trades import none.json");
    assert!(missing.refused(64).contains("none.json"));
    assert!(!home.path("data").exists());
    for file in ["torn.json", "other.json"] {
        assert!(home.ibis(&format!("trades import {file}")).refused(65).contains(file));
        assert_eq!(home.json("trades summary")["matched_sells"], 0);
    }
}
