//! stub
use crate::exchange::kucoin::protocol::order_push::OrderPush;
use crate::exchange::kucoin::protocol::balance_push::BalancePush;
/// e
#[derive(Debug)]
pub enum PrivateEvent {
    /// u
    Up,
    /// d
    Down {
        /// r
        reason: String
    },
    /// o
    Order(OrderPush<'static>),
    /// b
    Balance(BalancePush<'static>),
}
/// s
#[derive(Debug)]
pub struct PrivateChannel;
impl PrivateChannel {
    /// n
    pub fn next(&mut self) -> Option<PrivateEvent> { None }
}
