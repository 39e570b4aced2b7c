//! What the black box costs: nanoseconds an input on the trading thread, bytes an input on the disk,
//! and how fast a recording runs again.
//!
//! The same seeded market goes through the engine without and with a recorder, in turns; the
//! difference is the recorder's. Flushed every 50 inputs, as a busy turn would be.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "a benchmark reads the clock and prints rates"
)]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use ibis::domain::time::Timestamp;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::reconcile::Known;
use ibis::market::Synthetic;
use ibis::recorder::header::{BeginRef, Fresh};
use ibis::recorder::pack::Limits;
use ibis::recorder::recorded_engine::RecordedEngine;
use ibis::recorder::recording::{Origin, Recorder, Settings};
use ibis::recorder::replay::Replayer;
use ibis::recorder::{listing, pack, reader};

const INPUTS: usize = 1_000_000;
const ROUNDS: usize = 5;
const TURN: usize = 50;

fn main() {
    let directory =
        std::env::temp_dir().join(format!("ibis-bench-recorder-{}", std::process::id()));
    let start = Timestamp::from_ms(1_767_225_600_000);
    let mut market = Synthetic::new(7, start);
    let fresh = Fresh {
        settings: support::settings((5, 20), 100, true),
        instruments: market.instruments().to_vec(),
        traded: Vec::new(),
    };
    let events: Vec<_> = (0..INPUTS).map(|_| market.next()).collect();
    let (mut alone, mut recorded) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(run(&fresh, None, &events));
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(&directory).unwrap();
        recorded.push(run(&fresh, Some(recorder(&directory, &fresh, start)), &events));
    }
    let (alone, recorded) = (median(alone), median(recorded));
    println!("{:40} {alone:>12.0} ns an input", "engine alone");
    println!("{:40} {recorded:>12.0} ns an input", "engine, recorded and written");
    println!("{:40} {:>12.0} ns an input", "the recorder", recorded - alone);
    sizes(&directory);
    checkpoint(&fresh);
    std::fs::remove_dir_all(&directory).unwrap();
}

fn recorder(directory: &Path, fresh: &Fresh, at: Timestamp) -> Recorder {
    let limits = Limits { age_max: Duration::from_secs(86_400), bytes_max: 1 << 40 };
    let settings = Settings {
        state_dir: directory.to_owned(),
        segment_bytes: 1 << 40,
        segment_age: Duration::from_secs(86_400),
        disk_free_min: 0,
        limits,
    };
    Recorder::new(settings, Origin { run: 1, began: at, seq: 0, at }, fresh)
}

/// Nanoseconds an input.
fn run(
    fresh: &Fresh,
    recorder: Option<Recorder>,
    events: &[ibis::domain::market_data::MarketEvent],
) -> f64 {
    let mut engine = RecordedEngine::new(fresh.engine().unwrap(), recorder);
    let mut actions: Vec<Action> = Vec::new();
    engine.restore(Known::default(), events[0].at, &mut actions);
    let began = Instant::now();
    for (number, event) in events.iter().enumerate() {
        engine.step(&Event::Market(*event), event.at, &mut actions);
        actions.clear();
        if number % TURN == 0 {
            engine.flush();
        }
    }
    engine.finish();
    began.elapsed().as_secs_f64() * 1e9 / events.len() as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn sizes(directory: &Path) {
    let bytes = |of: &[listing::File]| of.iter().map(|file| file.bytes).sum::<u64>() as f64;
    let plain = bytes(&listing::files(directory).unwrap());
    let began = Instant::now();
    pack::pack_all(directory, None).unwrap();
    let took = began.elapsed().as_secs_f64();
    let files = listing::files(directory).unwrap();
    let (inputs, packed) = (INPUTS as f64, bytes(&files));
    println!("{:40} {:>12.1} bytes an input", "a segment, as written", plain / inputs);
    println!("{:40} {:>12.1} bytes an input", "the same, compressed", packed / inputs);
    println!("{:40} {:>12.1} MB/s", "compressing, on a thread of its own", plain / took / 1e6);
    let began = Instant::now();
    let mut count = 0;
    for file in files {
        let (header, mut reader) = reader::open(&file.path).unwrap().unwrap();
        let mut replayer = Replayer::new(header, &reader).unwrap();
        replayer.run(&mut reader, &mut |_, _| Ok(())).unwrap();
        count += replayer.inputs;
    }
    let rate = count as f64 / began.elapsed().as_secs_f64();
    println!("{:40} {rate:>12.0} inputs a second", "replay, every action compared");
}

fn checkpoint(fresh: &Fresh) {
    let engine = fresh.engine().unwrap();
    let began = Instant::now();
    let mut bytes = 0;
    for _ in 0..100 {
        bytes = serde_json::to_vec(&BeginRef::State(&engine)).unwrap().len();
    }
    let took = began.elapsed().as_secs_f64() * 1e6 / 100.0;
    let instruments = fresh.instruments.len();
    println!(
        "{:40} {took:>12.0} us, {bytes} bytes",
        format!("a checkpoint, {instruments} instruments")
    );
}
