//! The one-pass reader agrees with the general one, and neither breaks on anything.

use super::*;
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::{Instrument, tests::spec};

use proptest::prelude::*;
use proptest::sample::Index;

fn decoder() -> Decoder {
    let lanes = [("A-USDT", "0.01", "0.001"), ("B-USDT", "0.5", "1")].into_iter().enumerate();
    let lanes = lanes.map(|(index, (symbol, tick, lot))| {
        let id = InstrumentId(u16::try_from(index).unwrap());
        let instrument = Instrument::new(spec(symbol, tick, lot)).unwrap();
        (symbol.to_owned(), Lane::new(id, &instrument).unwrap())
    });
    Decoder::new(lanes.collect())
}

/// What a decoder made of a frame, as text.
fn told(decoded: Result<Option<Push<'_>>, Reason>) -> String {
    format!("{decoded:?}")
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[0-9]{1,6}(\\.[0-9]{1,8})?",
        1 => Just("0".to_owned()),
        1 => "[0-9.eE+-]{0,20}",
    ]
}

fn rows() -> impl Strategy<Value = String> {
    let sequence = prop_oneof![4 => "[0-9]{1,14}", 1 => "[0-9a-z]{0,20}"];
    let row = prop_oneof![
        8 => (number(), number(), sequence)
            .prop_map(|(price, size, own)| format!(r#"["{price}","{size}","{own}"]"#)),
        1 => (number(), number()).prop_map(|(price, size)| format!(r#"["{price}","{size}"]"#)),
        1 => Just(r#"["]]","1","2"]"#.to_owned()),
    ];
    prop::collection::vec(row, 0..4).prop_map(|rows| format!("[{}]", rows.join(",")))
}

/// An object of fields in any order.
fn object(fields: Vec<(&'static str, BoxedStrategy<String>)>) -> impl Strategy<Value = String> {
    let (keys, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    values
        .prop_map(move |values| keys.iter().copied().zip(values).collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(|fields| {
            let fields = fields.iter().map(|(key, value)| format!("\"{key}\":{value}"));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        })
}

fn frame() -> impl Strategy<Value = String> {
    let sequence = || prop_oneof![8 => "[1-9][0-9]{0,14}", 1 => "[0-9]{1,20}"].boxed();
    let just = |text: &'static str| Just(text.to_owned()).boxed();
    let changes = object(vec![("asks", rows().boxed()), ("bids", rows().boxed())]);
    let data = object(vec![
        ("sequenceStart", sequence()),
        ("sequenceEnd", sequence()),
        ("symbol", just(r#""A-USDT""#)),
        ("changes", changes.boxed()),
        ("time", sequence()),
    ]);
    let topic = prop_oneof![
        3 => Just(r#""/market/level2:A-USDT""#.to_owned()),
        1 => Just(r#""/market/level2:B-USDT""#.to_owned()),
        1 => Just(r#""/market/level2:C-USDT""#.to_owned()),
    ];
    object(vec![
        ("data", data.boxed()),
        ("subject", just(r#""trade.l2update""#)),
        ("topic", topic.boxed()),
        ("type", just(r#""message""#)),
    ])
}

proptest! {
    #[test]
    fn one_pass_reads_what_the_shapes_read(frame in frame()) {
        prop_assert_eq!(told(decoder().decode(&frame)), told(decoder().decode_any(&frame)), "{}", frame);
    }

    #[test]
    fn one_pass_reads_what_the_shapes_read_of_damaged_frames(
        frame in frame(),
        cuts in prop::collection::vec((any::<Index>(), any::<Index>()), 0..3),
        puts in prop::collection::vec((any::<Index>(), "[\\[\\]{},:\"0-9a \\\\\u{1}e]"), 0..3),
    ) {
        let mut bytes = frame.into_bytes();
        for (from, length) in cuts {
            let from = from.index(bytes.len());
            let end = (from + length.index(4)).min(bytes.len());
            bytes.drain(from..end);
        }
        for (at, put) in puts {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, put.into_bytes());
        }
        let frame = String::from_utf8(bytes).unwrap();
        prop_assert_eq!(told(decoder().decode(&frame)), told(decoder().decode_any(&frame)), "{}", frame);
    }

    #[test]
    fn no_bytes_break_the_decoder(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let frame = String::from_utf8_lossy(&bytes);
        let _ = decoder().decode(&frame);
    }

    #[test]
    fn no_push_breaks_the_decoder(
        topic in prop_oneof![
            Just("/market/ticker:A-USDT"), Just("/market/ticker:all"), Just("/market/match:A-USDT"),
            Just("/spotMarket/level1:A-USDT"), Just("/spotMarket/level2Depth5:A-USDT"),
            Just("/market/candles:A-USDT_1min"), Just("/market/snapshot:A-USDT"),
            Just("/market/level2:A-USDT"),
        ],
        text in "[0-9eE.+-]{0,24}",
        number in any::<i64>(),
    ) {
        let row = format!(r#"["{text}","{text}","{number}","{text}","{text}","{text}"]"#);
        let data = format!(
            r#"{{"sequence":"{number}","sequenceStart":{number},"sequenceEnd":{number},"side":"buy",
            "price":"{text}","size":"{text}","bestBid":"{text}","bestBidSize":"{text}",
            "bestAsk":"{text}","bestAskSize":"{text}","Time":{number},"timestamp":{number},
            "asks":[{row}],"bids":[],"candles":{row},"changes":{{"asks":[{row}],"bids":[]}},
            "data":{{"symbol":"A-USDT","buy":{number},"bidSize":{number},"sell":1e400,"askSize":1}}}}"#
        );
        let frame = format!(r#"{{"topic":"{topic}","subject":"A-USDT","data":{data}}}"#);
        let _ = decoder().decode(&frame);
        let flat = frame.replace(&format!("[{row}]"), &row);
        let _ = decoder().decode(&flat);
    }
}

#[test]
fn the_venues_spelling_takes_the_one_pass() {
    for frame in [
        r#"{"data":{"sequenceStart":1,"symbol":"A-USDT","changes":{"asks":[],"bids":[["1.2","3","1"]]},"sequenceEnd":1},"subject":"trade.l2update","topic":"/market/level2:A-USDT","type":"message"}"#,
        r#"{"topic":"/market/level2:A-USDT","type":"message","subject":"trade.l2update","data":{"changes":{"asks":[["1.2","3","1"],["1.3","0","2"]],"bids":[]},"sequenceEnd":2,"sequenceStart":1,"symbol":"A-USDT","time":1729816425625}}"#,
    ] {
        let scanned = scan(frame).unwrap();
        assert_eq!((scanned.symbol, scanned.first), ("A-USDT", 1));
        let mut decoder = decoder();
        let lane = decoder.lane("A-USDT").unwrap();
        assert_eq!(decoder.collect(&scanned, lane), Some(false));
        assert!(!decoder.levels.is_empty());
    }
}

#[test]
fn what_makes_no_sense_says_why() {
    let mut decoder = decoder();
    let mut reason = |frame: &str| decoder.decode(frame).unwrap_err();
    assert!(reason("{\"topic\"").starts_with("not a KuCoin message"));
    assert_eq!(reason(r#"{"topic":"/market/match:A-USDT"}"#), "a push without data");
    let print = |price: &str, side: &str| {
        format!(
            r#"{{"topic":"/market/match:A-USDT","data":{{"sequence":"1","price":"{price}","size":"1","side":"{side}"}}}}"#
        )
    };
    assert_eq!(reason(&print("0", "buy")), "price is zero");
    assert_eq!(reason(&print("-1", "buy")), "price \"-1\" is negative");
    assert!(reason(&print("1e30", "buy")).contains("too large"));
    assert!(reason(&print("1", "hold")).contains("hold"));
    let rows = r#"{"topic":"/market/level2:A-USDT","data":{"sequenceStart":1,"sequenceEnd":1,"changes":{"asks":[["1"]],"bids":[]}}}"#;
    assert_eq!(reason(rows), "a level of 1 fields");
}

#[test]
fn what_is_no_push_about_a_known_symbol_is_nothing() {
    let mut decoder = decoder();
    for frame in [
        r#"{"id":"1","type":"welcome"}"#,
        r#"{"id":"1","type":"error","code":404,"data":"topic /x is not found"}"#,
        r#"{"topic":"/account/balance","data":{}}"#,
        r#"{"topic":"/market/match:Z-USDT","data":{"anything":1}}"#,
        r#"{"topic":"/market/level2:Z-USDT","data":{"changes":{"asks":[],"bids":[]},"sequenceEnd":2,"sequenceStart":1}}"#,
    ] {
        assert_eq!(decoder.decode(frame), Ok(None), "{frame}");
    }
}

#[test]
fn escapes_and_blanks_are_read_too() {
    let mut decoder = decoder();
    let frame = r#" {"topic":"\/market\/level2:A-USDT" , "data":{"sequenceStart":"7","sequenceEnd":5,"changes":{"asks":[["1.\u0032","3"]],"bids":[["0.000","1","6"]]}}}"#;
    let push = decoder.decode(frame).unwrap().unwrap();
    let Word::Update(update) = push.word else { panic!("{push:?}") };
    // Numbers swapped are put right; a price of zero marks a number.
    assert_eq!((update.first, update.last, update.levels.len()), (5, 7, 1));
    let level = update.levels[0];
    assert_eq!((level.price.get(), level.size.get(), level.sequence), (120, 3_000, 7));
}
