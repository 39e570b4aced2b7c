//! Logging that cannot stop trading: a bounded queue between the program and the journal.
//!
//! `log::Log::log` copies the record and offers it to the queue; one thread writes the queue to the
//! journal, or as plain lines to stderr where that is not the journal. A journald that does not read
//! blocks that thread alone. **Failure**: with the queue full records are dropped and counted
//! ([`dropped`]); when there is room again the loss is logged. The audit trail is the ledger, not this.
//!
//! Key-values become journal fields, upper-cased. `journalctl -p notice` shows info and up: error,
//! warn, info, debug, trace are priorities 3 to 7.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use systemd_journal_logger::{JournalLog, connected_to_journal};

use super::live_line;
use super::record::Record;
use crate::clock;

/// Records the queue holds: a second of a busy agent; 16 MiB at the very most.
const QUEUE_RECORDS: usize = 1024;

/// What `Log::flush` waits at most.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// The logger of the process.
static LOGGER: OnceLock<Logger> = OnceLock::new();

/// Where the queue's thread writes. May block for as long as it likes.
pub trait Sink: Send + 'static {
    /// Writes one record; what cannot be written is lost.
    fn write(&mut self, record: &Record);
}

/// Starts logging for this process at `level`. A second call only changes the level.
///
/// The error is that no thread could be started, or that another logger is installed.
pub fn install(level: log::LevelFilter) -> std::io::Result<()> {
    if LOGGER.get().is_none() {
        let sink: Box<dyn Sink> = match connected_to_journal().then(JournalSink::connect) {
            Some(Ok(journal)) => Box::new(journal),
            Some(Err(_)) | None if std::io::stderr().is_terminal() => Box::new(TerminalSink),
            Some(Err(_)) | None => Box::new(StderrSink),
        };
        let logger = Logger::start(sink, QUEUE_RECORDS)?;
        log::set_logger(LOGGER.get_or_init(|| logger)).map_err(std::io::Error::other)?;
    }
    log::set_max_level(level);
    Ok(())
}

/// Records lost since the start because the queue was full.
pub fn dropped() -> u64 {
    LOGGER.get().map_or(0, Logger::dropped)
}

/// Records logged since the start as errors, and as warnings, written or lost.
pub fn counted() -> (u64, u64) {
    LOGGER.get().map_or((0, 0), Logger::counted)
}

/// Waits until what was logged before is written, at most `timeout`. Whether it is.
pub fn flush(timeout: Duration) -> bool {
    LOGGER.get().is_some_and(|logger| logger.flush(timeout))
}

/// The sending end of the queue.
#[derive(Debug)]
pub struct Logger {
    queue: SyncSender<Box<Record>>,
    accepted: AtomicU64,
    errors: AtomicU64,
    warnings: AtomicU64,
    shared: Arc<Shared>,
}

/// What the queue's thread and the callers both see.
#[derive(Debug, Default)]
struct Shared {
    dropped: AtomicU64,
    written: Mutex<u64>,
    wrote: Condvar,
}

impl Logger {
    /// Starts the thread that writes to `sink`; it ends when the logger is dropped.
    pub fn start(mut sink: Box<dyn Sink>, capacity: usize) -> std::io::Result<Self> {
        let (queue, records) = sync_channel(capacity);
        let shared = Arc::new(Shared::default());
        let logger = Self {
            queue,
            accepted: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            warnings: AtomicU64::new(0),
            shared: Arc::clone(&shared),
        };
        std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || drain(&records, sink.as_mut(), &shared))?;
        Ok(logger)
    }

    /// Records lost because the queue was full.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// As [`counted`].
    pub fn counted(&self) -> (u64, u64) {
        (self.errors.load(Ordering::Relaxed), self.warnings.load(Ordering::Relaxed))
    }

    /// As [`flush`].
    pub fn flush(&self, timeout: Duration) -> bool {
        let target = self.accepted.load(Ordering::Acquire);
        let written = self.shared.written.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared
            .wrote
            .wait_timeout_while(written, timeout, |written| *written < target)
            .is_ok_and(|(_, waited)| !waited.timed_out())
    }

    /// Offers a record to the queue; never waits.
    fn offer(&self, record: Record) {
        match self.queue.try_send(Box::new(record)) {
            Ok(()) => self.accepted.fetch_add(1, Ordering::Release),
            Err(_) => self.shared.dropped.fetch_add(1, Ordering::Relaxed),
        };
    }
}

impl log::Log for Logger {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &log::Record<'_>) {
        match record.level() {
            log::Level::Error => self.errors.fetch_add(1, Ordering::Relaxed),
            log::Level::Warn => self.warnings.fetch_add(1, Ordering::Relaxed),
            log::Level::Info | log::Level::Debug | log::Level::Trace => 0,
        };
        if self.enabled(record.metadata()) {
            self.offer(Record::copy(record, clock::wall_now()));
        }
    }

    fn flush(&self) {
        self.flush(FLUSH_TIMEOUT);
    }
}

