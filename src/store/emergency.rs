//! The emergency journal: what the ledger cannot take is written beside it, so that a position can be
//! closed while the disk refuses.
//!
//! Before an exit is sent, everything that waits for the ledger's writer goes into `emergency.wal` as
//! one frame: a [`FrameFile`] in the state directory, whose blocks were allocated at the start and are
//! written in place where the disk is full. Where that directory refuses (read-only, I/O error, no
//! answer within a second) the frame goes to a file in the runtime directory, which outlives the
//! process, not the machine. Once the ledger has caught up the journal is emptied.
//!
//! **Exactly once**: a frame says after which event of the hash chain it begins. [`take_in`], at every
//! start before anything else, writes the events that the ledger does not have; a frame that begins
//! beyond its last event (an older backup was restored) is moved aside for a person, and the venue
//! is asked as ever.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use serde::{Deserialize, Serialize};

use super::chain;
use super::emergency_line::Line;
use super::writer::{Batch, Entry, write_entries};
use crate::domain::time::Timestamp;
use crate::durable::database_home::move_aside;
use crate::durable::frame_file::{self, FrameFile};
use crate::durable::group_commit::{Pending, Ticket};

/// The file's name, in the state directory and in the runtime directory.
const NAME: &str = "emergency.wal";
/// How long the state directory's disk may take for a frame.
const ANSWER_MAX: Duration = Duration::from_secs(1);

/// Where the journal of a state directory is, and where it is when that directory refuses.
fn paths(state_dir: &Path, runtime_dir: Option<&Path>) -> [Option<PathBuf>; 2] {
    [Some(state_dir.join(NAME)), runtime_dir.map(|directory| directory.join(NAME))]
}

/// What waits for the ledger, as one frame.
#[derive(Serialize, Deserialize)]
struct Frame {
    /// The last event before it.
    start: i64,
    /// The engine's clock.
    at: Timestamp,
    entries: Vec<Line>,
}

impl Frame {
    fn events(&self) -> i64 {
        let facts = self.entries.iter().filter(|line| line.is_fact()).count();
        i64::try_from(facts).unwrap_or(i64::MAX)
    }

    /// The entries behind the first `events` facts.
    fn after(self, events: i64) -> Vec<Entry> {
        let mut left = events;
        let lines = self.entries.into_iter().skip_while(move |line| {
            let skipped = left > 0;
            left -= i64::from(skipped && line.is_fact());
            skipped
        });
        lines.filter_map(Line::into_entry).collect()
    }
}

/// The journal of a running agent.
#[derive(Debug)]
pub struct Emergency {
    /// The file in the state directory, written by a thread of its own: its disk may not answer.
    state: Option<Keeper>,
    runtime: Option<PathBuf>,
    fallback: Option<FrameFile>,
    /// Everything up to here is in the ledger or in the journal.
    upto: Ticket,
    is_empty: bool,
}

impl Emergency {
    /// Opens the journal, allocating it where it is new. Where the state directory refuses that, the
    /// runtime directory has to do.
    pub fn open(state_dir: &Path, runtime_dir: Option<&Path>) -> Self {
        let [state, runtime] = paths(state_dir, runtime_dir);
        let state = state.and_then(|path| {
            let opened = FrameFile::open(&path).and_then(Keeper::start);
            let say =
                |error: &io::Error| log::warn!("{}: no emergency journal: {error}", path.display());
            opened.inspect_err(say).ok()
        });
        Self { state, runtime, fallback: None, upto: Ticket::default(), is_empty: true }
    }

    /// Writes down what is pending and not written down yet, durably.
    pub fn keep(&mut self, pending: &Pending<Batch>) -> Result<(), String> {
        let (kept, new): (Vec<_>, Vec<_>) =
            pending.items.iter().partition(|(ticket, _)| *ticket <= self.upto);
        let facts = |batch: &Batch| {
            batch.entries.iter().filter(|entry| matches!(entry, Entry::Fact(_))).count()
        };
        let before: usize = kept.iter().map(|(_, batch)| facts(batch)).sum();
        let Some((last, newest)) = new.last() else { return Ok(()) };
        let entries = new.iter().flat_map(|(_, batch)| batch.entries.iter());
        let frame = Frame {
            start: pending.mark + i64::try_from(before).unwrap_or(i64::MAX),
            at: newest.at,
            entries: entries.filter_map(Line::of).collect(),
        };
        let text = serde_json::to_vec(&frame).map_err(|error| error.to_string())?;
        self.is_empty = false;
        self.write(text)?;
        self.upto = *last;
        Ok(())
    }

