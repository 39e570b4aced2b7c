//! The lines of a recording: JSON arrays, the first element says which kind.
//!
//! | line | meaning |
//! |---|---|
//! | `["q",dt,lag,instrument,bid,bid_size,ask,ask_size]` | a quote, in ticks and lots |
//! | `["t",dt,lag,instrument,price,size,aggressor]` | a print; aggressor 1 buy, -1 sell, 0 unknown |
//! | `["T",dt]` | the timer |
//! | `["i",dt,input]` | any other input |
//! | `["=",count,digest]` | what the input before it made the engine do |
//! | `["a",actions]` | the same in full, in a case |
//! | `["end",inputs,digest]` | the last line: the number of the last input, the engine's state |
//!
//! `dt` is microseconds since the input before, `lag` how much older than the engine's clock the
//! market's word is. In a segment each line has one more element, a check: the low half of the CRC-32
//! of all lines so far, so that a changed, lost or repeated line is found and named. (Against
//! forgers there is the ledger's hash chain, which a replay is compared with.)

use serde_json::value::RawValue;

use super::digest::{self, Digest};
use super::input::{Input, InputRef};
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::{Lots, Ticks};
use crate::domain::market_data::{MarketData, MarketEvent, Quote, Trade};
use crate::domain::side::Side;
use crate::domain::time::Timestamp;
use crate::engine::event::Event;

/// A line read back.
#[derive(Clone, PartialEq, Debug)]
pub enum Line {
    /// An input, and the engine's clock with it.
    Input(Timestamp, Box<Input>),
    /// Count and digest of the actions of the input before.
    Digest(u64, String),
    /// Its actions, in full.
    Actions(serde_json::Value),
    /// The end: number of the last input, digest of the engine.
    End(u64, String),
}

/// Writes lines.
#[derive(Debug, Default)]
pub struct Encoder {
    bytes: Vec<u8>,
    line_start: usize,
    check: Option<Check>,
    now: Timestamp,
}

impl Encoder {
    /// Lines with a check.
    pub fn checked() -> Self {
        Self { check: Some(Check::default()), ..Self::default() }
    }

    /// Lines without one: for a file that a person may edit.
    pub fn plain() -> Self {
        Self::default()
    }

