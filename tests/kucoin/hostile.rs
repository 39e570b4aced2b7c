//! Truncated, twisted and made-up bytes: none may panic, and what is read must be written alike.

use std::fs;
use std::sync::OnceLock;

use ibis::exchange::kucoin::protocol::every_message::read_in_every_way;
use proptest::prelude::*;

use super::samples::samples;
use crate::support::repository;

/// Where the fuzzer keeps what it starts from.
const CORPUS: &str = "fuzz/corpus/every_message";
/// Bytes of a hostile message.
const BYTES_MAX: usize = 4_096;

/// Times that something is repeated: far beyond the 128 levels that are read, quick to try.
const LONG: usize = 5_000;
/// Places at which each sample is cut.
const CUTS: usize = 24;

/// Our samples, bare and in the envelope of an answer, and the fuzzer's corpus.
fn seeds() -> &'static [Vec<u8>] {
    static SEEDS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let envelope = |json| format!("{{\"code\":\"200000\",\"data\":{json}}}").into_bytes();
        let samples = samples();
        let bare = samples.iter().map(|sample| sample.json.as_bytes().to_vec());
        let answers = samples.iter().map(|sample| envelope(sample.json));
        let directory = fs::read_dir(repository().join(CORPUS)).unwrap();
        let mut corpus: Vec<_> = directory.map(|entry| entry.unwrap().path()).collect();
        corpus.sort();
        assert!(!corpus.is_empty(), "{CORPUS} is empty");
        let corpus = corpus.iter().map(|path| fs::read(path).unwrap());
        bare.chain(answers).chain(corpus).collect()
    })
}

#[track_caller]
fn holds(bytes: &[u8]) {
    if let Err(rule) = read_in_every_way(bytes) {
        panic!("{rule}\nfrom {:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn the_corpus_holds() {
    for seed in seeds() {
        holds(seed);
    }
}

#[test]
fn deep_nesting_and_long_texts_end_in_an_error() {
    for open in ["[", "{\"data\":", "{\"code\":\"200000\",\"data\":["] {
        holds(open.repeat(LONG).as_bytes());
    }
    let long = "9".repeat(LONG);
    for text in [
        format!("{{\"code\":\"200000\",\"data\":{{\"price\":{long}}}}}"),
        format!("{{\"code\":\"{long}\",\"msg\":\"{long}\"}}"),
        format!("{{\"id\":{long},\"type\":\"ping\"}}"),
        format!("[[\"{long}\",\"0.{long}\",\"1e{long}\",\"-{long}\",\"1\",\"1\",\"1\"]]"),
        long,
    ] {
        holds(text.as_bytes());
    }
}

/// Numbers that have no place in a message, and some that have.
const NUMBERS: [&str; 14] = [
    "0",
    "-0",
    "1e18",
    "1E-19",
    "1e308",
    "1e999999999",
    "-9223372036854775809",
    "18446744073709551616",
    "170141183460469231731687303715884105728",
    "0.0000000000000000001",
    "\"-0\"",
    "\"NaN\"",
    "\"\"",
    "null",
];

/// One way to spoil a message.
#[derive(Clone, Debug)]
enum Twist {
    /// Its end is lost.
    Truncate(prop::sample::Index),
    /// A bit is flipped.
    Flip(prop::sample::Index, u8),
    /// A piece is put in from elsewhere.
    Splice(prop::sample::Index, prop::sample::Index, prop::sample::Index, usize),
    /// A number, or any value, becomes another.
    Number(prop::sample::Index, prop::sample::Index),
    /// Bytes are put in.
    Insert(prop::sample::Index, Vec<u8>),
    /// A piece is said twice.
    Repeat(prop::sample::Index, usize),
}

fn twist() -> impl Strategy<Value = Twist> {
    type Index = prop::sample::Index;
    prop_oneof![
        any::<Index>().prop_map(Twist::Truncate),
        (any::<Index>(), 0u8..8).prop_map(|(at, bit)| Twist::Flip(at, bit)),
        (any::<Index>(), any::<Index>(), any::<Index>(), 1usize..80)
            .prop_map(|(at, seed, from, length)| Twist::Splice(at, seed, from, length)),
        (any::<Index>(), any::<Index>()).prop_map(|(at, number)| Twist::Number(at, number)),
        (any::<Index>(), prop::collection::vec(any::<u8>(), 1..8))
            .prop_map(|(at, bytes)| Twist::Insert(at, bytes)),
        (any::<Index>(), 1usize..200).prop_map(|(at, length)| Twist::Repeat(at, length)),
    ]
}

impl Twist {
    fn apply(&self, message: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        if message.is_empty() {
            return;
        }
        match self {
            Self::Truncate(at) => message.truncate(at.index(message.len())),
            Self::Flip(at, bit) => {
                let at = at.index(message.len());
                message[at] ^= 1 << bit;
            }
            Self::Splice(at, seed, from, length) => {
                let seed = &seeds[seed.index(seeds.len())];
                let from = from.index(seed.len());
                let piece = seed[from..seed.len().min(from + length)].to_vec();
                let at = at.index(message.len());
                message.splice(at..at, piece);
            }
            Self::Number(at, number) => {
                let colons: Vec<usize> =
                    (0..message.len()).filter(|&at| message[at] == b':').collect();
                if colons.is_empty() {
                    return;
                }
                let start = colons[at.index(colons.len())] + 1;
                let end = message[start..].iter().position(|byte| b",}]".contains(byte));
                let end = end.map_or(message.len(), |length| start + length);
                let number = NUMBERS[number.index(NUMBERS.len())];
                message.splice(start..end, number.bytes());
            }
            Self::Insert(at, bytes) => {
                let at = at.index(message.len());
                message.splice(at..at, bytes.iter().copied());
            }
            Self::Repeat(at, length) => {
                let at = at.index(message.len());
                let piece = message[at..message.len().min(at + length)].to_vec();
                message.splice(at..at, piece);
            }
        }
        message.truncate(BYTES_MAX);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spoiled_messages_never_panic(
        seed in any::<prop::sample::Index>(), twists in prop::collection::vec(twist(), 1..5),
    ) {
        let seeds = seeds();
        let mut message = seeds[seed.index(seeds.len())].clone();
        for twist in &twists {
            twist.apply(&mut message, seeds);
        }
        prop_assert_eq!(read_in_every_way(&message), Ok(()));
    }

    #[test]
    fn made_up_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(read_in_every_way(&bytes), Ok(()));
    }
}

/// Prefixes of every seed: what a lost connection leaves.
#[test]
fn truncated_messages_never_panic() {
    for seed in seeds() {
        for end in (0..seed.len()).step_by(seed.len().div_ceil(CUTS).max(1)) {
            holds(&seed[..end]);
        }
    }
}
