"""ccxt, market data by REST: with keys, and without."""

import contextlib
import time
from types import SimpleNamespace

import ccxt

from ccxt_client import ID, OTHER, PAIR, balances, with_keys, without_keys
from checking import Suite, ascending, eventually, exact, holds, refused, same, whole

suite = Suite("ccxt", arguments=["--seed", "1", "--speed", "20"])

# The synthetic market's pairs.
PAIRS = 10
# What the venue's lowest tier pays in class A.
BASE_FEE = "0.001"
MINUTE_MS = 60_000


@suite.setup
@contextlib.contextmanager
def clients(exchange):
    yield SimpleNamespace(
        exchange=exchange, nobody=without_keys(exchange), account=with_keys(exchange)
    )


@suite.check
def load_markets_without_keys(it):
    markets = it.nobody.load_markets()
    same("the number of pairs", len(markets), PAIRS)
    rates = set()
    for symbol, market in markets.items():
        raw = market["info"]
        same("the symbol", symbol, f"{raw['baseCurrency']}/{raw['quoteCurrency']}")
        same("the id", market["id"], raw["symbol"])
        same("active", market["active"], raw["enableTrading"])
        holds("it is a spot pair", market["spot"] and market["type"] == "spot")
        for path, name in (
            (("precision", "amount"), "baseIncrement"),
            (("precision", "price"), "priceIncrement"),
            (("limits", "amount", "min"), "baseMinSize"),
            (("limits", "amount", "max"), "baseMaxSize"),
            (("limits", "cost", "min"), "quoteMinSize"),
            (("limits", "cost", "max"), "quoteMaxSize"),
        ):
            value = market
            for key in path:
                value = value[key]
            same(f"{symbol} {'.'.join(path)}", exact(value), exact(raw[name]))
        for role in ("maker", "taker"):
            coefficient = exact(raw[f"{role}FeeCoefficient"])
            same(f"{symbol} {role}", exact(market[role]), exact(BASE_FEE) * coefficient)
        rates.add(exact(market["taker"]))
    btc = markets[PAIR]
    same("the amount's step", exact(btc["precision"]["amount"]), exact("0.00001"))
    same("the price's step", exact(btc["precision"]["price"]), exact("0.1"))
    return f"{PAIRS} pairs, taker rates {', '.join(str(rate) for rate in sorted(rates))}"


@suite.check
def load_markets_with_keys(it):
    markets = it.account.load_markets()
    same("the pairs", sorted(markets), sorted(it.nobody.markets))
    same("the account is of the high-frequency kind", it.account.options["hf"], True)
    same("the account is a unified one", it.account.options.get("uta"), False)
    return "the same pairs; classic account, high-frequency orders"


@suite.check
def fetch_currencies(it):
    currencies = it.nobody.fetch_currencies()
    used = {market[side] for market in it.nobody.markets.values() for side in ("base", "quote")}
    same("currencies that are missing", used - set(currencies), set())
    for code in used:
        precision = currencies[code]["info"]["precision"]
        same(
            f"{code} precision", exact(currencies[code]["precision"]), exact(10) ** -int(precision)
        )
    return f"{len(currencies)}, all of the pairs among them"


@suite.check
def fetch_time(it):
    before = time.time() * 1000
    told = it.nobody.fetch_time()
    after = time.time() * 1000
    holds(f"{told} is between {before:.0f} and {after:.0f}", before - 1 <= told <= after + 1)
    return "the wall clock, though the market runs faster"


@suite.check
def fetch_status(it):
    same("the status", it.nobody.fetch_status()["status"], "ok")
    return "ok"


@suite.check
def fetch_ticker(it):
    ticker = it.nobody.fetch_ticker(PAIR)
    check_ticker(it.nobody, ticker)
    raw = ticker["info"]
    same("the change", exact(ticker["change"]), exact(raw["changePrice"]))
    same("the percentage", exact(ticker["percentage"]), exact(raw["changeRate"]) * 100)
    rate = exact(raw["changePrice"]) / (exact(raw["last"]) - exact(raw["changePrice"]))
    holds(
        "the rate of change is that of the prices",
        abs(rate - exact(raw["changeRate"])) <= exact("0.0001"),
    )
    average = exact(raw["volValue"]) / exact(raw["vol"])
    holds(
        "the average is turnover by volume",
        abs(average - exact(raw["averagePrice"])) <= exact("0.000001"),
    )
    return f"last {ticker['last']}, {ticker['percentage']} % in 24 h, volume {ticker['baseVolume']}"