    /// What is written so far and not taken yet.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets what is written, once it is elsewhere.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.line_start = 0;
    }

    /// A header, from whose instant the first input counts.
    pub fn header(&mut self, header: &impl serde::Serialize, at: Timestamp) {
        self.now = at;
        self.json(header);
        if self.check.is_some() {
            self.bytes.pop();
            self.seal(b",\"check\":", b"}\n");
        } else {
            self.seal(b"", b"\n");
        }
    }

    /// An input.
    pub fn input(&mut self, input: InputRef<'_>, now: Timestamp) {
        match input {
            InputRef::Event(Event::Market(event)) => match &event.data {
                MarketData::Quote(quote) => self.quote(event, quote, now),
                MarketData::Trade(trade) => self.trade(event, trade, now),
                MarketData::Candle(_) | MarketData::Depth(_) | MarketData::DepthReset => {
                    self.any(input, now);
                }
            },
            InputRef::Event(Event::Timer) => {
                self.begin(b"[\"T\",", now);
                self.end_line();
            }
            InputRef::Event(_)
            | InputRef::Restore(_)
            | InputRef::Reconcile(_)
            | InputRef::WarmUp(..) => self.any(input, now),
        }
    }

    /// The digest of an input's actions.
    pub fn digest(&mut self, count: usize, digest: &Digest) {
        self.bytes.extend_from_slice(b"[\"=\",");
        self.int(i64::try_from(count).unwrap_or(i64::MAX));
        self.text(digest::text(digest));
    }

    /// An input's actions in full.
    pub fn actions(&mut self, actions: &impl serde::Serialize) {
        self.bytes.extend_from_slice(b"[\"a\",");
        self.json(actions);
        self.end_line();
    }

    /// The end.
    pub fn end(&mut self, inputs: u64, state: &Digest) {
        self.bytes.extend_from_slice(b"[\"end\",");
        self.int(i64::try_from(inputs).unwrap_or(i64::MAX));
        self.text(digest::text(state));
    }

    fn quote(&mut self, event: &MarketEvent, quote: &Quote, now: Timestamp) {
        self.market(b"[\"q\",", event, now);
        for number in [quote.bid.get(), quote.bid_size.get(), quote.ask.get(), quote.ask_size.get()]
        {
            self.bytes.push(b',');
            self.int(number);
        }
        self.end_line();
    }

    fn trade(&mut self, event: &MarketEvent, trade: &Trade, now: Timestamp) {
        self.market(b"[\"t\",", event, now);
        let aggressor = match trade.aggressor {
            None => 0,
            Some(Side::Buy) => 1,
            Some(Side::Sell) => -1,
        };
        for number in [trade.price.get(), trade.size.get(), aggressor] {
            self.bytes.push(b',');
            self.int(number);
        }
        self.end_line();
    }

    fn market(&mut self, tag: &[u8], event: &MarketEvent, now: Timestamp) {
        self.begin(tag, now);
        self.bytes.push(b',');
        self.int(now.us().saturating_sub(event.at.us()));
        self.bytes.push(b',');
        self.int(i64::from(event.instrument.0));
    }

    fn any(&mut self, input: InputRef<'_>, now: Timestamp) {
        self.begin(b"[\"i\",", now);
        self.bytes.push(b',');
        self.json(&input);
        self.end_line();
    }

    fn begin(&mut self, tag: &[u8], now: Timestamp) {
        self.bytes.extend_from_slice(tag);
        self.int(now.us().saturating_sub(self.now.us()));
        self.now = now;
    }

    fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(b",\"");
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(b'"');
        self.end_line();
    }

    fn json(&mut self, value: &impl serde::Serialize) {
        serde_json::to_writer(&mut self.bytes, value).expect("our own types serialise to memory");
    }

    fn end_line(&mut self) {
        if self.check.is_some() { self.seal(b",", b"]\n") } else { self.seal(b"", b"]\n") }
    }

    fn seal(&mut self, before: &[u8], after: &[u8]) {
        if let Some(check) = &mut self.check {
            let line = self.bytes.get(self.line_start..).unwrap_or_default();
            let sum = check.add(line);
            self.bytes.extend_from_slice(before);
            push_int(&mut self.bytes, i64::from(sum));
        }
        self.bytes.extend_from_slice(after);
        self.line_start = self.bytes.len();
    }

    fn int(&mut self, number: i64) {
        push_int(&mut self.bytes, number);
    }
}

/// The running check of a segment's lines.
#[derive(Debug, Default)]
pub struct Check(flate2::Crc);

impl Check {
    /// Takes a line in, without its own check; returns the check that belongs there.
    pub fn add(&mut self, line: &[u8]) -> u16 {
        self.0.update(line);
        self.0.sum() as u16
    }

    /// Splits the check off a line and compares it.
    pub fn holds(&mut self, line: &[u8]) -> bool {
        let Some(at) = line.iter().rposition(|byte| *byte == b',') else { return false };
        let (content, rest) = line.split_at(at);
        let digits: Vec<u8> = rest.iter().copied().filter(u8::is_ascii_digit).collect();
        let sum = std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok());
        sum == Some(self.add(content))
    }
}

