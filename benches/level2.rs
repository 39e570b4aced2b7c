//! How fast numbered book changes come in: frame text to a book in step, messages a second.
//!
//! `cargo bench --bench level2`. Replays the recorded session of `$IBIS_SHARED_DATA/market`, or of
//! `../shared/data/market`; where it is absent, a generated one. Rates are per second of processor
//! time of the one thread. Then ten million messages go through, and the memory must not have grown.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and its environment")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use flate2::read::MultiGzDecoder;
use ibis::domain::decimal::Decimal;
use ibis::domain::identifier::InstrumentId;
use ibis::domain::instrument::{FeeClass, Instrument, InstrumentSpec};
use ibis::domain::market_data::{MarketData, Quote};
use ibis::domain::symbol::Symbol;
use ibis::market::kucoin::{Book, Calibration, Decoder, Fate, Sink, Snapshot, Word};
use ibis::market::{Lane, Replay};
use serde_json::Value;

type Error = Box<dyn std::error::Error>;

/// Messages that must leave the memory as it is.
const MESSAGES: u64 = 10_000_000;
/// Messages per measured rate.
const MEASURED: u64 = 2_000_000;
/// Symbols and messages of the generated session.
const GENERATED: (usize, usize) = (4, 20_000);

/// A session: the instruments, a book of each, and frames.
struct Session {
    name: &'static str,
    instruments: Vec<Instrument>,
    books: Vec<Snapshot>,
    frames: Vec<String>,
}

fn main() -> Result<(), Error> {
    let session = recorded()?.map_or_else(generated, Ok)?;
    let bytes: usize = session.frames.iter().map(String::len).sum();
    let count = session.frames.len();
    println!("{}: {count} frames of {} bytes on average", session.name, bytes / count.max(1));
    println!("{:<44} {:>12} {:>10}", "what", "per second", "ns each");
    let spaced: Vec<String> = session.frames.iter().map(|frame| format!(" {frame}")).collect();
    let mut run = Run::new(&session);
    run.decode("decode, one pass", &session.frames)?;
    run.decode("decode, by shapes", &spaced)?;
    run.measure("decode, calibrate, apply", &session.frames, MEASURED)?;
    run.measure("decode by shapes, calibrate, apply", &spaced, MEASURED / 2)?;
    let before = memory();
    run.measure("the same, ten million messages", &session.frames, MESSAGES)?;
    println!("{}", run.tally);
    println!("memory in KiB before: {before}, after: {}", memory());
    Ok(())
}

/// The parts at work.
struct Run<'s> {
    session: &'s Session,
    decoder: Decoder,
    desks: Vec<Desk>,
    tally: Tally,
}

/// One instrument's book in step.
#[derive(Default)]
struct Desk {
    calibration: Calibration,
    kept: Kept,
}

#[derive(Default)]
struct Kept {
    book: Book,
    top: Option<Quote>,
}

impl Sink for Kept {
    fn say(&mut self, data: MarketData) {
        self.book.apply(&data);
    }

    fn note(&mut self, _: usize, _: Fate) {}
}

#[derive(Default)]
struct Tally {
    applied: u64,
    contained: u64,
    gaps: u64,
    tops: u64,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { applied, contained, gaps, tops } = self;
        write!(
            f,
            "{applied} applied, {contained} in the book already, {gaps} gaps, {tops} new tops"
        )
    }
}

impl<'s> Run<'s> {
    fn new(session: &'s Session) -> Self {
        let desks = session.instruments.iter().map(|_| Desk::default()).collect();
        Self {
            session,
            decoder: Decoder::new(lanes(&session.instruments)),
            desks,
            tally: Tally::default(),
        }
    }

    fn decode(&mut self, what: &str, frames: &[String]) -> Result<(), Error> {
        let (mut levels, mut done) = (0, 0);
        let stopwatch = Stopwatch::start();
        while done < MEASURED {
            for frame in frames {
                if let Some(push) = self.decoder.decode(frame)?
                    && let Word::Update(update) = push.word
                {
                    levels += update.levels.len();
                }
            }
            done += frames.len() as u64;
        }
        report(what, done, stopwatch.nanos());
        assert!(levels > 0, "no level was read");
        Ok(())
    }

    /// Rounds of the session, each from its books on; only the frames are timed.
    fn measure(&mut self, what: &str, frames: &[String], messages: u64) -> Result<(), Error> {
        let (mut done, mut nanos) = (0, 0);
        while done < messages {
            for (desk, book) in self.desks.iter_mut().zip(&self.session.books) {
                desk.calibration.restart(&mut desk.kept);
                desk.calibration.snapshot(book.sequence, &book.levels, &mut desk.kept);
            }
            let stopwatch = Stopwatch::start();
            for frame in frames {
                self.take(frame)?;
            }
            nanos += stopwatch.nanos();
            done += frames.len() as u64;
        }
        report(what, done, nanos);
        Ok(())
    }

    #[inline]
    fn take(&mut self, frame: &str) -> Result<(), Error> {
        let Some(push) = self.decoder.decode(frame)? else { return Ok(()) };
        let (Word::Update(update), Some(desk)) =
            (push.word, self.desks.get_mut(push.instrument.index()))
        else {
            return Ok(());
        };
        match desk.calibration.update(0, update, &mut desk.kept) {
            Fate::Applied => self.tally.applied += 1,
            Fate::Duplicate => self.tally.contained += 1,
            Fate::Gap | Fate::Waiting | Fate::Unsynced => self.tally.gaps += 1,
        }
        let top = desk.kept.book.top();
        if top != desk.kept.top {
            desk.kept.top = top;
            self.tally.tops += 1;
        }
        Ok(())
    }
}