@suite.check
def fetch_tickers(it):
    tickers = it.nobody.fetch_tickers()
    same("the pairs", sorted(tickers), sorted(it.nobody.markets))
    for ticker in tickers.values():
        check_ticker(it.nobody, ticker)
    return f"{len(tickers)}, each bid below its ask, each last price within the day's range"


def check_ticker(client, ticker):
    symbol = ticker["symbol"]
    step = client.markets[symbol]["info"]["priceIncrement"]
    for name in ("bid", "ask", "last", "high", "low"):
        whole(f"{symbol} {name}", ticker[name], step)
    holds(f"{symbol} bid below ask", ticker["bid"] < ticker["ask"])
    holds(f"{symbol} last within the range", ticker["low"] <= ticker["last"] <= ticker["high"])
    holds(f"{symbol} traded", ticker["baseVolume"] > 0 and ticker["quoteVolume"] > 0)
    holds(
        f"{symbol} average within the range", ticker["low"] <= ticker["average"] <= ticker["high"]
    )


@suite.check
def fetch_order_book_20_and_100(it):
    seen = []
    for limit in (20, 100):
        book = it.nobody.fetch_order_book(PAIR, limit)
        check_book(it.nobody, book, limit)
        seen.append(book)
    ascending("the sequence", [book["nonce"] for book in seen])
    holds("the sequence is one", seen[0]["nonce"] > 0)
    return " and ".join(f"{len(book['bids'])}+{len(book['asks'])}" for book in seen) + " levels"


@suite.check
def fetch_order_book_full(it):
    public = it.nobody.fetch_order_book(PAIR)
    check_book(it.nobody, public, 100)
    full = it.account.fetch_order_book(PAIR)
    check_book(it.account, full, None)

    def at_once():
        part, all_ = it.nobody.fetch_order_book(PAIR, 100), it.account.fetch_order_book(PAIR)
        return (part, all_) if part["nonce"] == all_["nonce"] else None

    part, full = eventually("two books of one sequence", at_once)
    for side in ("bids", "asks"):
        same(f"the best {side}", part[side], full[side][: len(part[side])])
    return f"{len(full['bids'])}+{len(full['asks'])} levels, equal to the part at its sequence"


def check_book(client, book, limit):
    raw = client.market(book["symbol"])["info"]
    bids, asks = book["bids"], book["asks"]
    holds("both sides have levels", bids and asks)
    holds("it is no longer than asked", limit is None or max(len(bids), len(asks)) <= limit)
    ascending("asks", [level[0] for level in asks], strictly=True)
    ascending("bids backwards", [level[0] for level in reversed(bids)], strictly=True)
    holds("it is not crossed", bids[0][0] < asks[0][0])
    for price, size, *_ in bids + asks:
        whole("a price", price, raw["priceIncrement"])
        whole("a size", size, raw["baseIncrement"])
        holds("a level is not empty", size > 0)


@suite.check
def fetch_trades(it):
    raw = it.nobody.market(PAIR)["info"]
    eventually("ten trades", lambda: len(it.nobody.fetch_trades(PAIR)) >= 10)
    trades = it.nobody.fetch_trades(PAIR)
    ascending("times", [trade["timestamp"] for trade in trades])
    ids = [int(trade["info"]["sequence"]) for trade in trades]
    ascending("sequences", ids, strictly=True)
    for trade in trades:
        same("the pair", trade["symbol"], PAIR)
        holds("a side", trade["side"] in ("buy", "sell"))
        whole("a price", trade["price"], raw["priceIncrement"])
        whole("an amount", trade["amount"], raw["baseIncrement"])
        # ccxt multiplies nanoseconds by a float, and cuts: a whole millisecond may come out one less.
        behind = int(trade["info"]["time"]) // 1_000_000 - trade["timestamp"]
        holds(f"time in ms, {behind} behind", behind in (0, 1))
    later = it.nobody.fetch_trades(PAIR)
    overlap = [trade for trade in later if int(trade["info"]["sequence"]) in set(ids)]
    same(
        "what both answers have",
        [t["info"] for t in overlap],
        [t["info"] for t in trades][-len(overlap) :],
    )
    return f"{len(trades)}, in order, the same when asked again"


