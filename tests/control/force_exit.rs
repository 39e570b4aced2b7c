//! `ibis force-exit`, against a running agent, one that hangs and none.

use super::stage::Stage;

const HELD: &str = "SELECT count(*) FROM positions WHERE quantity <> '0'";
const SOLD: &str = "SELECT count(*) FROM fills JOIN intents USING (client_order_id)
                    WHERE intents.purpose = 'force_exit'";

#[test]
fn what_is_held_is_sold_and_trading_goes_on() {
    let stage = Stage::new("");
    let agent = stage.start();
    let (code, refused) = stage.said("force-exit NO-SUCH --reason test");
    assert_eq!((code, &refused["outcome"]), (Some(1), &"refused".into()), "{refused}");
    stage.until(HELD, 1);
    let symbol = "SELECT symbol FROM positions WHERE quantity <> '0' LIMIT 1";
    let symbol: String = stage.home.ledger().query_row(symbol, [], |row| row.get(0)).unwrap();
    let (code, said) = stage.said(&format!("force-exit {symbol} --reason test"));
    assert_eq!((code, &said["outcome"]), (Some(0), &"done".into()), "{said}");
    assert_eq!(said["selling"], serde_json::json!([]), "{said}");
    assert!(said["text"].as_str().unwrap().ends_with("\nsold"), "{said}");
    let of = format!("{SOLD} AND intents.symbol = '{symbol}'");
    assert!(stage.count(&of) > 0);
    assert_eq!(stage.level(), 0);
    let entries = "SELECT count(*) FROM intents WHERE purpose = 'entry'";
    stage.until(entries, stage.count(entries) + 1);
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
}

#[test]
fn what_is_said_to_a_dead_agent_is_done_at_its_start() {
    let stage = Stage::new("");
    let agent = stage.start();
    stage.until(HELD, 1);
    agent.kill();
    let sold = stage.count(SOLD);
    let (code, said) = stage.said("force-exit --all --reason test");
    assert_eq!((code, &said["outcome"]), (Some(1), &"waits_for_a_start".into()), "{said}");
    let agent = stage.start();
    stage.until(SOLD, sold + 1);
    drop(agent);
}

#[test]
fn what_is_to_be_sold_must_be_named() {
    let stage = Stage::new("");
    for words in ["--reason test", "BTC-USDT --all --reason test", "BTC-USDT", "btc --reason test"]
    {
        let ended = stage.ibis(&format!("force-exit {words}"));
        assert_eq!(ended.code, Some(64), "{words}: {ended:?}");
    }
}
