//! Faults on purpose, from a plan: seeded and repeatable.
//!
#![doc = include_str!("plan.md")]

mod catalogue;
mod conditions;
mod dice;
mod fields;
mod glob;
mod injector;
mod kind;
mod plan;
mod rule;

pub use conditions::{ConditionWatch, Conditions};
pub use injector::{Injected, Injector, Instead, PushFaults, RequestFaults};
pub use kind::{CannedAnswer, Damage, Ending, Increments, Maintenance, QuotaHeaders, Transfer};
pub use plan::{Plan, PlanError};

/// How to write a plan, every kind of fault with an example: for the command's help.
pub const PLAN_HELP: &str = include_str!("plan.md");