/// Writes records until the logger is gone, and says when some were lost.
fn drain(records: &Receiver<Box<Record>>, sink: &mut dyn Sink, shared: &Shared) {
    let mut reported = 0;
    while let Ok(record) = records.recv() {
        sink.write(&record);
        *shared.written.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        shared.wrote.notify_all();
        let dropped = shared.dropped.load(Ordering::Relaxed);
        if dropped != reported {
            let message = format!("{} log records were lost: queue full", dropped - reported);
            let mut loss = Record::own(log::Level::Warn, record.time, message);
            loss.fields.push(("dropped".to_owned(), dropped.to_string()));
            sink.write(&loss);
            reported = dropped;
        }
    }
}

/// Short lines for a person at a terminal, above the live line.
struct TerminalSink;

impl Sink for TerminalSink {
    fn write(&mut self, record: &Record) {
        live_line::write_above(&record.short_line());
    }
}

/// Plain lines for files and pipes.
struct StderrSink;

impl Sink for StderrSink {
    fn write(&mut self, record: &Record) {
        write_stderr(&record.line());
    }
}

/// Writes one line in one call. With stderr closed there is nobody to tell.
pub(super) fn write_stderr(line: &str) {
    live_line::write_raw(&format!("{line}\n"));
}

/// Entries with fields, in the journal's own protocol.
struct JournalSink {
    journal: JournalLog,
}

impl JournalSink {
    fn connect() -> std::io::Result<Self> {
        let journal = JournalLog::empty()?.with_syslog_identifier("ibis".to_owned());
        Ok(Self { journal })
    }
}

impl Sink for JournalSink {
    fn write(&mut self, record: &Record) {
        let fields: Vec<(&str, &str)> =
            record.fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let sent = self.journal.journal_send(
            &log::Record::builder()
                .level(record.level)
                .target(&record.target)
                .module_path_static(record.module)
                .file_static(record.file)
                .line(record.line)
                .key_values(&fields)
                .args(format_args!("{}", record.message))
                .build(),
        );
        if sent.is_err() {
            write_stderr(&record.line());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixDatagram;

    fn record(message: &str) -> Record {
        Record::own(log::Level::Info, clock::wall_now(), message.to_owned())
    }

    /// Says that it was called, then never returns.
    struct Stuck(SyncSender<()>);

    impl Sink for Stuck {
        fn write(&mut self, _: &Record) {
            let _ = self.0.send(());
            loop {
                std::thread::park();
            }
        }
    }

    #[test]
    fn a_sink_that_never_returns_costs_records_not_time() {
        let (called, calls) = sync_channel(1);
        let logger = Logger::start(Box::new(Stuck(called)), 8).unwrap();
        logger.offer(record("taken by the sink"));
        calls.recv().unwrap();
        for _ in 0..8 + 1000 {
            logger.offer(record("8 of these wait in the queue"));
        }
        assert_eq!(logger.dropped(), 1000);
        assert!(!logger.flush(Duration::from_millis(1)));
    }

    /// A datagram socket nobody reads, as a journald that hangs: the kernel blocks the sender.
    struct Socket(UnixDatagram);

    impl Sink for Socket {
        fn write(&mut self, record: &Record) {
            let _ = self.0.send(record.line().as_bytes());
        }
    }

    #[test]
    fn a_journald_that_does_not_read_blocks_no_caller() {
        let (sender, journald) = UnixDatagram::pair().unwrap();
        let logger = Logger::start(Box::new(Socket(sender)), 16).unwrap();
        let total = 5_000;
        for _ in 0..total {
            logger.offer(record("into the void"));
        }
        let accepted = logger.accepted.load(Ordering::Relaxed);
        assert_eq!(accepted + logger.dropped(), total);
        assert!(logger.dropped() > 0);
        drop(journald);
        assert!(logger.flush(Duration::from_secs(60)), "a journald that is gone frees the thread");
    }

    /// Passes on what it is given.
    struct Kept(SyncSender<String>);

    impl Sink for Kept {
        fn write(&mut self, record: &Record) {
            let _ = self.0.send(record.message.clone());
        }
    }

    #[test]
    fn a_loss_is_said_once_there_is_room() {
        let (keep, kept) = sync_channel(0);
        let logger = Logger::start(Box::new(Kept(keep)), 1).unwrap();
        logger.offer(record("first"));
        while logger.dropped() == 0 {
            logger.offer(record("more"));
        }
        let lost = logger.dropped();
        assert_eq!(kept.recv().unwrap(), "first");
        let next = kept.recv().unwrap();
        assert_eq!(next, format!("{lost} log records were lost: queue full"));
    }
}
