//! `ibis events`: the tail of the ledger, and why an order was sent.

use serde_json::Value;

use super::{RUN, run_before, unchanged_by};
use crate::support::home::Home;

/// Whole lines of JSON.
fn rows(home: &Home, words: &str) -> Vec<Value> {
    let ended = home.ibis(&format!("events --json {words}"));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn count(home: &Home, which: &str) -> usize {
    let query = format!("SELECT count(*) FROM events WHERE {which}");
    let count: i64 = home.ledger().query_row(&query, [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

#[test]
fn a_tail_shows_what_is_asked_for_in_order() {
    let home = run_before();
    let all = rows(&home, "-n 100000");
    assert_eq!(all.len(), count(&home, "1"));
    let seqs: Vec<i64> = all.iter().map(|row| row["seq"].as_i64().unwrap()).collect();
    assert!(seqs.iter().copied().eq(1..=i64::try_from(all.len()).unwrap()));
    assert_eq!(rows(&home, "").len(), 20);
    assert_eq!(rows(&home, "-n 3"), all[all.len() - 3..]);
    assert_eq!(
        rows(&home, "-n 100000 --kind fill --kind intent").len(),
        count(&home, "kind IN ('fill', 'intent')")
    );
    // Every event about an order of the instrument, though only some name it.
    let symbol = "SELECT symbol FROM intents ORDER BY client_order_id LIMIT 1";
    let symbol: String = home.ledger().query_row(symbol, [], |row| row.get(0)).unwrap();
    let of = format!("ref IN (SELECT client_order_id FROM intents WHERE symbol = '{symbol}')");
    assert_eq!(rows(&home, &format!("-n 100000 --symbol {symbol}")).len(), count(&home, &of));
    let (since, until) = ("2026-01-01T00:10:00Z", "2026-01-01T00:30:00Z");
    let of = "at_us BETWEEN 1767226200000000 AND 1767227400000000";
    assert_eq!(rows(&home, &format!("--since {since} --until {until}")).len(), count(&home, of));
    assert_eq!(
        rows(&home, &format!("--since {since}")).len(),
        count(&home, "at_us >= 1767226200000000")
    );
    assert_eq!(
        rows(&home, &format!("--until {until}")).len(),
        count(&home, "at_us <= 1767227400000000")
    );
    unchanged_by(&home, || drop(rows(&home, "-n 5")));
    assert!(Home::new().ibis("events").refused(3).contains("ibis.db"));
}

#[test]
fn lines_for_a_person_say_when_what_and_to_what() {
    let home = run_before();
    let ended = home.ibis("events -n 100000");
    let first = ended.stdout.lines().next().unwrap();
    assert_eq!(
        first,
        "2026-01-01T00:00:00.000000Z       1 run          1                    started"
    );
    let fill = ended.stdout.lines().find(|line| line.contains(" fill ")).unwrap();
    assert!(
        fill.contains(" buy ") && fill.contains(" USDT, ") && fill.contains("trade "),
        "{fill}"
    );
    let cleared = ended.stdout.lines().find(|line| line.contains(" hold_cleared ")).unwrap();
    assert!(cleared.ends_with(" startup              for global"), "{cleared}");
}

#[test]
fn a_followed_ledger_shows_what_comes() {
    let home = Home::new();
    let mut agent = home.start("agent --speed 600 --seed 7", &[]);
    agent.line("ready:");
    let mut tail = home.own_process("events --follow -n 0 --kind fill");
    let mut tail = tail.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(tail.stdout.take().unwrap()));
    let line = lines.next().unwrap().unwrap();
    assert!(line.contains(" fill "), "{line}");
    tail.kill().unwrap();
    tail.wait().unwrap();
}

#[test]
fn an_order_is_explained_from_its_signal_to_what_it_earned() {
    let home = run_before();
    let (exit, venue): (String, String) = home
        .ledger()
        .query_row(
            "SELECT client_order_id, venue_order_id FROM fills WHERE side = 'sell' AND purpose = 'signal_exit' LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let why = home.json(&format!("events --why {exit}"));
    assert_eq!(why, home.json(&format!("events --why {venue}")), "by either name");
    let kinds = |why: &Value| -> Vec<String> {
        let events = why["events"].as_array().unwrap();
        events.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&why), ["decision", "intent", "order", "order", "fill"]);
    assert_eq!(why["run"], 1);
    let decision = &why["events"][0]["payload"];
    assert_eq!(decision["purpose"], "signal_exit");
    let number =
        |value: &Value| value.as_str().unwrap().parse::<ibis::domain::decimal::Decimal>().unwrap();
    assert!(
        number(&decision["signal"]["fast"]) < number(&decision["signal"]["slow"]),
        "{decision}"
    );
    assert!(decision["plan"]["opened_at"].is_i64(), "{decision}");
    let realized = &why["events"][4]["payload"]["realized"];
    assert_eq!(why["realized"]["net"], realized["net"]);

    let entry = home.json(&format!("events --why {}", why["opened_by"].as_str().unwrap()));
    assert_eq!(entry["purpose"], "entry");
    assert_eq!(entry["closed_by"][0]["client_order_id"], exit.as_str());
    assert_eq!(entry["realized"], why["realized"]);
    let decision = &entry["events"][0]["payload"];
    assert!(
        number(&decision["signal"]["fast"]) > number(&decision["signal"]["slow"]),
        "{decision}"
    );
    assert_eq!(decision["size"]["bound"], "notional_max", "{decision}");
    assert_eq!(decision["level"], "running");

    let text = home.ibis(&format!("events --why {}", entry["client_order_id"].as_str().unwrap()));
    let words: Vec<_> =
        text.stdout.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(words[1..6], ["signal", "risk", "intent", "order", "order"], "{}", text.stdout);
    for part in ["average of 5 closes", "by notional_max", "ended by", "realized"] {
        assert!(text.stdout.contains(part), "{part}: {}", text.stdout);
    }
    assert!(home.ibis("events --why ibis-9-9").refused(3).contains("no order"));
}

#[test]
fn every_intent_follows_its_decision() {
    let home = Home::new();
    home.json("agent --speed max --seed 7 --max-runtime 6h");
    let orphans = count(
        &home,
        "kind = 'intent' AND NOT EXISTS (SELECT 1 FROM events d WHERE d.seq = events.seq - 1
            AND d.kind = 'decision' AND d.ref = events.ref AND d.input = events.input)",
    );
    assert_eq!(orphans, 0);
    assert!(count(&home, "kind = 'intent'") > 50, "{RUN}");
    assert_eq!(count(&home, "input IS NULL AND kind <> 'run'"), 0, "only the shell has no cause");
}
