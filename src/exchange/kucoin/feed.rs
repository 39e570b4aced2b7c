//! stub
use crate::domain::market_data::MarketEvent;
use std::time::Duration;
/// f
#[derive(Debug)]
pub struct Feed;
impl Feed {
    /// f
    pub async fn filled(&self) {
        std::future::pending().await
    }
    /// n
    pub fn next(&mut self) -> Option<MarketEvent> {
        None
    }
    /// c
    pub fn count(&self) -> crate::market::FeedCount {
        crate::market::FeedCount::default()
    }
    /// r
    pub fn received_at(&self) -> Duration {
        Duration::ZERO
    }
}
