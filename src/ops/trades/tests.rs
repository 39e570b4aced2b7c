//! Import, summary and export together, on small files and on the recorded one.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::export;
use super::import::{self, ImportError, Imported};
use super::summary::{self, Summary, Wanted};
use crate::domain::decimal::Decimal;
use crate::domain::time::Timestamp;
use crate::store::{LEDGER, ledger_path, trade_history};

struct Place {
    directory: PathBuf,
    ledger: Connection,
}

impl Place {
    fn new(name: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("ibis-trades-{}-{name}", std::process::id()));
        drop(fs::remove_dir_all(&directory));
        fs::create_dir_all(&directory).unwrap();
        let ledger = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
        ledger.pragma_update(None, "synchronous", "OFF").unwrap();
        Self { directory, ledger }
    }

    fn import_text(&mut self, text: &str) -> Result<Imported, ImportError> {
        let path = self.directory.join("in.json");
        fs::write(&path, text).unwrap();
        import::import(&mut self.ledger, &path)
    }

    fn summary(&self) -> Summary {
        summary::summarize(&self.ledger, &Wanted::default()).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.directory));
    }
}

fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn row(id: &str, side: &str, price: &str, size: &str, funds: &str, ms: u64) -> String {
    format!(
        r#"{{"order_id":"{id}","symbol":"AB","side":"{side}","price":{price},"size":{size},"funds":{funds},
            "fee":0.01,"fee_currency":"USDT","timestamp":{ms},"executed_at":"{ms}"}}"#
    )
}

/// Out of time order; a missing size, a sell before any buy, a sell of more than is held.
fn history() -> String {
    let rows = [
        row("s2", "sell", "3", "3", "9", 3_000),
        row("b1", "buy", "2e0", "0.0", "4", 2_000),
        row("s1", "sell", "5", "1", "5", 1_000),
    ];
    format!("{{\"trades\":[{}],\"matched_trades\":[],\"last_updated\":\"x\"}}", rows.join(","))
}

#[test]
fn a_history_by_hand_is_matched_by_hand() {
    let mut place = Place::new("hand");
    let imported = place.import_text(&history()).unwrap();
    let expected =
        Imported { rows: 3, imported: 3, repaired: 1, orphaned: 1, ..Imported::default() };
    assert_eq!(imported, expected);
    let summary = place.summary();
    // 2 of the 3 sold were bought, for 4 and a fee of 0.01; they brought 9 * 2/3 less a fee of 0.02/3.
    assert_eq!((summary.totals.matched_sells, summary.totals.wins), (1, 1));
    assert_eq!(summary.totals.orphaned_sells, 1);
    assert_eq!(summary.totals.gross_pnl.0, d("2"));
    assert_eq!(summary.totals.fees.0, d("0.016666666666666667"));
    assert_eq!(summary.totals.net_pnl.0, d("1.983333333333333333"));
    assert_eq!(summary.open_inventory, []);
    let other = Wanted { symbol: Some("CD"), by_symbol: true };
    let none = summary::summarize(&place.ledger, &other).unwrap();
    assert_eq!((none.totals.matched_sells, none.symbols), (0, Some(vec![])));
    let same = Wanted { symbol: Some("ab"), by_symbol: true };
    assert_eq!(summary::summarize(&place.ledger, &same).unwrap().totals, summary.totals);
}

#[test]
fn importing_again_changes_nothing_and_a_conflict_is_named() {
    let mut place = Place::new("again");
    let first = place.import_text(&history()).unwrap();
    let before = place.summary();
    let again = place.import_text(&history()).unwrap();
    assert_eq!(again, Imported { imported: 0, duplicates: 3, ..first });
    assert_eq!(place.summary(), before);
    let other = place.import_text(&history().replace("\"funds\":9", "\"funds\":90")).unwrap();
    assert_eq!((other.imported, other.duplicates, other.conflicts), (0, 2, 1));
    assert!(other.findings[0].contains("order s2 is stored with other content"));
    assert_eq!(place.summary(), before);
}

#[test]
fn an_earlier_buy_that_comes_later_gives_an_orphan_its_basis() {
    let mut place = Place::new("later");
    assert_eq!(place.import_text(&history()).unwrap().orphaned, 1);
    let buy = format!("[{}]", row("b0", "buy", "1", "7", "7", 500));
    assert_eq!(place.import_text(&buy).unwrap().orphaned, 0);
    assert_eq!(place.summary().totals.matched_sells, 2);
}

#[test]
fn bad_rows_are_named_and_a_broken_document_stores_nothing() {
    let mut place = Place::new("bad");
    let text = format!(
        "[{},\n{}\n,{}]",
        row("a", "buy", "1", "1", "1", 1),
        row("b", "hold", "1", "1", "1", 1),
        row("c", "buy", "1", "-1", "1", 1)
    );
    let imported = place.import_text(&text).unwrap();
    assert_eq!((imported.rows, imported.imported, imported.rejected), (3, 1, 2));
    assert!(
        imported.findings[0]
            .ends_with("in.json: line 4, row 2: side \"hold\" is neither buy nor sell")
    );
    assert!(imported.findings[1].contains("row 3: size -1 is negative"));
    let torn =
        format!("[{},{}", row("x", "buy", "1", "1", "1", 1), row("y", "buy", "1", "1", "1", 1));
    for text in [torn.as_str(), "[{\"order_id\":\"x\" 1}]", "", "{\"trades\": 5}"] {
        let error = place.import_text(text).unwrap_err();
        assert!(matches!(error, ImportError::Malformed(..)), "{error}");
        assert!(error.to_string().contains("in.json: line "), "{error}");
    }
    let rows: i64 = place
        .ledger
        .query_row("SELECT count(*) FROM imported_trades", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 1, "the rows before the tear were rolled back");
}

