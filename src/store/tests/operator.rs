//! What operators said, and what came of it.

use super::*;
use crate::store::operator::{self, Said};

fn said(number: i64, outcome: Outcome) -> Entry {
    let command = Command {
        id: CommandId::new(&format!("c-{number}")).unwrap(),
        at: at(number),
        by: "root".to_owned(),
        via: Via::Cli,
        reason: "why".to_owned(),
        wish: Wish::Release,
    };
    fact(100 + number / 2, Record::Operator(Box::new(OperatorRecord { command, outcome })))
}

#[test]
fn a_command_is_there_once_with_its_outcome() {
    let refused = |after| Outcome::Refused { why: "not now".to_owned(), after };
    let outcomes = [Outcome::Done, refused(None), refused(Some(at(7)))];
    let mut entries: Vec<_> = (1..).zip(outcomes.clone()).map(|(n, of)| said(n, of)).collect();
    entries.push(said(1, refused(None)));
    let ledger = write("operator", entries);
    let outcome = |id: &str| operator::outcome(&ledger, &CommandId::new(id).unwrap()).unwrap();
    assert_eq!(outcome("c-1"), Some((at(100), outcomes[0].clone())), "the first word counts");
    assert_eq!(outcome("c-2"), Some((at(101), outcomes[1].clone())));
    assert_eq!(outcome("c-3"), Some((at(101), outcomes[2].clone())));
    assert_eq!(outcome("c-4"), None);
    let newest = |limit| {
        let newest = operator::newest(&ledger, limit).unwrap();
        newest.into_iter().map(|said| said.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(newest(9), ["c-3", "c-2", "c-1"]);
    assert_eq!(newest(1), ["c-3"]);
    let first = Said {
        id: CommandId::new("c-1").unwrap(),
        at: at(100),
        by: "root".to_owned(),
        reason: "why".to_owned(),
        wish: serde_json::to_string(&Wish::Release).unwrap(),
        outcome: "done".to_owned(),
    };
    assert_eq!(operator::newest(&ledger, 9).unwrap()[2], first);
}
