//! ibis: a systemd-native spot trading agent. This page is its architecture.
//!
//! # Bird's eye
//!
//! ```text
//! market (files, seeded)                      venue (exchange::paper, its own durable account)
//!        | events                                  ^ Approved orders      | execution reports
//!        v                                         |                      v
//!   agent::session  --- Event, now --->  engine::Engine::step  --- Action ---> perform
//!        |                                                                      |
//!        | proof of work                                                        | facts, projections
//!        v                                                                      v
//!   systemd (READY, WATCHDOG, journal)                             store (ibis.db, state.json)
//!                                                                               ^
//!                              ops (healthcheck, exec-integrity, kpi, ...) -----+
//!
//!   http: a thread of its own shows what agent::session last published, and takes orders to the spool
//!   alerts: what the ledger says, to a person: an outbox in the ledger, a thread of its own
//!   recorder: every Event goes to recorder/ on its way in; `ibis replay` tells it to the engine again
//! ```
//!
//! The line that decides whether an order may be sent is [`risk::permit::permit_entry`].
//!
//! # Who may know whom
//!
//! Imports point one way: [`domain`] <- [`strategy`], [`risk`] <- [`engine`] <- [`agent`], [`ops`] <-
//! [`cli`]; [`exchange`], [`store`], [`market`], [`config`], [`systemd`] are the outside world, know
//! `domain` and not each other; [`net`] and [`secret`] serve whoever speaks to another machine;
//! [`recorder`] stands between [`agent`] and [`engine`], [`http`] between [`agent`] and who asks,
//! [`alerts`] between [`store`] and whoever starts it; [`monitoring`] turns what [`http`] shows into rules
//! for Prometheus. A test holds the table.
//!
//! # Invariants
//!
//! 1. The engine does no I/O and reads no clock: same events, same actions.
//! 2. An order's intent is durable before the order is sent. Its client order id is a function of
//!    (instance, run, sequence): sending it again is idempotent.
//! 3. Only [`risk::approval::Approved`] orders can be sent, and only [`risk::permit`] makes them.
//! 4. A lost answer is unresolved, never rejected; only the venue settles it.
//! 5. One writer to the ledger: the agent. Oneshots read, or write a few rows of their own.
//! 6. A watchdog ping means: the loop turned, the data is fresh, the ledger is writable.
//! 7. Nothing but systemd starts, stops or kills processes; the one exception is the program of
//!    `alerts.command`, a child with a bounded life.
//! 8. Money is never a float, and every rounding is named.
//! 9. What the engine is told is on record before the ledger has what followed from it.
//! 10. Every queue, batch, cache and history has a bound with a name.

pub mod agent;
pub mod alerts;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod durable;
pub mod engine;
pub mod exchange;
pub mod histogram;
pub mod http;
pub mod market;
pub mod monitoring;
pub mod net;
pub mod ops;
pub mod recorder;
pub mod risk;
pub mod secret;
pub mod store;
pub mod strategy;
pub mod systemd;
