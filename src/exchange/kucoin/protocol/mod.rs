//! KuCoin's spot protocol as types: signing, codes, endpoints, REST objects, websocket frames.
//!
//! No I/O and no clock. The client decodes what the exchange encodes and the other way round, so every
//! object reads and writes the same JSON, in the field order of KuCoin's own samples.
//!
//! | what | how |
//! |---|---|
//! | decimals | [`Decimal`](crate::domain::decimal::Decimal), written as text; read from text or a JSON number, exactly or not at all ([`number`]) |
//! | integers, ids of fills, times | `i64`: several exceed 2^53 |
//! | text | [`WireText`](wire_text::WireText), borrowed from the message wherever it has no escapes |
//! | words (`limit`, `GTC`, `match`) | enums with an `Unknown` for words of a later version |
//! | unknown fields | ignored |
//! | absent and `null` | the same, and only where KuCoin's tables allow either |
//!
//! Messages are decoded from a text or a slice, not from a reader: numbers are read in place.

pub mod account;
pub mod balance_push;
pub mod book;
pub mod bullet;
pub mod cancel;
pub mod candle;
pub mod code;
mod code_table;
pub mod currency;
pub mod dead_man;
pub mod endpoint;
mod endpoint_table;
pub mod envelope;
pub mod every_message;
pub mod fee;
pub mod fill;
pub mod frame;
mod integer_text;
pub mod number;
pub mod old_order;
pub mod order;
pub mod order_push;
pub mod page;
pub mod place;
pub mod rate_limit;
pub mod refusal;
pub mod sign;
pub mod status;
pub mod stop_order;
pub mod stop_push;
pub mod symbol;
pub mod target;
#[cfg(test)]
mod tests;
pub mod ticker;
pub mod trade;
pub mod wire_text;
mod words;
