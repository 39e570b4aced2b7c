//! The black box in one process: cases, checkpoints, segments that a disk refuses.

mod drive;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use ibis::domain::time::Timestamp;
use ibis::engine::Engine;
use ibis::ops::replay::case;
use ibis::recorder::header::{Begin, BeginRef};
use ibis::recorder::pack::Limits;
use ibis::recorder::reader;
use ibis::recorder::recording::{Origin, Recorder, Settings};
use ibis::recorder::replay::{End, Replayer, Stop};
use proptest::prelude::*;

use crate::support::repository;
use drive::{World, fresh};

/// Every incident that became a case goes on as it should.
#[test]
fn every_case_of_the_repository_reproduces() {
    let mut names = Vec::new();
    for entry in fs::read_dir(repository().join("tests/replays")).unwrap() {
        let path = entry.unwrap().path();
        let report = case::run(&path).unwrap_or_else(|error| panic!("{error}"));
        assert!(report.reproduced && report.actions > 0, "{}: {report}", path.display());
        names.push(path.file_stem().unwrap().to_str().unwrap().to_owned());
    }
    assert!(names.len() >= 3, "{names:?}");
}

#[test]
fn a_case_with_another_outcome_says_at_which_input() {
    let place = Place::new("other");
    let path = repository().join("tests/replays/stop_loss_in_two_exits.jsonl");
    let text = fs::read_to_string(path).unwrap();
    // The bid that reached the stop did not.
    assert!(text.contains("[\"q\",1000000,0,0,588000,"));
    let other = place.path.join("other.jsonl");
    fs::write(&other, text.replacen(",588000,500000,588001,", ",589000,500000,589001,", 1))
        .unwrap();
    let report = case::run(&other).unwrap();
    let departure = report.difference.as_ref().unwrap();
    assert_eq!((report.reproduced, departure.input), (false, 13), "{report}");
    assert!(departure.expected.contains("stop_loss") && departure.produced == "[]", "{report}");
    assert!(departure.place.contains("other.jsonl line 20"), "{report}");
    // Where only the invariants are promised: the venue's fills of an order that was never sent
    // take what another one holds.
    let text = fs::read_to_string(&other).unwrap().replacen("\"same\"", "\"invariants\"", 1);
    fs::write(&other, text).unwrap();
    let report = case::run(&other).unwrap();
    assert!(report.difference.is_none() && report.violations > 0, "{report}");
    assert!(report.first_violations[0].contains("sells_what_is_held ibis-3-2"), "{report}");
}

#[test]
fn an_accepted_case_promises_what_is_done_now() {
    let place = Place::new("accepted");
    let path = repository().join("tests/replays/partial_fill_cancel_race.jsonl");
    let text = fs::read_to_string(path).unwrap();
    let other = place.path.join("other.jsonl");
    // The bid that reached the target did not.
    assert!(text.contains(",619100,500000,619101,"));
    let text = text.replacen(",619100,500000,619101,", ",610000,500000,610001,", 1);
    fs::write(&other, &text).unwrap();
    assert!(!case::run(&other).unwrap().reproduced);
    fs::write(&other, text.replacen("\"same\"", "\"invariants\"", 1)).unwrap();
    assert!(case::run(&other).unwrap().reproduced, "whatever is done, no invariant breaks");
    fs::write(&other, text).unwrap();
    assert!(case::accept(&other).unwrap().reproduced);
    assert!(case::run(&other).unwrap().reproduced);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// A checkpoint is the engine: read back it is equal, and it goes on as the engine does.
    #[test]
    fn an_engine_written_out_and_read_back_is_the_same(seed in 0..1_000u64, steps in 1..20_000usize) {
        let mut world = World::new(seed, None);
        world.run(steps);
        let engine: &Engine = &world.engine;
        let text = serde_json::to_string(&BeginRef::State(engine)).unwrap();
        let begin: Begin = serde_json::from_str(&text).unwrap();
        let mut copy = begin.engine().unwrap();
        prop_assert_eq!(&copy, engine);
        let mut both = world.fork(2_000);
        for (event, now, expected) in both.drain(..) {
            let mut actions = Vec::new();
            copy.step(&event, now, &mut actions);
            prop_assert_eq!(actions, expected);
        }
    }
}

/// A directory that is gone afterwards.
struct Place {
    path: PathBuf,
}

impl Place {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("recorder-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self { path }
    }

    fn recorder(&self, segment_bytes: u64) -> Recorder {
        let limits = Limits { age_max: Duration::from_secs(3_600), bytes_max: 1 << 30 };
        let settings = Settings {
            state_dir: self.path.clone(),
            segment_bytes,
            segment_age: Duration::from_secs(3_600),
            disk_free_min: 0,
            limits,
        };
        let origin = Origin { run: 1, began: Timestamp::from_us(1), seq: 0, at: drive::start() };
        Recorder::new(settings, origin, &fresh(7))
    }

    /// Replays every segment; their number, and the inputs of all.
    fn replay(&self) -> (usize, u64) {
        let mut inputs = 0;
        let files = ibis::recorder::listing::files(&self.path).unwrap();
        for file in &files {
            let (header, mut reader) = reader::open(&file.path).unwrap().unwrap();
            let mut replayer = Replayer::new(header, &reader).unwrap();
            let end = replayer.run(&mut reader, &mut |_, _| Ok(()));
            assert_eq!(end, Ok::<_, Stop>(End::Closed), "{}", file.path.display());
            assert_eq!(replayer.violations, []);
            inputs += replayer.inputs;
        }
        (files.len(), inputs)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A leftover under target/ harms nobody.
        fs::remove_dir_all(&self.path).ok();
    }
}

#[test]
fn each_segment_replays_from_itself() {
    let place = Place::new("segments");
    let mut world = World::new(7, Some(place.recorder(200_000)));
    world.run(30_000);
    world.engine.finish();
    let (segments, inputs) = place.replay();
    assert!(segments >= 5, "{segments}");
    assert_eq!(inputs, world.engine.inputs());
}

#[test]
fn nothing_is_on_disk_before_the_first_flush() {
    let place = Place::new("nothing");
    let world = World::new(7, Some(place.recorder(200_000)));
    assert!(world.engine.inputs() > 0);
    drop(world);
    assert_eq!(place.replay(), (0, 0), "a start that is refused leaves nothing");
}

#[test]
fn a_disk_that_refuses_changes_no_action() {
    let place = Place::new("refused");
    fs::write(place.path.join("recorder"), "in the way").unwrap();
    let mut refused = World::new(7, Some(place.recorder(200_000)));
    let mut alone = World::new(7, None);
    refused.run(5_000);
    alone.run(5_000);
    refused.engine.finish();
    assert_eq!(*refused.engine, *alone.engine);
    assert_eq!(fs::read_to_string(place.path.join("recorder")).unwrap(), "in the way");
}
