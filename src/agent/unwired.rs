//! An operator's orders go nowhere yet.

use crate::http::operator::{Given, Operator, Outcome};

/// Takes no orders.
#[derive(Debug)]
pub(super) struct Unwired;

impl Operator for Unwired {
    fn submit(&self, _given: &Given) -> Result<(), String> {
        Err("this agent takes no orders".to_owned())
    }

    fn outcome(&self, _id: &str) -> Result<Option<Outcome>, String> {
        Ok(None)
    }
}