/// Orders of our own: a limit buy filled twice, a market sell.
fn trade_own(ledger: &Connection) {
    ledger
        .execute_batch(
            "INSERT INTO intents VALUES
               ('c1','AB-USDT','buy','entry','limit','GTC',0,'2','3','2',1000000,1500000),
               ('c2','AB-USDT','sell','stop_loss','market','IOC',0,NULL,'3','2.5',2000000,2000000);
             INSERT INTO orders VALUES
               ('c1','v1','filled','3','6','0.006',NULL,NULL,1500000),
               ('c2','v2','filled','3','7','0.007',NULL,NULL,2000000);
             INSERT INTO fills VALUES
               (1,'AB-USDT','e1',1,'c1','v1','buy','entry','2','1','2','0.002','USDT','maker','2',
                1100000,NULL,NULL,NULL,NULL,NULL,NULL),
               (2,'AB-USDT','e2',2,'c1','v1','buy','entry','2','2','4','0.004','USDT','maker','2',
                1500000,NULL,NULL,NULL,NULL,NULL,NULL),
               (3,'AB-USDT','e3',3,'c2','v2','sell','stop_loss','2','1','2','0.002','USDT','taker',
                '2.5',2000000,'1','0','0.004','-0.004','known',1100000),
               (4,'AB-USDT','e4',4,'c2','v2','sell','stop_loss','2.5','2','5','0.005','USDT','taker',
                '2.5',2000000,'2','1','0.009','0.991','known',1500000);",
        )
        .unwrap();
}

#[test]
fn own_and_imported_trades_are_summed_apart_and_together() {
    let mut place = Place::new("own");
    place.import_text(&history()).unwrap();
    trade_own(&place.ledger);
    let summary = place.summary();
    assert_eq!((summary.own.matched_sells, summary.own.wins), (1, 1));
    assert_eq!(summary.own.net_pnl.0, d("0.987"));
    assert_eq!(summary.totals.matched_sells, 2);
    assert_eq!(summary.totals.net_pnl.0, d("2.970333333333333333"));
    assert_eq!(serde_json::to_string(&summary.own.win_rate).unwrap(), "1");
}

#[test]
fn an_export_imported_again_is_all_duplicates_and_elsewhere_all_there() {
    let mut place = Place::new("export");
    place.import_text(&history()).unwrap();
    trade_own(&place.ledger);
    let path = place.directory.join(export::FILE_NAME);
    let now = Timestamp::from_ms(5_000);
    let exported = export::export(&place.ledger, &path, now).unwrap();
    export::record(&place.ledger, &exported, now).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!((exported.records, exported.matched), (5, 3));
    assert_eq!(exported.bytes, text.len() as u64);
    let known = trade_history::last_export(&place.ledger).unwrap().unwrap();
    assert_eq!((known.records, known.bytes), (5, exported.bytes));
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let ids: Vec<_> =
        document["trades"].as_array().unwrap().iter().map(|it| &it["order_id"]).collect();
    assert_eq!(ids, ["s1", "v1", "b1", "v2", "s2"]);
    assert!(text.contains("\"price\": 2.333333333333333333, \"size\": 3.0, \"funds\": 7.0"));
    assert!(text.contains("\"size\": 0.0, \"funds\": 4.0"), "a repaired row is as it came");
    let matched = &document["matched_trades"][2];
    assert_eq!((&matched["order_id_buy"], &matched["order_id_sell"]), (&"v1".into(), &"v2".into()));
    let again = import::import(&mut place.ledger, &path).unwrap();
    assert_eq!((again.rows, again.imported, again.duplicates), (5, 0, 5));
    let mut elsewhere = Place::new("elsewhere");
    let there = import::import(&mut elsewhere.ledger, &path).unwrap();
    assert_eq!((there.imported, there.repaired, there.orphaned), (5, 1, 1));
}

/// The recorded history of the Python IBIS, where it is at hand.
pub(in crate::ops) fn recorded() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");
    let data = option_env!("IBIS_SHARED_DATA").unwrap_or(default);
    let path = Path::new(data).join("ibis/trade_history.json");
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

#[test]
fn the_recorded_history_gives_the_known_truth() {
    let Some(path) = recorded() else { return };
    let mut place = Place::new("recorded");
    let imported = import::import(&mut place.ledger, &path).unwrap();
    let expected = Imported {
        rows: 1280,
        imported: 1280,
        repaired: 679,
        orphaned: 11,
        prices_rounded: 94,
        ..Imported::default()
    };
    assert_eq!(imported, expected);
    let totals = place.summary().imported;
    assert_eq!((totals.matched_sells, totals.wins), (556, 221));
    assert_eq!(totals.gross_pnl.0.to_fixed(4), "-78.1495");
    assert_eq!(totals.fees.0.to_fixed(4), "30.5951");
    assert_eq!(totals.net_pnl.0.to_fixed(4), "-108.7446");
    let out = place.directory.join("out.json");
    export::export(&place.ledger, &out, Timestamp::from_ms(0)).unwrap();
    let again = import::import(&mut place.ledger, &out).unwrap();
    assert_eq!(again, Imported { imported: 0, duplicates: 1280, ..expected });
    let sorted = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut rows = document["trades"].as_array().unwrap().clone();
        rows.sort_by_key(|row| row["order_id"].as_str().unwrap().to_owned());
        rows
    };
    assert_eq!(sorted(&out), sorted(&path), "every row as it came");
}
