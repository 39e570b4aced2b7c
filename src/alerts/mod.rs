//! Alerts: what a person should hear of, told through channels that may be slow, broken or away, and
//! never at the cost of trading.
//!
//! ```text
//! events, job_runs --derive--> Signal --topic--> notification in the outbox --deliver--> channels
//!                                      (folded, escalated, ended)        (in order, tried again)
//! ```
//!
//! Nothing that trades writes an alert: they are derived from the ledger by whoever looks next, the
//! [`notifier`]'s thread of a running agent or a oneshot. What an event says and the place up to which
//! events were looked at are one transaction: an alert is in the outbox exactly once, whoever dies when.
//! A channel is told at least once, in order: a message goes out before it is marked as delivered.
//!
//! | what | bound |
//! |---|---|
//! | messages about one thing | a floor for each severity; what happens meanwhile is counted and told then |
//! | the outbox, for each channel | [`outbox::PENDING_MAX`]; the least severe and oldest go first, critical ones never |
//! | tries | 1 s, doubling to 5 min, as long as the channel asks; a message is given up after a day |
//! | one attempt | `alerts.request_timeout` |
//! | a stop of the agent | [`notifier::DRAIN`] |

pub mod blind;
pub mod channels;
pub mod chat;
pub mod credentials;
pub mod dead_man;
pub mod deliver;
pub mod derive;
pub mod floors;
pub mod job_signal;
pub mod notification;
pub mod notifier;
pub mod outbox;
pub mod probe;
pub mod rules;
pub mod signal;
pub mod topic;

#[cfg(test)]
mod tests;
