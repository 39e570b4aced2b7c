//! The stamp an order needs on its way to a venue.

/// Something the risk check let through. Only [`super::permit`] makes one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    pub(super) fn new(value: T) -> Self {
        Self(value)
    }

    /// What was approved.
    pub fn get(&self) -> &T {
        &self.0
    }
}
