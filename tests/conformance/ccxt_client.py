"""ccxt against an exchange: nothing of it is changed but its addresses."""

from decimal import Decimal

import ccxt
import ccxt.pro

from checking import eventually, exact, holds, same

# The pair of most checks, and the one that must stay untouched by them.
PAIR, ID = "BTC/USDT", "BTC-USDT"
OTHER, OTHER_ID = "ETH/USDT", "ETH-USDT"
# ccxt's own default is 10 s. Only the first look at a whole day of all pairs takes seconds, and that of
# a debug build on a busy machine.
TIMEOUT_MS = 25_000


def connect(kind, exchange, **more):
    """A ccxt client: `ccxt.kucoin`, or `ccxt.pro.kucoin` for websockets."""
    client = kind({"timeout": TIMEOUT_MS, **more})
    for name, value in client.urls["api"].items():
        if isinstance(value, str):
            client.urls["api"][name] = exchange.base_url
    return client


def keys(exchange):
    """The account's credentials, as ccxt calls them."""
    return {"apiKey": exchange.key, "secret": exchange.secret, "password": exchange.passphrase}


def with_keys(exchange, **more):
    """A client of the account, for REST."""
    return connect(ccxt.kucoin, exchange, **keys(exchange), **more)


def without_keys(exchange):
    """A client of nobody, for REST."""
    return connect(ccxt.kucoin, exchange)


def streaming(exchange, private=True):
    """A client for websockets."""
    return connect(ccxt.pro.kucoin, exchange, **(keys(exchange) if private else {}))


def balances(client):
    """Total and held amounts by currency, from an answer whose two readings agree."""
    answer = client.fetch_balance()
    found = {}
    for row in answer["info"]["data"]:
        total, free, used = (exact(row[field]) for field in ("balance", "available", "holds"))
        same(f"{row['currency']}: available plus holds", free + used, total)
        read = answer[row["currency"]]
        for name, value in (("total", total), ("free", free), ("used", used)):
            same(f"{row['currency']} {name} as ccxt reads it", read[name], float(value))
        found[row["currency"]] = (total, used)
    return found


def moved(before, after):
    """What changed between two balances: totals and holds by currency, without zeros."""
    nothing = (Decimal(0), Decimal(0))
    changes = {}
    for currency in sorted({*before, *after}):
        old, new = before.get(currency, nothing), after.get(currency, nothing)
        if old != new:
            changes[currency] = (new[0] - old[0], new[1] - old[1])
    return changes


def touch(client, symbol):
    """Best bid and ask with their sizes, exactly."""
    book = client.fetch_order_book(symbol, 20)
    (bid, bid_size, *_), (ask, ask_size, *_) = book["bids"][0], book["asks"][0]
    return exact(bid), exact(bid_size), exact(ask), exact(ask_size)


def finished(client, order_id, symbol, seconds=10.0):
    """An order once it is over."""

    def look():
        order = client.fetch_order(order_id, symbol)
        return order if order["status"] != "open" else None

    return eventually(f"order {order_id} is over", look, seconds)


def fills(client, order, symbol, liquidity="taker"):
    """The fills of an order that is over, which are checked to be all of it."""
    trades = client.fetch_order_trades(order["id"], symbol)
    rate = client.market(symbol)[liquidity]
    for trade in trades:
        same("a fill's order", trade["order"], order["id"])
        same("a fill's pair", trade["symbol"], symbol)
        same("a fill's side", trade["side"], order["side"])
        same("a fill's role", trade["takerOrMaker"], liquidity)
        same("a fill's type", trade["type"], order["type"])
        raw = trade["info"]
        price, size, funds, fee = (exact(raw[name]) for name in ("price", "size", "funds", "fee"))
        same("price times size of a fill", price * size, funds)
        same("the fee of a fill", fee, funds * exact(rate))
        same("the fee's currency", trade["fee"]["currency"], client.market(symbol)["quote"])
        same("the fee's rate", exact(trade["fee"]["rate"]), exact(rate))
    ids = [trade["id"] for trade in trades]
    same("the number of different fills", len(set(ids)), len(ids))
    raw = order["info"]
    for what, name in (("size", "dealSize"), ("funds", "dealFunds"), ("fee", "fee")):
        total = sum((exact(trade["info"][what]) for trade in trades), Decimal(0))
        same(f"the fills' {what} in all", total, exact(raw[name]))
    return trades


def settled(client, order, symbol, liquidity="taker"):
    """What an order that is over moved, by its fills: as `moved` tells it."""
    fills(client, order, symbol, liquidity)
    size, funds, fee = (exact(order["info"][name]) for name in ("dealSize", "dealFunds", "fee"))
    base, quote = client.market(symbol)["base"], client.market(symbol)["quote"]
    zero = Decimal(0)
    if size == zero:
        return {}
    if order["side"] == "buy":
        return {base: (size, zero), quote: (-funds - fee, zero)}
    return {base: (-size, zero), quote: (funds - fee, zero)}


def is_order(order, **expected):
    """Checks an order's fields: numbers as decimals, everything else as it is."""
    for name, value in expected.items():
        got = order[name]
        if isinstance(got, (int, float)) and not isinstance(got, bool):
            got, value = exact(got), exact(value)
        same(f"{name} of the order", got, value)
    raw = order["info"]
    size, deal = exact(raw["size"]), exact(raw["dealSize"])
    rest = exact(raw["remainSize"]) + exact(raw["cancelledSize"])
    if size != 0:
        same("what was dealt, remains and was cancelled, in all", deal + rest, size)
    same("an order that is over is not in the book", raw["active"] or not raw["inOrderBook"], True)
    holds("an order is never updated before it is made", raw["lastUpdatedAt"] >= raw["createdAt"])
    return order
