//! Writes a recording while the agent trades.
//!
//! Lines collect in memory; at each flush they go to the kernel with one write(2), before the ledger
//! is handed what followed from them: kill -9 loses no input whose consequences are on disk. Nothing
//! is synced here. Where a write fails, recording stops, says so once and tries again a minute later
//! with a new segment; trading goes on.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use super::digest;
use super::header::{BeginRef, FORMAT, Fresh, Header};
use super::input::InputRef;
use super::line::Encoder;
use super::pack;
pub use super::pack::Limits;
use super::{DIRECTORY, listing};
use crate::clock;
use crate::domain::time::Timestamp;
use crate::engine::Engine;
use crate::engine::action::Action;

/// Lines beyond this are written in the middle of a turn, in bytes.
const BUFFER_BYTES_MAX: usize = 256 * 1024;
/// After a failed write the next attempt waits this long.
const RETRY_AFTER: Duration = Duration::from_secs(60);
/// Free space of the disk is looked at again after this many bytes written.
const LOOK_AGAIN_BYTES: u64 = 1 << 20;

/// How to record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Whose.
    pub state_dir: PathBuf,
    /// A segment is closed at this size.
    pub segment_bytes: u64,
    /// A segment is closed at this age.
    pub segment_age: Duration,
    /// Below this much free space nothing is recorded: the ledger needs the disk more.
    pub disk_free_min: u64,
    /// How much is kept.
    pub limits: Limits,
}

/// Which start of the agent is recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// Its number.
    pub run: u32,
    /// When it began, by the wall.
    pub began: Timestamp,
    /// The ledger's newest event then.
    pub seq: i64,
    /// The engine's clock then.
    pub at: Timestamp,
}

/// The recording of one run.
#[derive(Debug)]
pub struct Recorder {
    settings: Settings,
    origin: Origin,
    /// The engine's clock at the last input.
    now: Timestamp,
    encoder: Encoder,
    scratch: Vec<u8>,
    state: State,
    segments: u32,
    number: u32,
    /// Inputs whose lines wait to be written.
    pending: u64,
    /// Inputs that are on no record.
    lost: u64,
    /// A failure was told, and no segment went well since.
    told: bool,
    failures: u64,
    worker: Option<Sender<u32>>,
}

/// Where the lines go.
#[derive(Debug)]
enum State {
    /// The first segment's file comes with the first flush: a start that is refused leaves nothing.
    Starting,
    Open(Open),
    /// Nowhere until then, by the monotonic clock.
    Waiting(Duration),
}

#[derive(Debug)]
struct Open {
    file: fs::File,
    path: PathBuf,
    opened: Duration,
    bytes: u64,
    look_at: u64,
}

impl Recorder {
    /// A recorder for a run that begins with `fresh`. Nothing is on disk before the first flush.
    pub fn new(settings: Settings, origin: Origin, fresh: &Fresh) -> Self {
        let mut recorder = Self {
            settings,
            now: origin.at,
            origin,
            encoder: Encoder::checked(),
            scratch: Vec::new(),
            state: State::Starting,
            segments: 0,
            number: 0,
            pending: 0,
            lost: 0,
            told: false,
            failures: 0,
            worker: None,
        };
        let header = recorder.header(0, BeginRef::Fresh(fresh));
        recorder.encoder.header(&header, recorder.now);
        recorder
    }

    /// An input is about to be told to the engine.
    pub fn input(&mut self, input: InputRef<'_>, now: Timestamp) {
        self.now = now;
        match self.state {
            State::Starting | State::Open(_) => {
                self.pending += 1;
                self.encoder.input(input, now);
            }
            State::Waiting(_) => self.lost += 1,
        }
    }

    /// What the engine did at it, if it did anything.
    pub fn actions(&mut self, actions: &[Action]) {
        if actions.is_empty() || matches!(self.state, State::Waiting(_)) {
            return;
        }
        let digest = digest::of_actions(actions, &mut self.scratch);
        self.encoder.digest(actions.len(), &digest);
        if self.encoder.bytes().len() > BUFFER_BYTES_MAX {
            self.write();
        }
    }

    /// Writes what has collected; `engine` is as it is after the last input.
    pub fn flush(&mut self, engine: &Engine) {
        if !self.encoder.bytes().is_empty() {
            self.write();
        }
        let now = clock::monotonic();
        match &self.state {
            State::Starting => {}
            State::Open(open) => {
                let age = now.saturating_sub(open.opened);
                let is_full =
                    open.bytes >= self.settings.segment_bytes || age >= self.settings.segment_age;
                if is_full && self.close(engine) {
                    self.open(Some(engine));
                }
            }
            State::Waiting(until) if now >= *until => self.open(Some(engine)),
            State::Waiting(_) => {}
        }
    }