@suite.check
def fetch_ohlcv(it):
    now = it.nobody.fetch_trades(PAIR)[-1]["timestamp"]
    since = now // (10 * MINUTE_MS) * 10 * MINUTE_MS - 60 * MINUTE_MS
    until = {"endAt": (since + 60 * MINUTE_MS) // 1000}
    minutes = it.nobody.fetch_ohlcv(PAIR, "1m", since, 100, until)
    fives = it.nobody.fetch_ohlcv(PAIR, "5m", since, 100, until)
    for candles, length in ((minutes, MINUTE_MS), (fives, 5 * MINUTE_MS)):
        ascending("starts", [candle[0] for candle in candles], strictly=True)
        for start, opened, high, low, closed, volume in candles:
            same("the start is whole", start % length, 0)
            holds("the start is in range", since <= start <= since + 60 * MINUTE_MS)
            holds(
                "low, open, close, high are in order",
                low <= min(opened, closed) <= max(opened, closed) <= high,
            )
            holds("it traded", volume > 0)
    holds("most minutes traded", len(minutes) >= 55)
    holds("all fives traded", len(fives) >= 12)
    for five in fives[:12]:
        parts = [m for m in minutes if five[0] <= m[0] < five[0] + 5 * MINUTE_MS]
        whole_ = [
            five[0],
            parts[0][1],
            max(m[2] for m in parts),
            min(m[3] for m in parts),
            parts[-1][4],
            sum(exact(m[5]) for m in parts),
        ]
        same("five minutes as one candle", [*five[:5], exact(five[5])], whole_)
    return f"{len(minutes)} minutes; {len(fives)} of five minutes are the minutes put together"


@suite.check
def fetch_ohlcv_of_every_length(it):
    for timeframe in (
        "1m",
        "3m",
        "5m",
        "15m",
        "30m",
        "1h",
        "2h",
        "4h",
        "6h",
        "8h",
        "12h",
        "1d",
        "1w",
    ):
        length = it.nobody.parse_timeframe(timeframe) * 1000
        since = int(time.time() * 1000) - 5 * length
        candles = it.nobody.fetch_ohlcv(OTHER, timeframe, since, 5)
        holds(f"{timeframe}: 3 to 6 candles, not {len(candles)}", 3 <= len(candles) <= 6)
        ascending(f"{timeframe}: starts", [candle[0] for candle in candles], strictly=True)
        holds(f"{timeframe}: all after the start", candles[0][0] >= since - length)
    return "13 lengths, minutes to weeks"


@suite.check
def fetch_balance_of_a_fresh_account(it):
    same("the file that was made", it.exchange.balances, {"USDT": exact(10_000)})
    same("the balances", balances(it.account), {"USDT": (exact(10_000), exact(0))})
    return "10000 USDT, from the file the exchange made"


@suite.check
def fetch_trading_fee(it):
    for symbol in ("BTC/USDT", "ARB/USDT", "HOT/USDT"):
        fee = it.account.fetch_trading_fee(symbol)
        for role in ("maker", "taker"):
            same(f"{symbol} {role}", exact(fee[role]), exact(it.account.market(symbol)[role]))
    return "as the markets say, for classes A, B and C"


@suite.check
def fetch_accounts(it):
    accounts = it.account.fetch_accounts()
    same("the currencies", [account["code"] for account in accounts], ["USDT"])
    holds("it has an id", accounts[0]["id"])
    return f"one, {accounts[0]['type']}"


@suite.check
def unknown_paths_and_pairs(it):
    refused(ccxt.BadSymbol, it.nobody.fetch_ticker, "NOPE/USDT")
    refused(ccxt.ExchangeError, it.nobody.public_get_market_stats, {"symbol": "NOPE-USDT"})
    refused(
        ccxt.NotSupported,
        it.nobody.public_get_mark_price_symbol_current,
        {"symbol": ID},
        words="404000",
    )
    return "BadSymbol, and the venue's own refusals"
