//! Identifiers: one type each, so that two of them never change places.

use super::text::Text;

/// ClOrdID (FIX 11), KuCoin `clientOid`: ours, at most 40 of `[A-Za-z0-9_-]`. A function of
/// (instance, run, sequence), so that sending it again is idempotent.
pub type ClientOrderId = Text<40>;

/// OrderID (FIX 37), KuCoin `orderId`: the venue's.
pub type VenueOrderId = Text<32>;

/// ExecID (FIX 17), KuCoin `tradeId`: one fill at the venue, unique for a symbol.
pub type ExecutionId = Text<32>;

/// An asset such as `BTC` or `USDT`.
pub type Asset = Text<16>;

/// Position of an instrument in the configured list: an index, not a name.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
pub struct InstrumentId(pub u16);

impl InstrumentId {
    /// The index into per-instrument tables.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}
