//! One file of a replay: its reader, its parser, and the records that wait for their turn.

use std::path::{Path, PathBuf};

use super::candle_rows::{self, CandleRows};
use super::depth_rows::DepthRows;
use super::format::{Format, symbol_of_name};
use super::line_reader::LineReader;
use super::record::{Pending, Record};
use super::rest::{self, Rest};
use super::roster::{Gathering, Roster};
use super::session::{self, Session};
use super::top_rows::TopRows;
use super::trade_rows::TradeRows;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::market::error::MarketError;
use crate::market::feed_count::FeedCount;
use crate::market::number::Reason;

/// A file that was opened and looked into, before the instruments of all files are known.
#[derive(Debug)]
pub(super) struct OpenFile {
    path: PathBuf,
    reader: LineReader,
    format: Format,
    symbol: Option<Symbol>,
}

impl OpenFile {
    /// Opens a file, tells its format and gathers its instruments.
    pub(super) fn open(path: &Path, gathering: &mut Gathering) -> Result<Self, MarketError> {
        let unreadable = |error: std::io::Error| MarketError::file(path, unreadable(&error));
        let mut reader = LineReader::open(path).map_err(unreadable)?;
        let first = reader.lines_ahead().map_err(unreadable)?.next();
        let first = first.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let format = first
            .ok_or_else(|| MarketError::file(path, "empty"))
            .map(Format::of_first_line)?
            .ok_or_else(|| {
                MarketError::row(path, 1, format!("unknown format; expected {}", Format::known()))
            })?;
        if format.is_recording() {
            gather_recording(path, format, gathering)?;
            return Ok(Self { path: path.to_owned(), reader, format, symbol: None });
        }
        reader.next_line().map_err(unreadable)?;
        let symbol = symbol_of_name(path).ok_or_else(|| {
            MarketError::file(path, "no BASE-QUOTE between underscores in the file's name")
        })?;
        let seen = gathering.seen(symbol);
        let (prices, sizes) = format.columns();
        for line in reader
            .lines_ahead()
            .map_err(unreadable)?
            .filter_map(|line| std::str::from_utf8(line).ok())
        {
            for (column, text) in line.trim_end().split(',').enumerate() {
                if prices.contains(&column) {
                    seen.price(text);
                } else if sizes.contains(&column) {
                    seen.size(text);
                }
            }
        }
        Ok(Self { path: path.to_owned(), reader, format, symbol: Some(symbol) })
    }

    /// The file's name without its directories.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }

    /// The source, now that the instruments are known.
    pub(super) fn source(mut self, roster: &Roster) -> Result<Source, MarketError> {
        let lane = self.symbol.and_then(|symbol| roster.lanes.get(symbol.as_str()).copied());
        let parser = match (self.format, lane) {
            (Format::Session, _) => Parser::Session(Session::new(roster.lanes.clone())),
            (Format::Rest, _) => Parser::Rest(Rest::new(roster.lanes.clone())),
            (Format::Candles, Some(lane)) => {
                let ahead = self.reader.lines_ahead();
                let ahead =
                    ahead.map_err(|error| MarketError::file(&self.path, unreadable(&error)))?;
                Parser::Candles(CandleRows::new(lane, candle_rows::interval_us(ahead)))
            }
            (Format::Trades, Some(lane)) => Parser::Trades(TradeRows::new(lane)),
            (Format::Top, Some(lane)) => Parser::Top(TopRows::new(lane)),
            (Format::Depth, Some(lane)) => Parser::Depth(DepthRows::new(lane)),
            (Format::Candles | Format::Trades | Format::Top | Format::Depth, None) => {
                return Err(MarketError::file(
                    &self.path,
                    "its symbol is not among the instruments",
                ));
            }
        };
        Ok(Source { path: self.path, reader: self.reader, parser, pending: Pending::new() })
    }
}

/// Reads a whole recording once, in bounded memory, for its symbols and grids.
fn gather_recording(
    path: &Path,
    format: Format,
    gathering: &mut Gathering,
) -> Result<(), MarketError> {
    let unreadable = |error: std::io::Error| MarketError::file(path, unreadable(&error));
    let mut reader = LineReader::open(path).map_err(unreadable)?;
    let mut number = 0;
    while let Some(line) = reader.next_line().map_err(unreadable)? {
        number += 1;
        if line.is_empty() {
            continue;
        }
        let gathered = if format == Format::Rest {
            rest::gather(line, gathering)
        } else {
            session::gather(line, gathering)
        };
        gathered.map_err(|reason| MarketError::row(path, number, reason))?;
    }
    Ok(())
}

#[derive(Debug)]
enum Parser {
    Candles(CandleRows),
    Trades(TradeRows),
    Top(TopRows),
    Depth(DepthRows),
    Session(Session),
    Rest(Rest),
}

impl Parser {
    fn row(&mut self, row: &[u8], count: &mut FeedCount, out: &mut Pending) -> Result<(), Reason> {
        match self {
            Self::Candles(parser) => parser.row(row, count, out),
            Self::Trades(parser) => parser.row(row, count, out),
            Self::Top(parser) => parser.row(row, count, out),
            Self::Depth(parser) => parser.row(row, count, out),
            Self::Session(parser) => parser.row(row, count, out),
            Self::Rest(parser) => parser.row(row, count, out),
        }
    }
}

/// A file under way.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    reader: LineReader,
    parser: Parser,
    pending: Pending,
}

impl Source {
    /// The instant of the next record, reading on as needed; `None` at the end of the file.
    pub(super) fn head(&mut self, count: &mut FeedCount) -> Result<Option<Timestamp>, MarketError> {
        loop {
            if let Some(record) = self.pending.front() {
                return Ok(Some(record.at()));
            }
            let line = match self.reader.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(None),
                Err(error) => return Err(MarketError::file(&self.path, unreadable(&error))),
            };
            if line.is_empty() {
                count.ignored += 1;
                continue;
            }
            count.rows += 1;
            if let Err(reason) = self.parser.row(line, count, &mut self.pending) {
                return Err(MarketError::row(&self.path, self.reader.number(), reason));
            }
        }
    }

    /// Takes the record whose instant `head` gave.
    pub(super) fn take(&mut self) -> Option<Record> {
        self.pending.pop_front()
    }
}

fn unreadable(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        "truncated: the gzip stream ends early".to_owned()
    } else {
        format!("cannot be read: {error}")
    }
}
