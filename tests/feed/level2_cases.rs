//! Worked cases of keeping a numbered book: what becomes of each push, and the book after all of them.

use ibis::domain::instrument::{Instrument, Lots, Ticks};
use ibis::domain::market_data::MarketData;
use ibis::domain::side::Side;
use ibis::market::kucoin::{Book, Calibration, Fate, Judgement, Sink, Snapshot, Word};
use serde_json::{Value, json};

use super::{decoder, fixtures, instrument, lanes};

#[derive(Default)]
struct Shown(Book);

impl Sink for Shown {
    fn say(&mut self, data: MarketData) {
        self.0.apply(&data);
    }

    fn note(&mut self, _: usize, _: Fate) {}
}

/// A side's levels in the units of the case.
fn side(pair: &Instrument, book: &Book, side: Side) -> Vec<(Ticks, Lots)> {
    let levels: Vec<_> = book.levels(side).map(|level| (level.price, level.size)).collect();
    assert!(levels.iter().all(|(price, _)| pair.price_of(*price).is_positive()));
    levels
}

fn expected(pair: &Instrument, levels: &Value) -> Vec<(Ticks, Lots)> {
    let decimal = |text: &Value| text.as_str().unwrap().parse().unwrap();
    let level = |level: &Value| {
        let price = pair.price(decimal(&level[0])).unwrap();
        (price, pair.quantity(decimal(&level[1])).unwrap())
    };
    levels.as_array().unwrap().iter().map(level).collect()
}

/// Plays a case: the snapshot, then each frame.
fn play(case: &Value) {
    let topic = case["frames"][0]["topic"].as_str().unwrap();
    let symbol = topic.split_once(':').unwrap().1;
    let pairs = [instrument(symbol, "0.01", "0.00000001")];
    let mut decoder = decoder(&pairs);
    let (mut calibration, mut shown) = (Calibration::default(), Shown::default());
    let lane = lanes(&pairs)[symbol];
    let snapshot = Snapshot::parse(&case["snapshot"].to_string(), &lane).unwrap();
    let judged = calibration.snapshot(snapshot.sequence, &snapshot.levels, &mut shown);
    assert_eq!(judged, Judgement::Taken);
    let mut fates = Vec::new();
    for frame in case["frames"].as_array().unwrap() {
        let frame = frame.to_string();
        let push = decoder.decode(&frame).unwrap().unwrap();
        let Word::Update(update) = push.word else { panic!("{push:?}") };
        fates.push(match calibration.update(0, update, &mut shown) {
            Fate::Applied => "apply",
            Fate::Duplicate => "drop",
            Fate::Gap => "gap",
            fate => panic!("{fate:?}"),
        });
    }
    assert_eq!(json!(fates), case["expect"]["frames"]);
    let sequence = case["expect"]["sequence"].as_i64();
    assert_eq!(calibration.sequence(), sequence);
    let book = &case["expect"]["book"];
    assert_eq!(side(&pairs[0], &shown.0, Side::Buy), expected(&pairs[0], &book["bids"]));
    assert_eq!(side(&pairs[0], &shown.0, Side::Sell), expected(&pairs[0], &book["asks"]));
}

#[test]
fn the_worked_cases_come_out_as_stated() {
    let Some(fixtures) = fixtures("ws-level2") else { return };
    assert!(!fixtures.is_empty());
    for (name, case) in &fixtures {
        println!("{name}");
        play(case);
    }
}

#[test]
fn a_case_of_our_own_comes_out_as_stated() {
    let frame = |first: i64, last: i64, asks: Value, bids: Value| {
        json!({
            "type": "message", "topic": "/market/level2:A-USDT", "subject": "trade.l2update",
            "data": {
                "changes": {"asks": asks, "bids": bids},
                "sequenceStart": first, "sequenceEnd": last, "symbol": "A-USDT", "time": 1,
            },
        })
    };
    let case = |frames: Vec<Value>, expect: Value| {
        json!({
            "snapshot": {"sequence": "10", "bids": [["5.00", "1"]], "asks": [["6", "1"]]},
            "frames": frames,
            "expect": expect,
        })
    };
    play(&case(
        vec![
            frame(8, 10, json!([["6", "9", "9"]]), json!([])),
            frame(9, 12, json!([["6", "2", "12"], ["7", "3", "9"]]), json!([["5", "0", "11"]])),
            frame(13, 13, json!([]), json!([["0", "0", "13"]])),
            frame(13, 13, json!([]), json!([["4", "4", "13"]])),
        ],
        json!({
            "frames": ["drop", "apply", "apply", "drop"],
            "sequence": 13,
            "book": {"bids": [], "asks": [["6", "2"]]},
        }),
    ));
    play(&case(
        vec![frame(12, 12, json!([["6", "9", "12"]]), json!([]))],
        json!({"frames": ["gap"], "sequence": null, "book": {"bids": [], "asks": []}}),
    ));
}
