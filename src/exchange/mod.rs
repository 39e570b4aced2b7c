//! Outside world: venues. The port that orders go through, and who serves it.
//!
//! [`Venue`] takes nothing but [`Approved`] orders: the risk check is the only way here.

pub mod kucoin;
pub mod paper;
pub mod server;

use crate::domain::identifier::ClientOrderId;
use crate::domain::order::NewOrder;
use crate::domain::time::Timestamp;
use crate::risk::approval::Approved;

/// Where orders and cancels are sent. Answers come back as execution reports.
pub trait Venue {
    /// Sends an order, whose intent is in the ledger already.
    fn submit(&mut self, order: &Approved<NewOrder>, now: Timestamp);

    /// Asks for the cancel of an order.
    fn cancel(&mut self, client_order_id: ClientOrderId, now: Timestamp);

    /// Asks for the cancel of everything the account has at work, whoever sent it.
    fn cancel_all(&mut self, now: Timestamp);
}

impl Venue for paper::PaperVenue {
    fn submit(&mut self, order: &Approved<NewOrder>, now: Timestamp) {
        Self::submit(self, order.get(), now);
    }

    fn cancel(&mut self, client_order_id: ClientOrderId, now: Timestamp) {
        Self::cancel(self, client_order_id, now);
    }

    fn cancel_all(&mut self, now: Timestamp) {
        let open: Vec<ClientOrderId> =
            self.open_orders().map(|order| order.client_order_id).collect();
        for id in open {
            Self::cancel(self, id, now);
        }
    }
}
