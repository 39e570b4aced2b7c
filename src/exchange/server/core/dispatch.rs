//! Which call is answered where.

use crate::exchange::kucoin::protocol::endpoint::{Endpoint, Permission};
use crate::exchange::kucoin::protocol::refusal;
use crate::exchange::server::answer::{Answer, Call};

use super::Core;
use super::denial::Denial;

type Handler = fn(&mut Core, &Call<'_>) -> Result<String, Denial>;

/// Every endpoint that is answered here. Tokens are the transport's; the older endpoints have been
/// switched off for accounts of today, but for two that only show other versions of the same.
const HANDLERS: &[(Endpoint, Handler)] = &[
    (Endpoint::Place, Core::place_order),
    (Endpoint::PlaceSync, Core::place_order_sync),
    (Endpoint::Cancel, Core::cancel_order),
    (Endpoint::CancelByClientId, Core::cancel_by_client_id),
    (Endpoint::CancelSync, Core::cancel_order_sync),
    (Endpoint::CancelByClientIdSync, Core::cancel_by_client_id_sync),
    (Endpoint::Order, Core::order),
    (Endpoint::OrderByClientId, Core::order_by_client_id),
    (Endpoint::OpenOrders, Core::open_orders),
    (Endpoint::OpenOrdersPage, Core::open_orders_page),
    (Endpoint::OpenSymbols, Core::open_symbols),
    (Endpoint::DoneOrders, Core::done_orders),
    (Endpoint::Fills, Core::own_fills),
    (Endpoint::PlaceTest, Core::place_test),
    (Endpoint::PlaceBatch, Core::place_batch),
    (Endpoint::PlaceBatchSync, Core::place_batch_sync),
    (Endpoint::Alter, Core::alter_order),
    (Endpoint::Reduce, Core::reduce_order),
    (Endpoint::CancelSymbol, Core::cancel_symbol),
    (Endpoint::CancelEverything, Core::cancel_everything),
    (Endpoint::DeadManSet, Core::set_dead_man),
    (Endpoint::DeadManQuery, Core::dead_man),
    (Endpoint::StopPlace, Core::place_stop),
    (Endpoint::StopList, Core::stop_orders),
    (Endpoint::StopOrder, Core::stop_order),
    (Endpoint::StopByClientId, Core::stop_by_client_id),
    (Endpoint::StopCancel, Core::cancel_stop_order),
    (Endpoint::StopCancelByClientId, Core::cancel_stop_by_client_id),
    (Endpoint::StopCancelSeveral, Core::cancel_stops),
    (Endpoint::ServerTime, Core::server_time),
    (Endpoint::ServiceStatus, Core::service_status),
    (Endpoint::Announcements, Core::announcements),
    (Endpoint::Currencies, Core::currencies),
    (Endpoint::Currency, Core::currency),
    (Endpoint::Symbols, Core::symbols),
    (Endpoint::Symbol, Core::symbol),
    (Endpoint::AllTickers, Core::all_tickers),
    (Endpoint::Level1, Core::level1),
    (Endpoint::Stats, Core::stats),
    (Endpoint::Trades, Core::trades),
    (Endpoint::Candles, Core::candles),
    (Endpoint::BookPart, Core::book_part),
    (Endpoint::BookFull, Core::book_full),
    (Endpoint::AuctionBook, Core::auction),
    (Endpoint::AuctionData, Core::auction),
    (Endpoint::Markets, Core::groups),
    (Endpoint::FiatPrices, Core::fiat_prices),
    (Endpoint::OwnAddress, Core::own_address),
    (Endpoint::ApiKey, Core::api_key),
    (Endpoint::UserInfo, Core::user_info),
    (Endpoint::AccountsOpened, Core::accounts_opened),
    (Endpoint::Accounts, Core::accounts),
    (Endpoint::Account, Core::one_account),
    (Endpoint::LedgersHf, Core::ledgers),
    (Endpoint::Ledgers, Core::old_ledgers),
    (Endpoint::Transferable, Core::transferable),
    (Endpoint::BaseFee, Core::base_fee),
    (Endpoint::TradeFees, Core::trade_fees),
    (Endpoint::Contracts, Core::nothing),
    (Endpoint::MarginSymbols, Core::margin_symbols),
    (Endpoint::IsolatedSymbols, Core::nothing),
    (Endpoint::AccountMode, Core::account_mode),
    (Endpoint::OldSymbols, Core::symbols),
    (Endpoint::OldCurrencies, Core::currencies),
];

impl Core {
    /// Answers a call, at the market's time that the exchange was brought to. What it did is over, and
    /// its pushes wait, when this returns.
    pub fn answer(&mut self, call: &Call<'_>) -> Answer {
        match self.dispatch(call) {
            Ok(body) => Answer { http_status: 200, body },
            Err(denial) => denial.answer(),
        }
    }

    fn dispatch(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let permitted = match call.endpoint.permission() {
            Permission::None => true,
            Permission::General => self.account.permits("General"),
            Permission::Spot => self.account.permits("Spot"),
        };
        if !permitted {
            return Err(refusal::PERMISSION.into());
        }
        let handler = HANDLERS.iter().find(|(endpoint, _)| *endpoint == call.endpoint);
        match handler {
            Some((_, handler)) => handler(self, call),
            None => Err(refusal::ROUTE.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_answered_here_is_the_transports_or_old() {
        let others = Endpoint::all().filter(|it| !HANDLERS.iter().any(|(known, _)| known == it));
        for endpoint in others {
            let tokens = [Endpoint::BulletPublic, Endpoint::BulletPrivate];
            let old = format!("{endpoint:?}").starts_with("Old");
            assert!(old || tokens.contains(&endpoint), "{endpoint:?}");
        }
        for (index, (endpoint, _)) in HANDLERS.iter().enumerate() {
            let first = HANDLERS.iter().position(|(known, _)| known == endpoint);
            assert_eq!(first, Some(index), "{endpoint:?} twice");
        }
    }
}
