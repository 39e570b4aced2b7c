//! Public market data as the venue sends it: official samples, worked cases, a recorded session.

mod against_exchange;
mod level2_cases;
mod public_pushes;
mod recorded_books;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use ibis::domain::decimal::Decimal;
use ibis::domain::identifier::InstrumentId;
use ibis::domain::instrument::{FeeClass, Instrument, InstrumentSpec};
use ibis::domain::symbol::Symbol;
use ibis::market::Lane;
use ibis::market::kucoin::Decoder;
use serde_json::Value;

use crate::support::shared_data;

/// Samples of the venue's messages by file name, where they are.
fn fixtures(directory: &str) -> Option<Vec<(String, Value)>> {
    let directory = shared_data()?.join("kucoin-fixtures").join(directory);
    let Ok(files) = fs::read_dir(&directory) else {
        println!("skipped: no samples at {}", directory.display());
        return None;
    };
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    };
    Some(paths.iter().map(read).collect())
}

/// An instrument of a tick and a lot.
fn instrument(symbol: &str, tick: &str, lot: &str) -> Instrument {
    let decimal = |text: &str| Decimal::parse(text).unwrap();
    let lot = decimal(lot);
    Instrument::new(InstrumentSpec {
        symbol: Symbol::new(symbol).unwrap(),
        tick: decimal(tick),
        lot,
        quantity_min: lot,
        quantity_max: lot.times(1_000_000_000_000),
        notional_min: Decimal::ONE,
        fee_class: FeeClass::A,
        maker_fee: FeeClass::A.rate(),
        taker_fee: FeeClass::A.rate(),
    })
    .unwrap()
}

fn lanes(instruments: &[Instrument]) -> BTreeMap<String, Lane> {
    let ids = (0..).map(InstrumentId);
    let lane = |(id, instrument): (InstrumentId, &Instrument)| {
        (instrument.symbol().to_string(), Lane::new(id, instrument).unwrap())
    };
    ids.zip(instruments).map(lane).collect()
}

fn decoder(instruments: &[Instrument]) -> Decoder {
    Decoder::new(lanes(instruments))
}