    /// The last flush: the segment ends with the run.
    pub fn finish(&mut self, engine: &Engine) {
        self.flush(engine);
        if matches!(self.state, State::Open(_)) {
            self.close(engine);
        }
        self.state = State::Waiting(Duration::MAX);
    }

    /// Inputs that are on no record, and failed attempts to write.
    pub fn lost(&self) -> (u64, u64) {
        (self.lost, self.failures)
    }

    fn header<'a>(&self, inputs: u64, engine: BeginRef<'a>) -> Header<BeginRef<'a>> {
        Header {
            ibis_recording: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            run: self.origin.run,
            began: self.origin.began,
            segment: self.segments,
            seq: self.origin.seq,
            inputs,
            at: self.now,
            note: None,
            expect: None,
            engine,
        }
    }

    fn write(&mut self) {
        if matches!(self.state, State::Starting) {
            self.open(None);
        }
        let State::Open(open) = &mut self.state else { return };
        let bytes = self.encoder.bytes();
        let written = open.write(bytes, &self.settings);
        self.encoder.clear();
        match written {
            Ok(()) => self.pending = 0,
            Err(error) => {
                let path = open.path.clone();
                self.fail(&path, &error);
            }
        }
    }

    /// Writes the end line; false where that failed.
    fn close(&mut self, engine: &Engine) -> bool {
        self.encoder.end(engine.inputs(), &digest::of_engine(engine));
        self.write();
        let closed = matches!(self.state, State::Open(_));
        if closed {
            self.told = false;
            self.state = State::Waiting(Duration::MAX);
        }
        closed
    }

    /// Opens the next segment; with an engine it begins there, else with the lines that wait.
    fn open(&mut self, engine: Option<&Engine>) {
        match self.create() {
            Ok((file, path)) => {
                self.tidy();
                let opened = clock::monotonic();
                self.state = State::Open(Open { file, path, opened, bytes: 0, look_at: 0 });
                if let Some(engine) = engine {
                    let header = self.header(engine.inputs(), BeginRef::State(engine));
                    self.encoder = Encoder::checked();
                    self.encoder.header(&header, self.now);
                    self.write();
                }
                self.segments += 1;
            }
            Err((path, error)) => self.fail(&path, &error),
        }
    }

    fn create(&mut self) -> Result<(fs::File, PathBuf), (PathBuf, io::Error)> {
        let day = self.now.to_string().chars().take(10).collect::<String>();
        let directory = self.settings.state_dir.join(DIRECTORY).join(day);
        fs::create_dir_all(&directory).map_err(|error| (directory.clone(), error))?;
        loop {
            self.number += 1;
            let path = directory.join(listing::name(self.origin.run, self.number));
            let packed = listing::packed(&path);
            match fs::File::options().append(true).create_new(true).open(&path) {
                Ok(file) if !packed.exists() => return Ok((file, path)),
                // A restored ledger counts its runs again: what is there stays.
                Ok(_) => drop(fs::remove_file(&path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err((path, error)),
            }
        }
    }

    fn fail(&mut self, path: &Path, error: &io::Error) {
        if !std::mem::replace(&mut self.told, true) {
            log::warn!("{}: recording stops, trading goes on: {error}", path.display());
        }
        self.failures += 1;
        self.lost += std::mem::take(&mut self.pending);
        self.encoder.clear();
        self.state = State::Waiting(clock::monotonic() + RETRY_AFTER);
    }

    /// Has what is closed compressed and bounded, by a thread of its own.
    fn tidy(&mut self) {
        if self.worker.is_none() {
            self.worker = start_worker(self.settings.clone(), self.origin.run);
        }
        if let Some(worker) = &self.worker {
            // A worker that died has said why.
            worker.send(self.number).ok();
        }
    }
}

impl Open {
    fn write(&mut self, bytes: &[u8], settings: &Settings) -> io::Result<()> {
        if self.bytes >= self.look_at {
            self.look_at = self.bytes + LOOK_AGAIN_BYTES;
            let disk = rustix::fs::fstatvfs(&self.file)?;
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            if free < settings.disk_free_min {
                let why = format!("{free} bytes free on the disk, see recorder.disk_free_min");
                return Err(io::Error::new(io::ErrorKind::StorageFull, why));
            }
        }
        self.file.write_all(bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

fn start_worker(settings: Settings, run: u32) -> Option<Sender<u32>> {
    let (sender, receiver) = channel::<u32>();
    let work = move || {
        while let Ok(number) = receiver.recv() {
            let now = clock::wall_now();
            if let Err(error) =
                pack::tidy(&settings.state_dir, Some((run, number)), &settings.limits, now)
            {
                let path = settings.state_dir.join(DIRECTORY);
                log::warn!("{}: closed segments are not tidied: {error}", path.display());
            }
        }
    };
    let started = std::thread::Builder::new().name("recorder".to_owned()).spawn(work);
    started.inspect_err(|error| log::warn!("recordings are not compressed: {error}")).ok()?;
    Some(sender)
}