/// Reads a line other than a header; `now` is the engine's clock so far. A check is ignored: its
/// place is after everything else.
pub fn decode(line: &[u8], now: Timestamp) -> Result<Line, String> {
    let wrong = |error: serde_json::Error| error.to_string();
    let elements: Vec<&RawValue> = serde_json::from_slice(line).map_err(wrong)?;
    let element = |at: usize| elements.get(at).map(|raw| raw.get()).ok_or("too short".to_owned());
    let int = |at: usize| element(at)?.parse::<i64>().map_err(|error| error.to_string());
    let text = |at| Ok::<_, String>(element(at)?.trim_matches('"').to_owned());
    let count = |at| element(at)?.parse::<u64>().map_err(|error| error.to_string());
    let tag = text(0)?;
    let then = || Ok::<_, String>(Timestamp::from_us(now.us().saturating_add(int(1)?)));
    let market = |data| {
        let (then, lag) = (then()?, int(2)?);
        let instrument = InstrumentId(element(3)?.parse().map_err(|_| "no instrument".to_owned())?);
        let at = Timestamp::from_us(then.us().saturating_sub(lag));
        let event = MarketEvent { at, instrument, data };
        Ok(Line::Input(then, Box::new(Input::Event(Event::Market(event)))))
    };
    match tag.as_str() {
        "q" => market(MarketData::Quote(Quote {
            bid: Ticks::new(int(4)?),
            bid_size: Lots::new(int(5)?),
            ask: Ticks::new(int(6)?),
            ask_size: Lots::new(int(7)?),
        })),
        "t" => market(MarketData::Trade(Trade {
            price: Ticks::new(int(4)?),
            size: Lots::new(int(5)?),
            aggressor: match int(6)? {
                0 => None,
                1 => Some(Side::Buy),
                -1 => Some(Side::Sell),
                other => return Err(format!("aggressor {other}")),
            },
        })),
        "T" => Ok(Line::Input(then()?, Box::new(Input::Event(Event::Timer)))),
        "i" => {
            let input = serde_json::from_str(element(2)?).map_err(wrong)?;
            Ok(Line::Input(then()?, Box::new(input)))
        }
        "=" => Ok(Line::Digest(count(1)?, text(2)?)),
        "a" => Ok(Line::Actions(serde_json::from_str(element(1)?).map_err(wrong)?)),
        "end" => Ok(Line::End(count(1)?, text(2)?)),
        other => Err(format!("{other:?} is no kind of line")),
    }
}

