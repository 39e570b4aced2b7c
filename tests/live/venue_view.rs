//! The exchange's account as its owner sees it, asked without the agent.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use ibis::domain::decimal::Decimal;
use ibis::domain::time::Timestamp;
use ibis::exchange::kucoin::credentials::Credentials;
use ibis::exchange::kucoin::rest::{DoneQuery, Rest, RestSettings};

use super::trader::Trader;
use crate::exchange::process::Exchange;

/// What the exchange says.
#[derive(Debug)]
pub struct VenueView {
    /// Total and hold, by asset; what is nothing is left out.
    pub balances: BTreeMap<String, (Decimal, Decimal)>,
    /// Client order ids of the orders at work.
    pub open: Vec<String>,
    /// Symbol and trade id to size and fee.
    pub fills: BTreeMap<(String, String), (Decimal, Decimal)>,
    /// The symbols that were asked about.
    pub symbols: Vec<String>,
    /// Every client order id that ever came, done or open, and how often.
    pub orders: BTreeMap<String, u32>,
}

impl VenueView {
    /// Asks, again where a fault is in the way.
    pub fn ask(exchange: &Exchange, symbols: &[&str]) -> Self {
        let path = Path::new(exchange.ready["credentials_file"].as_str().unwrap());
        let credentials = Credentials::load(path, None).unwrap();
        let mut settings = RestSettings::new(exchange.ready["base_url"].as_str().unwrap()).unwrap();
        settings.answer_timeout = Duration::from_secs(2);
        let rest = Rest::new(settings, Some(&credentials));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, Self::gather(&rest, symbols))
    }

    async fn gather(rest: &Rest, symbols: &[&str]) -> Self {
        let accounts = rest.accounts().await.unwrap();
        let rows = accounts.iter().filter(|row| !row.balance.is_zero());
        let balances =
            rows.map(|row| (row.currency.to_string(), (row.balance, row.holds))).collect();
        let open = rest.all_open_orders().await.unwrap();
        let open: Vec<String> =
            open.iter().map(|order| order.client_oid.as_ref().unwrap().to_string()).collect();
        let mut orders: BTreeMap<String, u32> = BTreeMap::new();
        open.iter().for_each(|id| *orders.entry(id.clone()).or_default() += 1);
        let mut fills = BTreeMap::new();
        for symbol in symbols {
            let since = rest.venue_time() - Duration::from_secs(3_600);
            for fill in rest.fills_since(symbol, since).await.unwrap().fills {
                let key = ((*symbol).to_owned(), fill.trade_id.to_string());
                assert_eq!(fills.insert(key, (fill.size, fill.fee)), None);
            }
            let mut query = DoneQuery { start_at: Some(since), ..DoneQuery::default() };
            loop {
                let page = rest.done_orders(symbol, query).await.unwrap();
                let Some(last) = page.items.last() else { break };
                assert!(last.created_at >= Timestamp::default().ms());
                for order in &page.items {
                    let id = order.client_oid.as_ref().unwrap().to_string();
                    *orders.entry(id).or_default() += 1;
                }
                if query.last_id == Some(page.last_id) {
                    break;
                }
                query.last_id = Some(page.last_id);
            }
        }
        let symbols = symbols.iter().map(|symbol| (*symbol).to_owned()).collect();
        Self { balances, open, fills, symbols, orders }
    }

    /// Ledger, exchange and `state.json` say the same, to the last unit.
    #[track_caller]
    pub fn assert_agrees(&self, trader: &Trader) {
        self.assert_agrees_beside(trader, &[]);
    }

    /// The same where `others` are orders that somebody else placed. Fills are those of the symbols
    /// that were asked about.
    #[track_caller]
    pub fn assert_agrees_beside(&self, trader: &Trader, others: &[&str]) {
        let mut ledger = trader.balances();
        ledger.retain(|_, (total, _)| !total.is_zero());
        assert_eq!(ledger, self.balances, "ledger and exchange");
        let fills = trader.fills();
        let asked = fills.iter().filter(|((symbol, _), _)| self.symbols.contains(symbol));
        let ours: BTreeMap<_, _> =
            asked.map(|(key, (size, fee, _))| (key.clone(), (*size, *fee))).collect();
        assert_eq!(ours, self.fills, "fills of ledger and exchange");
        let state = trader.home.path("data/state.json");
        let state: serde_json::Value =
            serde_json::from_slice(&std::fs::read(state).unwrap()).unwrap();
        for (asset, (total, hold)) in &self.balances {
            let of = |what: &str| state["body"]["balances"][asset][what].as_str().unwrap();
            assert_eq!((of("total"), of("hold")), (&*total.to_string(), &*hold.to_string()));
        }
        assert!(self.orders.values().all(|count| *count == 1), "{:?}", self.orders);
        let intents = "SELECT count(*) FROM intents WHERE client_order_id = ?1";
        for id in self.orders.keys().filter(|id| !others.contains(&id.as_str())) {
            let known: i64 = trader.ledger().query_row(intents, [id], |row| row.get(0)).unwrap();
            assert_eq!(known, 1, "{id} is at the venue without an intent");
        }
    }
}
