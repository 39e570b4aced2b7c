//! The paper venue: paper mode's exchange. A price-time matching engine fed by the market.
//!
//! It is synchronous and deterministic: no clock, no thread, no randomness but a seeded jitter. The
//! caller feeds it market events ([`PaperVenue::on_market`]) and lets commands arrive
//! ([`PaperVenue::advance`]); same calls, same answers.
//!
//! # Rules
//!
//! | what | rule |
//! |---|---|
//! | arrival | a command arrives `latency_us` (plus jitter) after it was sent, never before one sent earlier; a report is released `report_latency_us` (plus jitter) after its cause |
//! | own priority | price, then time of acceptance |
//! | own orders that cross | what the arriving one asked for ([`SelfTrade`]; our agent's always CN): the newer, the older or both are canceled where they meet, or both shrink by the smaller (DC); what was taken at better prices stands; with nothing asked they trade with each other, two fills and two fees |
//! | taking, with depth | walks the real levels, best first, at their prices |
//! | taking, quotes or prints only | the displayed size at the touch, then further levels one spread apart (a tick at least) with the displayed size each, [`LADDER_LEVELS`] in all |
//! | consumption | what we took stays taken until the source says something new about that level (a depth change there; a quote with another price or size on that side; any print, where prints make the market) |
//! | queue | a resting order stands behind the displayed size at its price; 0 where it improves the touch; where the source does not show its price, behind whatever is first displayed there |
//! | prints at our price | consume the queue ahead first; what is left fills us, as maker, at our price. A print whose aggressor is our own side does not; one without aggressor counts |
//! | displayed size below the queue ahead | the queue is that size |
//! | prints through our price, opposite quote through it (or at it, with no queue left) | fill us at our price, up to the printed or displayed size, shared by own priority |
//! | post-only that would take | accepted, then canceled whole |
//! | IOC, market, an order whose time (GTT) is over | the remainder ends as `Expired` |
//! | FOK | whole at once, or accepted and `Expired` without a fill |
//! | market buy | needs the cost of its walk, fees included, or is rejected; market sell: its whole quantity |
//! | market by funds | a buy costs at most the funds, fees included, and needs them available; a sell brings at most the funds before fees, and needs what it sells; less than a lot's worth is left over |
//! | partial cancel | the order keeps its place in the queue; its hold follows |
//! | hidden, iceberg | matched like any other, charged as taking; the shown book leaves out what they hide |
//! | price band, where set | a limit order that would trade beyond it is canceled, the rest of a market order there expires |
//! | zero displayed size | fills nothing |
//! | fees | [`Instrument::fee`](crate::domain::instrument::Instrument::fee) by liquidity, in quote on both sides: a buy pays on top, a sell from its proceeds; never above what the order held for it |
//! | holds | an open order holds exactly [`Instrument::hold`](crate::domain::instrument::Instrument::hold) of its remaining quantity; none is left when none is open |
//! | cancel | `Canceled`, or `CancelRejected` where the order is done or unknown; fills before it are reported before it |
//! | repeated client order id | rejected; the first order is not disturbed |
//!
//! # Limits
//!
//! Our orders do not move the market. A depth change that reflects a print, delivered before that
//! print, shortens the queue twice. Once a source gives depth, its quotes are ignored for matching.
//! An order id is known for as long as the order is open or among the last
//! [`CLOSED_ORDERS_KEPT`] closed ones.

mod account;
mod account_reader;
mod account_row;
pub mod account_store;
mod admission;
mod arrival;
mod book_side;
mod change;
mod check;
mod desk;
mod front;
mod market;
mod order;
mod order_index;
mod outbox;
mod own_book;
mod reason;
mod resting;
mod settings;
mod shown_book;
#[cfg(test)]
mod tests;
mod touched;
mod venue;
mod walk;

pub use account::Account;
pub use account_reader::{ACCOUNT, AccountReader, AccountSnapshot, account_path};
pub use account_row::{ExecutionRow, OrderRow};
pub use account_store::{AccountError, AccountStore};
pub use admission::OpenOrdersMax;
pub use book_side::{LADDER_LEVELS, LEVELS_MAX};
pub use change::{VenueChange, VenueState};
pub use desk::EXECUTIONS_KEPT;
pub use order::{Amount, OrderRequest, RequestedType, SelfTrade, Terms, VenueOrder, Visibility};
pub use order_index::CLOSED_ORDERS_KEPT;
pub use outbox::COMMANDS_MAX;
pub use reason::{CANCEL_REFUSED, DUPLICATE_CLIENT_ORDER_ID, INSUFFICIENT_BALANCE};
pub use settings::PaperSettings;
pub use touched::{TOUCHED_MAX, Touched};
pub use venue::PaperVenue;
