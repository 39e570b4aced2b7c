//! Market files that cannot be read to their end: file, line, reason, and a ledger that is well.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{CANDLES, RUN, db_check_ok, run_before, unchanged_by};
use crate::support::home::Home;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_file_that_is_none_is_65_and_changes_nothing() {
    let home = run_before();
    home.write("empty_ABC-USDT.csv", "");
    home.write("header_ABC-USDT.csv", "time,price\n1,2\n");
    home.write("first_ABC-USDT.csv", CANDLES.replace("1.0,2.0", "1.0,x"));
    home.write("cut_ABC-USDT.csv.gz", &gzip(CANDLES)[..40]);
    home.write("nameless.csv", CANDLES);
    home.write("bytes_ABC-USDT.csv.gz", [0x1f, 0x8b, 0, 1, 2, 3]);
    for (name, told) in [
        ("empty_ABC-USDT.csv", "empty"),
        ("header_ABC-USDT.csv", "ts_ms,open,high,low,close,volume"),
        ("first_ABC-USDT.csv", "line 2: high \"x\""),
        ("cut_ABC-USDT.csv.gz", "truncated"),
        ("nameless.csv", "BASE-QUOTE"),
        ("bytes_ABC-USDT.csv.gz", ""),
    ] {
        unchanged_by(&home, || {
            let ended = home.ibis(&format!("agent --replay {name}"));
            let line = ended.refused(65);
            assert!(line.contains(name) && line.contains(told), "{name}: {line}");
        });
    }
    unchanged_by(&home, || {
        assert!(home.ibis("agent --replay none.csv").refused(64).contains("none.csv"));
    });
    db_check_ok(&home);
}

#[test]
fn a_malformed_row_in_the_middle_ends_the_run_in_order() {
    let home = Home::new();
    home.write("row_ABC-USDT.csv", CANDLES.replace("1.2,1.4,10", "1.2,1.4,1x"));
    let ended = home.ibis("agent --replay row_ABC-USDT.csv --json");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(65), ""));
    let line = ended.complaint();
    assert!(line.contains("row_ABC-USDT.csv, line 4: volume \"1x\""), "{line}");
    db_check_ok(&home);
    assert_eq!(home.json("exec-integrity")["overall"], "OK");
    let query = "SELECT end_cause FROM runs";
    let cause: String = home.ledger().query_row(query, [], |row| row.get(0)).unwrap();
    assert!(cause.contains("line 4"), "no crash, but an end with its cause: {cause}");
}

#[test]
fn a_refused_start_is_no_crash() {
    let home = run_before();
    home.write("empty_ABC-USDT.csv", "");
    for _ in 0..3 {
        home.ibis("agent --replay empty_ABC-USDT.csv").refused(65);
        home.ibis(&format!("{RUN} --config none.toml")).refused(78);
    }
    home.json(RUN);
    let query = "SELECT count(*), sum(ended_at_us IS NULL) FROM runs";
    let runs: (i64, i64) =
        home.ledger().query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(runs, (2, 0));
}