    /// Empties the journal: the ledger has what is in it. A file that cannot be emptied now is known
    /// for old by the next start.
    pub fn clear(&mut self) {
        if std::mem::replace(&mut self.is_empty, true) {
            return;
        }
        let state = self.state.as_mut().map(|state| state.ask(Request::Clear));
        let fallback = self.fallback.as_mut().map(|file| file.clear().map_err(|e| e.to_string()));
        for error in [state, fallback].into_iter().flatten().filter_map(Result::err) {
            log::warn!("the emergency journal is not emptied: {error}");
        }
    }

    /// True where nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.is_empty
    }

    fn write(&mut self, text: Vec<u8>) -> Result<(), String> {
        let refused = match &mut self.state {
            Some(state) => match state.ask(Request::Append(text.clone())) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            },
            None => "not open".to_owned(),
        };
        let Some(path) = &self.runtime else {
            return Err(format!("{NAME} in the state directory: {refused}"));
        };
        let appended = match &mut self.fallback {
            Some(file) => file.append(&text),
            none @ None => FrameFile::open(path).and_then(|file| none.insert(file).append(&text)),
        };
        appended.map_err(|error| {
            format!("{NAME} in the state directory: {refused}; {}: {error}", path.display())
        })
    }
}

enum Request {
    Append(Vec<u8>),
    Clear,
}

/// A file that is written by a thread, and waited for in bounds.
#[derive(Debug)]
struct Keeper {
    requests: Sender<Request>,
    answers: Receiver<io::Result<()>>,
    /// An answer is still to come.
    owes: bool,
}

