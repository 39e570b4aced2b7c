//! stub
use std::time::Duration;
use crate::domain::market_data::MarketEvent;
/// f
#[derive(Debug)]
pub struct Feed;
impl Feed {
    /// n
    pub fn next(&mut self) -> Option<MarketEvent> { None }
    /// c
    pub fn count(&self) -> crate::market::FeedCount { crate::market::FeedCount::default() }
    /// r
    pub fn received_at(&self) -> Duration { Duration::ZERO }
}