fn report(what: &str, done: u64, nanos: u128) {
    let rate = u128::from(done) * 1_000_000_000 / nanos.max(1);
    println!("{what:<44} {rate:>12} {:>10}", nanos / u128::from(done.max(1)));
}

fn lanes(instruments: &[Instrument]) -> BTreeMap<String, Lane> {
    let lane = |(index, instrument): (usize, &Instrument)| {
        let id = InstrumentId(u16::try_from(index).ok()?);
        Some((instrument.symbol().to_string(), Lane::new(id, instrument)?))
    };
    instruments.iter().enumerate().filter_map(lane).collect()
}

/// The recorded session, where it is.
fn recorded() -> Result<Option<Session>, Error> {
    let shared = std::env::var_os("IBIS_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")),
        PathBuf::from,
    );
    let market = shared.join("market");
    let (rest, frames) =
        (market.join("kucoin_rest_20210425.jsonl.gz"), market.join("kucoin_ws_20210425.jsonl.gz"));
    if !rest.is_file() || !frames.is_file() {
        println!("no recording under {}: a generated session instead", market.display());
        return Ok(None);
    }
    let instruments = Replay::open(&[&rest])?.instruments().to_vec();
    let mut answers = Vec::new();
    for line in unzip(&rest)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        let path = line["path"].as_str().unwrap_or_default();
        if let Some((_, symbol)) = path.split_once("level2?symbol=") {
            answers.push((symbol.to_owned(), line["msg"]["data"].to_string()));
        }
    }
    let frames = unzip(&frames)?;
    let frames = frames.lines().filter_map(|line| {
        let frame = line.split_once("\"msg\":")?.1.strip_suffix('}')?;
        frame.contains("/market/level2:").then(|| frame.to_owned())
    });
    Ok(Some(Session {
        name: "recorded session",
        books: books(&answers, &instruments)?,
        frames: frames.collect(),
        instruments,
    }))
}

fn books(answers: &[(String, String)], instruments: &[Instrument]) -> Result<Vec<Snapshot>, Error> {
    let lanes = lanes(instruments);
    let book = |(symbol, data): &(String, String)| -> Result<Snapshot, Error> {
        Ok(Snapshot::parse(data, lanes.get(symbol).ok_or("no lane")?)?)
    };
    answers.iter().map(book).collect()
}

/// A pair of the generated session.
fn instrument(symbol: &str) -> Result<Instrument, Error> {
    let lot = Decimal::parse("0.00000001")?;
    Ok(Instrument::new(InstrumentSpec {
        symbol: Symbol::new(symbol)?,
        tick: Decimal::parse("0.1")?,
        lot,
        quantity_min: lot,
        quantity_max: lot.times(1_000_000_000_000),
        notional_min: Decimal::parse("0.1")?,
        fee_class: FeeClass::A,
        maker_fee: FeeClass::A.rate(),
        taker_fee: FeeClass::A.rate(),
    })?)
}

fn unzip(path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    MultiGzDecoder::new(std::fs::File::open(path)?).read_to_string(&mut text)?;
    Ok(text)
}

/// Random changes near the touch of a few books, in the venue's spelling.
fn generated() -> Result<Session, Error> {
    let (symbols, messages) = GENERATED;
    let (mut instruments, mut answers) = (Vec::new(), Vec::new());
    for index in 0..symbols {
        let symbol = format!("GEN{index}-USDT");
        instruments.push(instrument(&symbol)?);
        let side = |first: i64, step: i64| {
            let row = |level: i64| [format!("{}.5", first + step * level), "1.5".to_owned()];
            (0..500).map(row).collect::<Vec<_>>()
        };
        let book = serde_json::json!({"sequence": "100", "bids": side(59_999, -1), "asks": side(60_001, 1)});
        answers.push((symbol, book.to_string()));
    }
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let frame = |message: usize| {
        let (symbol, sequence) = (message % symbols, 101 + message / symbols);
        let (level, size) = (next(40), next(3));
        let row = |price: u64| format!(r#"["{price}.5","0.{size}","{sequence}"]"#);
        let (asks, bids) = if next(2) == 0 {
            (row(60_001 + level), String::new())
        } else {
            (String::new(), row(59_999 - level))
        };
        format!(
            r#"{{"topic":"/market/level2:GEN{symbol}-USDT","type":"message","subject":"trade.l2update","data":{{"changes":{{"asks":[{asks}],"bids":[{bids}]}},"sequenceEnd":{sequence},"sequenceStart":{sequence},"symbol":"GEN{symbol}-USDT","time":1729816425625}}}}"#
        )
    };
    let frames = (0..messages).map(frame).collect();
    Ok(Session {
        name: "generated session",
        books: books(&answers, &instruments)?,
        frames,
        instruments,
    })
}

/// Resident memory now and at its highest.
fn memory() -> String {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.map_or("unknown", |line| line.trim_matches([':', ' ', '\t', 'k', 'B']))
    };
    format!("{} resident, {} at the highest", of("VmRSS"), of("VmHWM"))
}

/// Processor time of this thread, or the wall clock's where the kernel does not tell.
struct Stopwatch {
    wall: Instant,
    processor: Option<u128>,
}

impl Stopwatch {
    fn start() -> Self {
        Self { wall: Instant::now(), processor: processor_nanos() }
    }

    fn nanos(&self) -> u128 {
        let processor = processor_nanos().zip(self.processor).map(|(now, then)| now - then);
        processor.unwrap_or_else(|| self.wall.elapsed().as_nanos()).max(1)
    }
}

/// The first number of `/proc/thread-self/schedstat`: nanoseconds on the processor.
fn processor_nanos() -> Option<u128> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().filter(|&nanos| nanos > 0)
}
