//! Series that make a rule fire, and series that must not.
//!
//! In promtool's words: a sample a minute, the first at the beginning of time; `a+bxn` is a, a+b, and so on
//! n times, `_` no sample. Ages count from that beginning.

mod keeping;
mod money;
mod network;
mod process;
mod standing;

/// What a rule is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Should {
    Fire,
    Stay,
}

/// A rule, what it is to do, when, and by which series; `job` and `instance` are added to each.
pub type Case = (&'static str, Should, &'static str, &'static [(&'static str, &'static str)]);

/// Every case.
pub fn all() -> Vec<Case> {
    [process::CASES, standing::CASES, network::CASES, money::CASES, keeping::CASES].concat()
}
