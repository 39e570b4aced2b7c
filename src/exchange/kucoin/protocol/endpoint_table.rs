//! Every endpoint in one table: method, path, pool, weight and permission of the official specification.

use super::endpoint::{Method, Permission, Pool, Row};

/// Declares the endpoints and their rows, in one order.
macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident = $method:ident $path:literal, $pool:ident $weight:literal, $permission:ident;)*) => {
        /// An endpoint of KuCoin's REST interface.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Endpoint {
            $($(#[$doc])* $name,)*
        }

        /// A row an endpoint, in the order of [`Endpoint`].
        pub(super) const ROWS: &[Row] = &[$(
            Row::new(
                Endpoint::$name,
                (Method::$method, $path),
                (Pool::$pool, $weight),
                Permission::$permission,
            ),
        )*];
    };
}

endpoints! {
    /// Server time.
    ServerTime = Get "/api/v1/timestamp", Public 3, None;
    /// Service state.
    ServiceStatus = Get "/api/v1/status", Public 3, None;
    /// Announcements.
    Announcements = Get "/api/v3/announcements", Public 20, None;
    /// Currencies.
    Currencies = Get "/api/v3/currencies", Public 3, None;
    /// One currency.
    Currency = Get "/api/v3/currencies/{currency}", Public 3, None;
    /// All pairs.
    Symbols = Get "/api/v2/symbols", Public 4, None;
    /// One pair.
    Symbol = Get "/api/v2/symbols/{symbol}", Public 4, None;
    /// All tickers.
    AllTickers = Get "/api/v1/market/allTickers", Public 15, None;
    /// Best bid and ask.
    Level1 = Get "/api/v1/market/orderbook/level1", Public 2, None;
    /// 24 hours of one pair.
    Stats = Get "/api/v1/market/stats", Public 15, None;
    /// Public trades.
    Trades = Get "/api/v1/market/histories", Public 3, None;
    /// Candles.
    Candles = Get "/api/v1/market/candles", Public 3, None;
    /// The first 20 or 100 levels of the book.
    BookPart = Get "/api/v1/market/orderbook/level2_{size}", Public 2, None;
    /// The whole book.
    BookFull = Get "/api/v3/market/orderbook/level2", Spot 3, General;
    /// The book of an opening auction.
    AuctionBook = Get "/api/v1/market/orderbook/callauction/level2_{size}", Public 2, None;
    /// The indication of an opening auction.
    AuctionData = Get "/api/v1/market/callauctionData", Public 2, None;
    /// Market groups.
    Markets = Get "/api/v1/markets", Public 3, None;
    /// Fiat prices.
    FiatPrices = Get "/api/v1/prices", Public 3, None;
    /// The caller's address.
    OwnAddress = Get "/api/v1/my-ip", Public 0, None;
    /// Websocket token, public.
    BulletPublic = Post "/api/v1/bullet-public", Public 10, None;
    /// Websocket token, private.
    BulletPrivate = Post "/api/v1/bullet-private", Spot 10, General;
    /// About the key in use.
    ApiKey = Get "/api/v1/user/api-key", Management 20, General;
    /// Account summary.
    UserInfo = Get "/api/v2/user-info", Management 20, General;
    /// Whether the account trades high frequency.
    AccountsOpened = Get "/api/v1/hf/accounts/opened", Spot 30, General;
    /// Balances.
    Accounts = Get "/api/v1/accounts", Management 5, General;
    /// One balance.
    Account = Get "/api/v1/accounts/{accountId}", Management 5, General;
    /// Ledger of the high-frequency account.
    LedgersHf = Get "/api/v1/hf/accounts/ledgers", Spot 2, General;
    /// Ledger of the main and old trade accounts.
    Ledgers = Get "/api/v1/accounts/ledgers", Management 2, General;
    /// Movable amount.
    Transferable = Get "/api/v1/accounts/transferable", Management 20, General;
    /// The tier's fee rates.
    BaseFee = Get "/api/v1/base-fee", Spot 3, General;
    /// The fee rates of up to 10 pairs.
    TradeFees = Get "/api/v1/trade-fees", Spot 3, General;
    /// Places an order.
    Place = Post "/api/v1/hf/orders", Spot 1, Spot;
    /// Places an order and waits for its matching.
    PlaceSync = Post "/api/v1/hf/orders/sync", Spot 1, Spot;
    /// Checks an order and places nothing.
    PlaceTest = Post "/api/v1/hf/orders/test", Spot 1, Spot;
    /// Places several orders.
    PlaceBatch = Post "/api/v1/hf/orders/multi", Spot 1, Spot;
    /// Places several orders and waits.
    PlaceBatchSync = Post "/api/v1/hf/orders/multi/sync", Spot 1, Spot;
    /// Replaces an order.
    Alter = Post "/api/v1/hf/orders/alter", Spot 1, Spot;
    /// Cancels by id.
    Cancel = Delete "/api/v1/hf/orders/{orderId}", Spot 1, Spot;
    /// Cancels by client order id.
    CancelByClientId = Delete "/api/v1/hf/orders/client-order/{clientOid}", Spot 1, Spot;
    /// Cancels by id and waits.
    CancelSync = Delete "/api/v1/hf/orders/sync/{orderId}", Spot 1, Spot;
    /// Cancels by client order id and waits.
    CancelByClientIdSync = Delete "/api/v1/hf/orders/sync/client-order/{clientOid}", Spot 1, Spot;
    /// Takes a size off an order.
    Reduce = Delete "/api/v1/hf/orders/cancel/{orderId}", Spot 2, Spot;
    /// Cancels every order of a pair.
    CancelSymbol = Delete "/api/v1/hf/orders", Spot 2, Spot;
    /// Cancels every order.
    CancelEverything = Delete "/api/v1/hf/orders/cancelAll", Spot 30, Spot;
    /// One order.
    Order = Get "/api/v1/hf/orders/{orderId}", Spot 2, General;
    /// One order by client order id.
    OrderByClientId = Get "/api/v1/hf/orders/client-order/{clientOid}", Spot 2, General;
    /// Open orders of a pair.
    OpenOrders = Get "/api/v1/hf/orders/active", Spot 2, General;
    /// Open orders of a pair, by page.
    OpenOrdersPage = Get "/api/v1/hf/orders/active/page", Spot 2, General;
    /// Pairs with open orders.
    OpenSymbols = Get "/api/v1/hf/orders/active/symbols", Spot 2, Spot;
    /// Done orders of a pair.
    DoneOrders = Get "/api/v1/hf/orders/done", Spot 2, General;
    /// Own fills.
    Fills = Get "/api/v1/hf/fills", Spot 2, General;
    /// Sets the dead man's switch.
    DeadManSet = Post "/api/v1/hf/orders/dead-cancel-all", Spot 2, Spot;
    /// Reads the dead man's switch.
    DeadManQuery = Get "/api/v1/hf/orders/dead-cancel-all/query", Spot 2, Spot;
    /// Places a stop order.
    StopPlace = Post "/api/v1/stop-order", Spot 1, Spot;
    /// Untriggered stop orders.
    StopList = Get "/api/v1/stop-order", Spot 8, General;
    /// One stop order.
    StopOrder = Get "/api/v1/stop-order/{orderId}", Spot 3, General;
    /// Stop orders of a client order id.
    StopByClientId = Get "/api/v1/stop-order/queryOrderByClientOid", Spot 3, General;
    /// Cancels a stop order.
    StopCancel = Delete "/api/v1/stop-order/{orderId}", Spot 3, Spot;
    /// Cancels a stop order by client order id.
    StopCancelByClientId = Delete "/api/v1/stop-order/cancelOrderByClientOid", Spot 5, Spot;
    /// Cancels several stop orders.
    StopCancelSeveral = Delete "/api/v1/stop-order/cancel", Spot 3, Spot;
    /// Futures contracts; other programs ask for them first. Its pool is not documented here.
    Contracts = Get "/api/v1/contracts/active", Public 3, None;
    /// Pairs of cross margin; other programs ask for them first.
    MarginSymbols = Get "/api/v3/margin/symbols", Public 3, None;
    /// Pairs of isolated margin; other programs ask for them first.
    IsolatedSymbols = Get "/api/v1/isolated/symbols", Spot 3, General;
    /// Classic or unified account. Its pool is its own; its weight is not documented.
    AccountMode = Get "/api/ua/v1/account/mode", Management 20, General;
    /// Old: places an order.
    OldPlace = Post "/api/v1/orders", Spot 2, Spot;
    /// Old: checks an order and places nothing.
    OldPlaceTest = Post "/api/v1/orders/test", Spot 2, Spot;
    /// Old: places several orders.
    OldPlaceBatch = Post "/api/v1/orders/multi", Spot 3, Spot;
    /// Old: cancels by id.
    OldCancel = Delete "/api/v1/orders/{orderId}", Spot 3, Spot;
    /// Old: cancels by client order id.
    OldCancelByClientId = Delete "/api/v1/order/client-order/{clientOid}", Spot 5, Spot;
    /// Old: cancels every order.
    OldCancelAll = Delete "/api/v1/orders", Spot 20, Spot;
    /// Old: orders, by page.
    OldOrders = Get "/api/v1/orders", Spot 2, General;
    /// Old: recent orders.
    OldRecentOrders = Get "/api/v1/limit/orders", Spot 3, General;
    /// Old: one order.
    OldOrder = Get "/api/v1/orders/{orderId}", Spot 2, General;
    /// Old: one order by client order id.
    OldOrderByClientId = Get "/api/v1/order/client-order/{clientOid}", Spot 3, General;
    /// Old: fills, by page.
    OldFills = Get "/api/v1/fills", Spot 10, General;
    /// Old: recent fills.
    OldRecentFills = Get "/api/v1/limit/fills", Spot 20, General;
    /// Old: pairs.
    OldSymbols = Get "/api/v1/symbols", Public 4, None;
    /// Old: currencies.
    OldCurrencies = Get "/api/v2/currencies", Public 3, None;
}
