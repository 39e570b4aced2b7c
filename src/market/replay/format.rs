//! Which format a file has, by its first line, and which symbol, by its name.

use std::path::Path;

use crate::domain::symbol::Symbol;

/// What ibis reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    /// Open, high, low, close and volume per interval.
    Candles,
    /// Public prints.
    Trades,
    /// Best bid and offer.
    Top,
    /// Depth updates without a snapshot.
    Depth,
    /// Recorded KuCoin websocket messages, one JSON object a line.
    Session,
    /// Recorded KuCoin REST answers, one JSON object a line.
    Rest,
}

const HEADERS: [(&str, Format); 4] = [
    ("ts_ms,open,high,low,close,volume", Format::Candles),
    ("ts_ms,trade_id,side,price,size", Format::Trades),
    ("recv_us,update_id,bid,bid_size,ask,ask_size", Format::Top),
    ("recv_us,event_ms,first_id,last_id,side,price,size", Format::Depth),
];

impl Format {
    /// The format whose first line this is.
    pub(super) fn of_first_line(line: &[u8]) -> Option<Self> {
        if line.starts_with(b"{\"recv\":") {
            let rest = line.windows(7).take(64).any(|window| window == b"\"path\":");
            return Some(if rest { Self::Rest } else { Self::Session });
        }
        HEADERS.iter().find(|(header, _)| header.as_bytes() == line).map(|(_, format)| *format)
    }

    /// True for JSON lines: no header, and symbols inside.
    pub(super) fn is_recording(self) -> bool {
        matches!(self, Self::Session | Self::Rest)
    }

    /// The columns that hold prices and sizes, for inferring a grid.
    pub(super) fn columns(self) -> (&'static [usize], &'static [usize]) {
        match self {
            Self::Candles => (&[1, 2, 3, 4], &[5]),
            Self::Trades => (&[3], &[4]),
            Self::Top => (&[2, 4], &[3, 5]),
            Self::Depth => (&[5], &[6]),
            Self::Session | Self::Rest => (&[], &[]),
        }
    }

    /// The first lines a file may have, for an error's text.
    pub(super) fn known() -> String {
        let headers: Vec<_> = HEADERS.iter().map(|(header, _)| *header).collect();
        format!("{} or recorded JSON lines {{\"recv\":...}}", headers.join(" or "))
    }
}

/// The symbol in a file's name: of the parts between underscores, before the first dot that ends
/// the last part, the first that reads `BASE-QUOTE`. `kucoin_BTC-USDT_4h.csv.gz` is `BTC-USDT`.
pub(super) fn symbol_of_name(path: &Path) -> Option<Symbol> {
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(".gz").unwrap_or(name);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    stem.split('_').find_map(|part| Symbol::new(part).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_symbols() {
        for (name, symbol) in [
            ("/x-y/kucoin_BTC-USDT_4h.csv.gz", Some("BTC-USDT")),
            ("unittest-BTC_1m.csv.gz", Some("unittest-BTC")),
            ("binance_XRP-ETH_trades.csv", Some("XRP-ETH")),
            ("BTC-PERP.csv", Some("BTC-PERP")),
            ("prices.csv", None),
        ] {
            let found = symbol_of_name(Path::new(name));
            assert_eq!(found.as_ref().map(Symbol::as_str), symbol, "{name}");
        }
    }

    #[test]
    fn first_lines_give_formats() {
        for (header, format) in HEADERS {
            assert_eq!(Format::of_first_line(header.as_bytes()), Some(format));
        }
        assert_eq!(Format::of_first_line(br#"{"recv":1.5,"msg":{}}"#), Some(Format::Session));
        assert_eq!(
            Format::of_first_line(br#"{"recv":1.5,"path":"/","msg":{}}"#),
            Some(Format::Rest)
        );
        assert_eq!(Format::of_first_line(b"time,price"), None);
    }
}