impl Keeper {
    fn start(mut file: FrameFile) -> io::Result<Self> {
        let (requests, todo) = channel();
        let (answer, answers) = channel();
        std::thread::Builder::new().name("emergency".to_owned()).spawn(move || {
            for request in todo {
                let done = match request {
                    Request::Append(payload) => file.append(&payload),
                    Request::Clear => file.clear(),
                };
                if answer.send(done).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { requests, answers, owes: false })
    }

    fn ask(&mut self, request: Request) -> Result<(), String> {
        let silent = || "the disk does not answer".to_owned();
        if self.owes {
            match self.answers.try_recv() {
                Err(TryRecvError::Empty) => return Err(silent()),
                Ok(_) | Err(TryRecvError::Disconnected) => self.owes = false,
            }
        }
        self.requests.send(request).map_err(|error| error.to_string())?;
        match self.answers.recv_timeout(ANSWER_MAX) {
            Ok(done) => done.map_err(|error| error.to_string()),
            Err(RecvTimeoutError::Timeout) => {
                self.owes = true;
                Err(silent())
            }
            Err(RecvTimeoutError::Disconnected) => Err("its thread ended".to_owned()),
        }
    }
}

/// Why the journal could not be taken into the ledger.
#[derive(Debug)]
pub enum TakeInError {
    /// A file cannot be read, or not be emptied or moved aside after it was read.
    Io(PathBuf, io::Error),
    /// The ledger cannot be written.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for TakeInError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Takes what an earlier run left in the journal into the ledger; returns how many events that were.
pub fn take_in(
    ledger: &mut Connection,
    state_dir: &Path,
    runtime_dir: Option<&Path>,
) -> Result<i64, TakeInError> {
    let mut left = Vec::new();
    let mut frames = Vec::new();
    for path in paths(state_dir, runtime_dir).into_iter().flatten() {
        let io = |error| TakeInError::Io(path.clone(), error);
        let found = frame_file::read(&path).map_err(io)?;
        if !found.is_empty() {
            // Written by this program and whole: what does not read is of a version to come.
            frames.extend(found.iter().map(|text| serde_json::from_slice::<Frame>(text).ok()));
            left.push(path);
        }
    }
    if left.is_empty() {
        return Ok(0);
    }
    let (events, whole) = write(ledger, frames)?;
    for path in left {
        let emptied = match whole {
            true => FrameFile::open(&path).and_then(|mut file| file.clear()),
            false => set_aside(&path),
        };
        emptied.map_err(|error| TakeInError::Io(path.clone(), error))?;
    }
    Ok(events)
}

/// Writes the frames' events that are new; false where some do not fit.
fn write(ledger: &mut Connection, frames: Vec<Option<Frame>>) -> rusqlite::Result<(i64, bool)> {
    let mut whole = frames.iter().all(Option::is_some);
    let mut frames: Vec<Frame> = frames.into_iter().flatten().collect();
    frames.sort_by_key(|frame| frame.start);
    let transaction = ledger.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let first = chain::head(&transaction)?.seq;
    let mut head = first;
    for frame in frames {
        let (start, at, known) = (frame.start, frame.at, head - frame.start);
        if start > head {
            whole = false;
            break;
        }
        let events = frame.events();
        if events < known || (events == known && known > 0) {
            continue;
        }
        let entries = frame.after(known);
        let facts = entries.iter().filter(|entry| matches!(entry, Entry::Fact(_))).count();
        if i64::try_from(facts) != Ok(events - known) {
            whole = false;
            break;
        }
        match write_entries(&transaction, at, &entries) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                // What the ledger itself refuses would keep every start from going on.
                log::error!("the emergency journal's events after {start} are refused: {error}");
                return Ok((0, false));
            }
            written => written?,
        }
        head = start + events;
    }
    transaction.commit()?;
    Ok((head - first, whole))
}

fn set_aside(path: &Path) -> io::Result<()> {
    let aside = move_aside(path)?.unwrap_or_else(|| path.to_owned());
    log::error!(
        "{}: an emergency journal that does not follow on this ledger; moved to {}",
        path.display(),
        aside.display()
    );
    path.parent().map_or(Ok(()), |directory| fs::File::open(directory)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decimal::Decimal;
    use crate::domain::identifier::ClientOrderId;
    use crate::domain::order::{Purpose, TimeInForce};
    use crate::domain::order_status::OrderStatus;
    use crate::domain::record::{Fact, IntentRecord, OrderRecord, Projection, Record};
    use crate::domain::side::Side;
    use crate::domain::symbol::Symbol;
    use crate::durable::group_commit::GroupCommit;
    use crate::store::writer::LedgerSink;
    use crate::store::{LEDGER, ledger_path};

    /// A ledger whose file another connection has locked, and its writer.
    struct Stage {
        directory: PathBuf,
        lock: Connection,
        writer: GroupCommit<Batch>,
        journal: Emergency,
    }

    fn open(directory: &Path) -> Connection {
        let connection = LEDGER.open_writer(&ledger_path(directory)).unwrap();
        connection.busy_timeout(Duration::from_millis(10)).unwrap();
        connection
    }

    impl Stage {
        fn new(name: &str) -> Self {
            let directory =
                std::env::temp_dir().join(format!("ibis-emergency-{}-{name}", std::process::id()));
            drop(fs::remove_dir_all(&directory));
            fs::create_dir_all(directory.join("run")).unwrap();
            let connection = open(&directory);
            let sink = LedgerSink::new(directory.clone(), 0);
            let writer = GroupCommit::start("ledger", connection, sink).unwrap();
            let journal = Emergency::open(&directory, Some(&directory.join("run")));
            let lock = open(&directory);
            let mut stage = Self { directory, lock, writer, journal };
            let first = stage.writer.send(batch(1));
            stage.writer.wait(first).unwrap();
            stage.lock.execute_batch("BEGIN IMMEDIATE").unwrap();
            stage
        }

        fn keep(&mut self) {
            self.journal.keep(&self.writer.pending()).unwrap();
        }

        /// The process dies; another one comes.
        fn restart(&self) -> i64 {
            take_in(&mut open(&self.directory), &self.directory, Some(&self.directory.join("run")))
                .unwrap()
        }

        fn release(&mut self) {
            self.lock.execute_batch("ROLLBACK").unwrap();
        }

        /// Events and orders, as they stand in the ledger.
        fn content(&self) -> (i64, Vec<(String, String)>) {
            let ledger = open(&self.directory);
            assert_eq!(chain::first_break(&ledger, None).unwrap(), None);
            let query = "SELECT client_order_id, status FROM orders ORDER BY client_order_id";
            let mut statement = ledger.prepare(query).unwrap();
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            let rows = rows.map(Result::unwrap).collect();
            (chain::head(&ledger).unwrap().seq, rows)
        }
    }

    impl Drop for Stage {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.directory));
        }
    }

    /// An intent and an order: two events. And a projection.
    fn batch(number: u32) -> Batch {
        let client_order_id = ClientOrderId::new(&format!("a-1-{number}")).unwrap();
        let at = Timestamp::from_us(number.into());
        let intent = IntentRecord {
            client_order_id,
            symbol: Symbol::new(&format!("C{number}-USDT")).unwrap(),
            side: Side::Sell,
            purpose: Purpose::StopLoss,
            price: Some(Decimal::ONE),
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            quantity: Decimal::ONE,
            reference_price: Decimal::ONE,
        };
        let order = OrderRecord {
            client_order_id,
            venue_order_id: None,
            status: OrderStatus::Submitted,
            filled: Decimal::ZERO,
            notional: Decimal::ZERO,
            fee: Decimal::ZERO,
            reason_code: None,
            reason: None,
        };
        let entries = vec![
            Entry::Fact(Fact { at, input: None, record: Record::Intent(intent) }),
            Entry::Fact(Fact { at, input: None, record: Record::Order(order) }),
            Entry::Projection(Projection::VenueCursor(number.into())),
        ];
        Batch { at, entries, ..Batch::default() }
    }

    fn submitted(numbers: impl IntoIterator<Item = u32>) -> Vec<(String, String)> {
        let order = |number| (format!("a-1-{number}"), "submitted".to_owned());
        numbers.into_iter().map(order).collect()
    }

    #[test]
    fn what_was_kept_is_taken_in_once_and_goes_on_where_the_ledger_ends() {
        let mut stage = Stage::new("once");
        stage.writer.send(batch(2));
        stage.keep();
        stage.keep();
        stage.writer.send(batch(3));
        stage.writer.send(batch(4));
        stage.keep();
        stage.writer.send(batch(5));
        stage.release();
        // As if the process had died before its writer came round: a copy of the journal is what is left.
        let journal = fs::read(stage.directory.join(NAME)).unwrap();
        let last = stage.writer.last();
        while !stage.writer.is_durable(last).unwrap() {}
        assert_eq!(stage.restart(), 0, "the ledger has all of it");
        assert!(!stage.directory.join("emergency.wal.found-1").exists(), "old is no contradiction");
        assert_eq!(stage.content(), (10, submitted(1..=5)));

        let other = Stage::new("once-other");
        fs::write(other.directory.join(NAME), journal).unwrap();
        other.lock.execute_batch("ROLLBACK").unwrap();
        assert_eq!(other.restart(), 6);
        assert_eq!(other.content(), (8, submitted(1..=4)));
        assert_eq!(other.restart(), 0, "emptied");
    }

    #[test]
    fn the_part_that_the_ledger_has_is_left_out() {
        let mut stage = Stage::new("part");
        stage.writer.send(batch(2));
        stage.writer.send(batch(3));
        stage.keep();
        stage.release();
        let journal = fs::read(stage.directory.join(NAME)).unwrap();
        let other = Stage::new("part-other");
        other.lock.execute_batch("ROLLBACK").unwrap();
        let mut writer = other;
        let second = writer.writer.send(batch(2));
        writer.writer.wait(second).unwrap();
        fs::write(writer.directory.join(NAME), journal).unwrap();
        assert_eq!(writer.restart(), 2);
        assert_eq!(writer.content(), (6, submitted(1..=3)));
        // Its rows count for nothing in what is left out.
        let mut stage = Stage::new("part-of-three");
        for number in 2..=4 {
            stage.writer.send(batch(number));
        }
        stage.keep();
        let journal = fs::read(stage.directory.join(NAME)).unwrap();
        let mut other = Stage::new("part-of-three-other");
        other.lock.execute_batch("ROLLBACK").unwrap();
        for number in 2..=3 {
            let sent = other.writer.send(batch(number));
            other.writer.wait(sent).unwrap();
        }
        fs::write(other.directory.join(NAME), journal).unwrap();
        assert_eq!(other.restart(), 2);
        assert_eq!(other.content(), (8, submitted(1..=4)));
    }

    #[test]
    fn rows_without_an_event_are_taken_in_too() {
        let mut stage = Stage::new("rows");
        let entries = vec![Entry::Projection(Projection::VenueCursor(77))];
        stage.writer.send(Batch { entries, ..Batch::default() });
        stage.keep();
        let journal = fs::read(stage.directory.join(NAME)).unwrap();
        let other = Stage::new("rows-other");
        other.lock.execute_batch("ROLLBACK").unwrap();
        fs::write(other.directory.join(NAME), journal).unwrap();
        assert_eq!(other.restart(), 0);
        let cursor = super::super::run::meta(&open(&other.directory), "venue_cursor").unwrap();
        assert_eq!(cursor.as_deref(), Some("77"));
    }

    #[test]
    fn rows_that_the_ledger_has_newer_stay_and_an_error_leaves_the_journal() {
        let mut stage = Stage::new("newer");
        stage.writer.send(batch(2));
        stage.keep();
        let journal = fs::read(stage.directory.join(NAME)).unwrap();
        let mut other = Stage::new("newer-other");
        other.lock.execute_batch("ROLLBACK").unwrap();
        let entries = vec![Entry::Projection(Projection::VenueCursor(99))];
        for batch in [batch(2), Batch { entries, ..Batch::default() }] {
            let sent = other.writer.send(batch);
            other.writer.wait(sent).unwrap();
        }
        fs::write(other.directory.join(NAME), &journal).unwrap();
        assert_eq!(other.restart(), 0);
        let cursor = super::super::run::meta(&open(&other.directory), "venue_cursor").unwrap();
        assert_eq!(cursor.as_deref(), Some("99"));

        // No refusal of the ledger's, but a ledger that cannot be written.
        let other = Stage::new("error-other");
        other.lock.execute_batch("ROLLBACK; ALTER TABLE intents RENAME TO gone").unwrap();
        fs::write(other.directory.join(NAME), &journal).unwrap();
        let taken = take_in(&mut open(&other.directory), &other.directory, None);
        assert!(matches!(taken, Err(TakeInError::Sqlite(_))), "{taken:?}");
        assert_eq!(fs::read(other.directory.join(NAME)).unwrap(), journal);
    }

    #[test]
    fn a_journal_is_emptied_once_the_ledger_has_what_is_in_it() {
        let mut stage = Stage::new("clear");
        assert!(stage.journal.is_empty());
        stage.writer.send(batch(2));
        stage.keep();
        assert!(!stage.journal.is_empty());
        assert_eq!(frame_file::read(&stage.directory.join(NAME)).unwrap().len(), 1);
        stage.journal.clear();
        assert!(stage.journal.is_empty());
        assert_eq!(frame_file::read(&stage.directory.join(NAME)).unwrap(), Vec::<Vec<u8>>::new());
        stage.release();
    }

    #[test]
    fn a_journal_of_a_later_ledger_is_moved_aside() {
        let mut stage = Stage::new("gap");
        stage.writer.send(batch(2));
        stage.keep();
        let journal = fs::read(stage.directory.join(NAME)).unwrap();
        let older =
            std::env::temp_dir().join(format!("ibis-emergency-{}-older", std::process::id()));
        drop(fs::remove_dir_all(&older));
        fs::create_dir_all(&older).unwrap();
        fs::write(older.join(NAME), &journal).unwrap();
        assert_eq!(take_in(&mut open(&older), &older, None).unwrap(), 0);
        assert!(!older.join(NAME).exists());
        assert_eq!(fs::read(older.join("emergency.wal.found-1")).unwrap(), journal);
        fs::remove_dir_all(&older).unwrap();
    }

    #[test]
    fn what_the_ledger_refuses_keeps_no_start_from_going_on() {
        let mut stage = Stage::new("refused");
        stage.writer.send(batch(2));
        // The same intent again.
        stage.writer.send(batch(2));
        stage.keep();
        let journal = fs::read(stage.directory.join(NAME)).unwrap();
        let other = Stage::new("refused-other");
        other.lock.execute_batch("ROLLBACK").unwrap();
        fs::write(other.directory.join(NAME), &journal).unwrap();
        assert_eq!(other.restart(), 0);
        assert_eq!(other.content(), (2, submitted([1])));
        assert_eq!(fs::read(other.directory.join("emergency.wal.found-1")).unwrap(), journal);
    }

    #[test]
    fn the_runtime_directory_stands_in_and_its_frames_join_the_others() {
        let mut stage = Stage::new("runtime");
        stage.writer.send(batch(2));
        stage.keep();
        stage.journal.state = None;
        stage.writer.send(batch(3));
        stage.keep();
        assert!(stage.directory.join("run").join(NAME).exists());
        let journals = [stage.directory.clone(), stage.directory.join("run")];
        let copies = journals.map(|directory| fs::read(directory.join(NAME)).unwrap());
        stage.journal.clear();
        let other = Stage::new("runtime-other");
        other.lock.execute_batch("ROLLBACK").unwrap();
        for (directory, copy) in
            [other.directory.clone(), other.directory.join("run")].iter().zip(copies)
        {
            fs::write(directory.join(NAME), copy).unwrap();
        }
        assert_eq!(other.restart(), 4);
        assert_eq!(other.content(), (6, submitted(1..=3)));
        let mut nowhere =
            Emergency { state: None, runtime: None, ..Emergency::open(&other.directory, None) };
        stage.writer.send(batch(4));
        assert!(nowhere.keep(&stage.writer.pending()).is_err());
    }
}
