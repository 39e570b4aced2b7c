//! The chain of events, and the books beside it.

use super::*;

#[test]
fn events_are_found_by_number_by_time_and_by_run() {
    let ledger = write("events", story());
    let seqs = |rows: Vec<EventRow>| rows.iter().map(|row| row.seq).collect::<Vec<_>>();
    assert_eq!(seqs(event::after(&ledger, 0, 99).unwrap()), (1..=FACTS).collect::<Vec<_>>());
    assert_eq!(seqs(event::after(&ledger, 5, 3).unwrap()), [6, 7, 8]);
    assert_eq!(seqs(event::before(&ledger, 5, 3).unwrap()), [4, 3, 2]);
    assert_eq!(event::at(&ledger, FACTS + 1).unwrap(), None);
    let facts = story().into_iter().filter_map(|entry| match entry {
        Entry::Fact(fact) => Some(EventRow::of(&fact)),
        Entry::Projection(_) => None,
    });
    let facts: Vec<EventRow> = facts.collect();
    for (seq, of) in (1..).zip(&facts) {
        let row = event::at(&ledger, seq).unwrap().unwrap();
        assert!(row.says_what(of) && of.says_what(&row), "{row} and {of}");
        assert_eq!(EventRow { seq: 0, ..row.clone() }, *of);
        let others = [
            EventRow { at: at(98), ..row.clone() },
            EventRow { kind: "other".to_owned(), ..row.clone() },
            EventRow { reference: "other".to_owned(), ..row.clone() },
            EventRow { payload: "other".to_owned(), ..row.clone() },
            EventRow { input: None, ..row.clone() },
        ];
        assert!(!others.iter().any(|other| other.says_what(of)), "{row}");
    }
    assert_eq!(facts[0].to_string(), "run 4 at 1970-01-01T00:00:01Z: {\"phase\":\"started\"}");

    let last_before = |second| event::last_before(&ledger, at(second)).unwrap();
    assert_eq!([0, 1, 2, 10, 11, 12, 99].map(last_before), [0, 0, 1, 4, 6, 7, FACTS]);
    assert_eq!(event::run_of(&ledger, 0).unwrap(), None);
    assert_eq!([1, 9].map(|seq| event::run_of(&ledger, seq).unwrap()), [Some(4); 2]);
}

#[test]
fn the_chain_breaks_where_it_was_changed() {
    let ledger = write("chain", story());
    let breaks = |limit| chain::first_break(&ledger, limit).unwrap();
    let head = chain::head(&ledger).unwrap();
    assert_eq!((head.seq, head.hex().len(), breaks(None)), (FACTS, 64, None));
    assert!(head.hex().starts_with(&format!("{:02x}{:02x}", head.hash[0], head.hash[1])));
    let tried = |change: &str, limit| {
        ledger.execute_batch("SAVEPOINT whole").unwrap();
        ledger.execute(change, []).unwrap();
        let found = breaks(limit);
        ledger.execute_batch("ROLLBACK TO whole; RELEASE whole").unwrap();
        found
    };
    for change in ["at_us = 7", "kind = 'x'", "ref = 'x'", "payload = 'x'", "input = 77"] {
        let change = format!("UPDATE events SET {change} WHERE seq = 9");
        assert_eq!(tried(&change, None), Some(9), "{change}");
        assert_eq!(tried(&change, Some(FACTS - 8)), Some(9), "{change}, seen in the tail");
        assert_eq!(tried(&change, Some(FACTS - 9)), None, "{change}, before the tail");
    }
    assert_eq!(tried("DELETE FROM events WHERE seq = 9", None), Some(10));
    assert_eq!(tried("DELETE FROM events WHERE seq = 9", Some(FACTS - 9)), Some(9));
    assert_eq!(tried("DELETE FROM events", None), None, "nothing is whole");
    assert_eq!(breaks(Some(FACTS + 5)), None);
    assert_eq!(breaks(Some(0)), None);
}

#[test]
fn the_books_contradict_a_fill_that_was_changed_lost_or_added() {
    let ledger = write("books", story());
    assert_eq!(books::audit(&ledger).unwrap(), []);
    let tried = |change: &str| {
        ledger.execute_batch("SAVEPOINT whole").unwrap();
        ledger.execute(change, []).unwrap();
        let found = books::audit(&ledger).unwrap();
        ledger.execute_batch("ROLLBACK TO whole; RELEASE whole").unwrap();
        let told = found.iter().map(|it| format!("{} {}", it.invariant, it.detail));
        told.collect::<Vec<_>>()
    };
    for column in ["quantity", "notional", "fee", "net"] {
        let found = tried(&format!("UPDATE fills SET {column} = '9' WHERE execution_id = '502'"));
        assert!(found.len() == 1 && found[0].starts_with("a_fill_is_its_event row "), "{found:?}");
    }
    assert_eq!(tried("DELETE FROM fills WHERE fill = 1"), ["a_fill_is_its_event no row"]);
    let renamed = tried("UPDATE fills SET execution_id = '777' WHERE fill = 1");
    assert_eq!(renamed, ["a_fill_is_its_event no event", "a_fill_is_its_event no row"]);
    assert_eq!(tried("UPDATE balances SET total = '1' WHERE asset = 'BTC'").len(), 1);
    assert!(!tried("UPDATE positions SET bought = '1'").is_empty());
    assert!(!tried("UPDATE orders SET filled = '9'").is_empty());
    // A document that is none is an error, and no contradiction.
    ledger.execute("UPDATE events SET payload = '{' WHERE kind = 'fill'", []).unwrap();
    assert!(books::audit(&ledger).is_err());
}
