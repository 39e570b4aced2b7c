//! Guards: when the account, the orders or the market say that trading should slow down or stop. Pure.
//!
//! - [`settings`]: every threshold,
//! - [`account`]: the equity of the day and its peak, the day's turnover,
//! - [`streak`]: refusals in a row, cancels in a minute,
//! - [`protection`]: freqtrade's protections, over the trades of a while.
//!
//! A guard only measures and grades; the engine makes a hold of it. What cannot be measured grades
//! nothing and sells nothing: an entry whose account cannot be valued is refused anyway.

pub mod account;
pub mod protection;
pub mod settings;
pub mod streak;
