//! The lines of the emergency journal.

use super::*;

#[test]
fn a_line_of_the_emergency_journal_is_its_entry_again() {
    let (id, at_) = (CommandId::new("c-1").unwrap(), at(50));
    let (by, reason, wish) = ("root".to_owned(), "why".to_owned(), Wish::Release);
    let command = Command { id, at: at_, by, via: Via::Cli, reason, wish };
    let said = OperatorRecord { command, outcome: Outcome::Done };
    let transition =
        TransitionRecord { from: Level::Running, to: Level::HardStop, code: HoldCode::DailyLoss };
    let (code, subject, detail) = ("odd".to_owned(), "x".to_owned(), "y".to_owned());
    let decision = DecisionRecord {
        client_order_id: self::id(1),
        symbol: symbol("BTC-USDT"),
        purpose: Purpose::StopLoss,
        bid: Some(d("1")),
        ask: None,
        signal: None,
        plan: None,
        level: Level::Degraded,
        size: None,
    };
    let mut entries = story();
    entries.extend([
        fact(50, Record::Operator(Box::new(said))),
        fact(51, Record::KillVerified { since: at_ }),
        fact(52, Record::Transition(transition)),
        fact(53, Record::Surprise(SurpriseRecord { code, subject, detail })),
        fact(54, Record::Decision(Box::new(decision))),
        fact(55, Record::Run { run: 4, phase: "stopped" }),
        Entry::Projection(Projection::Sample(Sample { complete: false, ..sample(50) })),
        day(0, 10, "5"),
    ]);
    for entry in entries {
        let line = Line::of(&entry).unwrap();
        assert_eq!(line.is_fact(), matches!(entry, Entry::Fact(_)));
        let text = serde_json::to_string(&line).unwrap();
        let again: Line = serde_json::from_str(&text).unwrap();
        assert_eq!(again.into_entry(), Some(entry), "{text}");
    }
    let unknown = r#"{"fact":{"at":1,"input":null,"record":{"run":{"run":1,"phase":"later"}}}}"#;
    let later: Line = serde_json::from_str(unknown).unwrap();
    assert_eq!(later.into_entry(), None, "a word of a version to come");
    let (at, symbol, code) = (at_, symbol("BTC-USDT"), "cash");
    let refused = Entry::Projection(Projection::Refused { at, symbol, code });
    assert!(Line::of(&refused).is_none(), "a count, and no more");
}