/// A whole number in decimal, without the formatting machinery: it is most of what is written.
fn push_int(bytes: &mut Vec<u8>, number: i64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        if let Some(slot) = digits.get_mut(at) {
            *slot = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        bytes.push(b'-');
    }
    bytes.extend_from_slice(digits.get(at..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::execution::{ExecutionReport, ReportKind, VenueReason};
    use crate::domain::hold::{Hold, HoldCode, Level};
    use crate::domain::identifier::ClientOrderId;
    use crate::domain::market_data::Candle;
    use proptest::prelude::*;

    fn market(data: MarketData) -> impl Fn((i64, u16)) -> Input {
        move |(at, instrument)| {
            let (at, instrument) = (Timestamp::from_us(at), InstrumentId(instrument));
            Input::Event(Event::Market(MarketEvent { at, instrument, data }))
        }
    }

    prop_compose! {
        fn quote()(n in prop::array::uniform4(any::<i64>())) -> MarketData {
            MarketData::Quote(Quote {
                bid: Ticks::new(n[0]), bid_size: Lots::new(n[1]),
                ask: Ticks::new(n[2]), ask_size: Lots::new(n[3]),
            })
        }
    }

    prop_compose! {
        fn print()(price in any::<i64>(), size in any::<i64>(), side in 0..3u8) -> MarketData {
            let aggressor = [None, Some(Side::Buy), Some(Side::Sell)][usize::from(side)];
            MarketData::Trade(Trade { price: Ticks::new(price), size: Lots::new(size), aggressor })
        }
    }

    fn input() -> impl Strategy<Value = Input> {
        let place = || (-4_000_000_000_000_000..4_000_000_000_000_000i64, any::<u16>());
        let words = "[ -~]{0,20}";
        prop_oneof![
            (quote(), place()).prop_map(|(data, place)| market(data)(place)),
            (print(), place()).prop_map(|(data, place)| market(data)(place)),
            Just(Input::Event(Event::Timer)),
            Just(Input::Event(Event::Drain)),
            (any::<i64>(), any::<i64>()).prop_map(|(at, price)| {
                let (open_at, price) = (Timestamp::from_us(at), Ticks::new(price));
                let (open, high, low, close) = (price, price, price, price);
                let candle = Candle { open_at, open, high, low, close, volume: Lots::new(at) };
                Input::WarmUp(InstrumentId(3), vec![candle; 2])
            }),
            words.prop_map(|reason| Input::Event(Event::SetHold(Hold {
                scope: None,
                code: HoldCode::Operator,
                level: Level::HardStop,
                reason,
                set_at: Timestamp::default(),
                until: None,
            }))),
            (words, any::<u32>()).prop_map(|(text, code)| {
                let reason = VenueReason { code, text: text.into() };
                Input::Event(Event::Report(ExecutionReport {
                    client_order_id: ClientOrderId::new("ibis-1-1").unwrap(),
                    at: Timestamp::from_us(1),
                    kind: ReportKind::Rejected(reason),
                }))
            }),
        ]
    }

    fn encode(inputs: &[(i64, Input)]) -> Vec<u8> {
        let mut encoder = Encoder::checked();
        encoder.header(&serde_json::json!({ "ibis_recording": 1 }), Timestamp::default());
        for (at, input) in inputs {
            encoder.input(input.as_ref(), Timestamp::from_us(*at));
            encoder.digest(2, &digest::of(b"x"));
        }
        encoder.bytes().to_vec()
    }

    fn check_of(bytes: &[u8]) -> Option<usize> {
        let mut check = Check::default();
        bytes
            .split_inclusive(|byte| *byte == b'\n')
            .position(|line| line.strip_suffix(b"\n").is_none_or(|line| !check.holds(line)))
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            inputs in prop::collection::vec((0..4_000_000_000_000_000i64, input()), 1..8)
        ) {
            let bytes = encode(&inputs);
            let mut now = Timestamp::default();
            let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').skip(1).step_by(2).collect();
            for ((at, input), line) in inputs.iter().zip(lines) {
                let Line::Input(then, found) = decode(line, now).unwrap() else {
                    panic!("no input: {}", String::from_utf8_lossy(line))
                };
                prop_assert_eq!((then.us(), &*found), (*at, input));
                now = then;
            }
            prop_assert_eq!(check_of(&bytes), None);
        }

        #[test]
        fn a_changed_byte_or_a_lost_line_is_found_where_it_is(
            inputs in prop::collection::vec((0..4_000_000i64, input()), 3..6),
            place in any::<prop::sample::Index>(), line in 0..5usize,
        ) {
            let bytes = encode(&inputs);
            let mut changed = bytes.clone();
            let at = place.index(bytes.len());
            prop_assume!(bytes[at] != b'\n');
            changed[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
            let of = bytes[..at].iter().filter(|byte| **byte == b'\n').count();
            // Half of a CRC-32: one change in 65,536 shows a line later.
            prop_assert!(check_of(&changed).is_some_and(|found| found == of || found == of + 1));
            let lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            let lost = [&lines[..line], &lines[line + 1..]].concat().concat();
            prop_assert!(check_of(&lost).is_some_and(|found| found <= line + 1));
        }
    }

    #[test]
    fn a_quote_takes_sixty_bytes() {
        let mut encoder = Encoder::checked();
        let quote = Quote {
            bid: Ticks::new(600_001),
            bid_size: Lots::new(1_234_567),
            ask: Ticks::new(600_002),
            ask_size: Lots::new(330_000),
        };
        let now = Timestamp::from_us(1_767_225_600_123_456);
        let at = Timestamp::from_us(now.us() - 45_210);
        encoder.header(&1, Timestamp::from_us(now.us() - 10_000));
        encoder.clear();
        let input = market(MarketData::Quote(quote))((at.us(), 12));
        encoder.input(input.as_ref(), now);
        let line = String::from_utf8_lossy(encoder.bytes()).into_owned();
        assert!(line.len() <= 60, "{} bytes: {line}", line.len());
        assert!(line.starts_with("[\"q\",10000,45210,12,600001,1234567,600002,330000,"), "{line}");
    }
}
