//! Calls about the venue and its markets.

use serde_json::value::RawValue;

use super::client::Rest;
use super::failure::Failure;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::book::Book;
use crate::exchange::kucoin::protocol::bullet::Bullet;
use crate::exchange::kucoin::protocol::candle::{CandleRow, CandleType};
use crate::exchange::kucoin::protocol::endpoint::Endpoint;
use crate::exchange::kucoin::protocol::status::ServiceStatus;
use crate::exchange::kucoin::protocol::symbol::SymbolRow;
use crate::exchange::kucoin::protocol::ticker::Level1;
use crate::exchange::kucoin::protocol::trade::Trade;
use crate::exchange::kucoin::protocol::wire_text::{IntoOwned, WireText};

/// How much of a book is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BookSize {
    /// 20 levels a side.
    Levels20,
    /// 100 levels a side.
    Levels100,
}

impl Rest {
    /// The venue's time, in whole milliseconds.
    pub async fn server_time(&self) -> Result<Timestamp, Failure> {
        let endpoint = Endpoint::ServerTime;
        self.get(endpoint, endpoint.target("")).await?.read().map(Timestamp::from_ms)
    }

    /// Whether the venue trades.
    pub async fn service_status(&self) -> Result<ServiceStatus<'static>, Failure> {
        let endpoint = Endpoint::ServiceStatus;
        let answered = self.get(endpoint, endpoint.target("")).await?;
        Ok(answered.read::<ServiceStatus<'_>>()?.into_owned())
    }

    /// The address the venue sees us at.
    pub async fn own_address(&self) -> Result<String, Failure> {
        let endpoint = Endpoint::OwnAddress;
        let answered = self.get(endpoint, endpoint.target("")).await?;
        Ok(answered.read::<WireText<'_>>()?.to_string())
    }

    /// All pairs. A row that cannot be read is left out, so that one odd pair does not hide the others;
    /// [`symbol`](Self::symbol) says what is odd about it.
    pub async fn symbols(&self) -> Result<Vec<SymbolRow<'static>>, Failure> {
        let endpoint = Endpoint::Symbols;
        let answered = self.get(endpoint, endpoint.target("")).await?;
        let rows: Vec<&RawValue> = answered.read()?;
        let rows = rows.into_iter().map(RawValue::get).map(serde_json::from_str::<SymbolRow<'_>>);
        Ok(rows.filter_map(Result::ok).map(IntoOwned::into_owned).collect())
    }

    /// One pair.
    pub async fn symbol(&self, symbol: &str) -> Result<SymbolRow<'static>, Failure> {
        let endpoint = Endpoint::Symbol;
        let answered = self.get(endpoint, endpoint.target(symbol)).await?;
        Ok(answered.read::<SymbolRow<'_>>()?.into_owned())
    }

    /// Best bid and ask.
    pub async fn level1(&self, symbol: &str) -> Result<Level1, Failure> {
        let endpoint = Endpoint::Level1;
        self.get(endpoint, endpoint.target("").with("symbol", symbol)).await?.read()
    }

    /// The best levels of a book.
    pub async fn book_part(&self, symbol: &str, size: BookSize) -> Result<Book, Failure> {
        let endpoint = Endpoint::BookPart;
        let size = match size {
            BookSize::Levels20 => "20",
            BookSize::Levels100 => "100",
        };
        self.get(endpoint, endpoint.target(size).with("symbol", symbol)).await?.read()
    }

    /// The whole book. Signed: it counts in the Spot pool.
    pub async fn full_book(&self, symbol: &str) -> Result<Book, Failure> {
        let endpoint = Endpoint::BookFull;
        self.get(endpoint, endpoint.target("").with("symbol", symbol)).await?.read()
    }

    /// The last hundred public trades.
    pub async fn trades(&self, symbol: &str) -> Result<Vec<Trade>, Failure> {
        let endpoint = Endpoint::Trades;
        self.get(endpoint, endpoint.target("").with("symbol", symbol)).await?.read()
    }

    /// Candles from `start` to `end`, in whole seconds, newest first, 1500 at most; the newest may still
    /// form, and there is none where nothing traded.
    pub async fn candles(
        &self,
        symbol: &str,
        candle: CandleType,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<CandleRow>, Failure> {
        let endpoint = Endpoint::Candles;
        let target = endpoint.target("").with("symbol", symbol).with("type", candle.as_str());
        let seconds = |time: Timestamp| time.ms().div_euclid(1_000);
        let target = target.with("startAt", seconds(start)).with("endAt", seconds(end));
        let rows: Option<Vec<CandleRow>> = self.get(endpoint, target).await?.read()?;
        Ok(rows.unwrap_or_default())
    }

    /// A token for a websocket connection to public topics.
    pub async fn bullet_public(&self) -> Result<Bullet<'static>, Failure> {
        self.bullet(Endpoint::BulletPublic).await
    }

    /// A token for a websocket connection to private topics.
    pub async fn bullet_private(&self) -> Result<Bullet<'static>, Failure> {
        self.bullet(Endpoint::BulletPrivate).await
    }

    async fn bullet(&self, endpoint: Endpoint) -> Result<Bullet<'static>, Failure> {
        let answered = self.get(endpoint, endpoint.target("")).await?;
        Ok(answered.read::<Bullet<'_>>()?.into_owned())
    }
}
