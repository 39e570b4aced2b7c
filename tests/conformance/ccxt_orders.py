"""ccxt, orders and the account by REST: every number of what an order did, and of what it moved."""

import contextlib
from decimal import Decimal

import ccxt

from ccxt_client import (
    OTHER,
    PAIR,
    balances,
    finished,
    is_order,
    moved,
    settled,
    touch,
    with_keys,
)
from checking import Mismatch, Suite, eventually, exact, holds, refused, same

FUNDS = {"USDT": "1000000", "BTC": "2", "ETH": "20"}
suite = Suite("ccxt", arguments=["--seed", "2", "--speed", "20"], balances=FUNDS)

ZERO = Decimal(0)
# Its displayed size is worth little, so that an order can easily be larger.
THIN = "AVAX/USDT"
# Tries at what the market may move away from, and seconds until it is thought to have.
TRIES = 20
PATIENCE_SECONDS = 1.5


@suite.setup
@contextlib.contextmanager
def account(exchange):
    client = with_keys(exchange)
    client.load_markets()
    same(
        "the first balances",
        {name: total for name, (total, _) in balances(client).items()},
        exchange.balances,
    )
    yield client


@suite.after_failure
def no_orders_left(client):
    client.cancel_all_orders()
    client.cancel_all_orders(None, {"trigger": True})


def far(client, symbol, factor):
    """A price away from the touch, on the grid."""
    bid, _, _, _ = touch(client, symbol)
    return exact(client.price_to_precision(symbol, float(bid * exact(factor))))


def rest(client, symbol=PAIR, side="buy", amount="0.01", factor="0.5", **params):
    """An order that rests. The order, its price and its size."""
    price, amount = far(client, symbol, factor), exact(amount)
    placed = client.create_order(symbol, "limit", side, float(amount), float(price), params)
    return placed, price, amount


@suite.check
def test_order(client):
    before = balances(client)
    price = float(far(client, PAIR, "0.5"))
    placed = client.create_order(PAIR, "limit", "buy", 0.01, price, {"test": True})
    holds("it has an id", placed["id"])
    refused(ccxt.OrderNotFound, client.fetch_order, placed["id"], PAIR)
    refused(
        ccxt.InvalidOrder, client.create_order, PAIR, "limit", "buy", 0.00001, 1.0, {"test": True}
    )
    same("open orders", client.fetch_open_orders(PAIR), [])
    same("what moved", moved(before, balances(client)), {})
    return "an id and no order; a wrong one is refused"


@suite.check
def limit_order_rests_and_is_cancelled(client):
    before = balances(client)
    placed, price, amount = rest(client)
    order = client.fetch_order(placed["id"], PAIR)
    is_order(
        order,
        id=placed["id"],
        clientOrderId=placed["clientOrderId"],
        symbol=PAIR,
        type="limit",
        side="buy",
        price=price,
        amount=amount,
        filled=0,
        remaining=amount,
        cost=0,
        status="open",
        timeInForce="GTC",
        postOnly=False,
    )
    same("it is in the book", order["info"]["inOrderBook"], True)
    hold = price * amount * (1 + exact(client.market(PAIR)["taker"]))
    same("what moved", moved(before, balances(client)), {"USDT": (ZERO, hold)})
    book = client.fetch_order_book(PAIR)
    same(
        "its level in the book",
        [size for level, size, *_ in book["bids"] if level == float(price)],
        [float(amount)],
    )
    same("open orders", [open_["id"] for open_ in client.fetch_open_orders(PAIR)], [placed["id"]])
    same("open orders of another pair", client.fetch_open_orders(OTHER), [])
    same("the cancelled id", client.cancel_order(placed["id"], PAIR)["id"], placed["id"])
    over = finished(client, placed["id"], PAIR)
    is_order(over, status="canceled", filled=0, amount=amount, price=price, cost=0)
    same("what it says was cancelled", exact(over["info"]["cancelledSize"]), amount)
    same("what moved", moved(before, balances(client)), {})
    refused(ccxt.OrderNotFound, client.cancel_order, placed["id"], PAIR)
    return f"held {hold} USDT, fee included, and freed it"


@suite.check
def sell_order_holds_its_size(client):
    before = balances(client)
    placed, price, amount = rest(client, side="sell", factor="1.5")
    is_order(
        client.fetch_order(placed["id"], PAIR),
        side="sell",
        price=price,
        amount=amount,
        status="open",
    )
    same("what moved", moved(before, balances(client)), {"BTC": (ZERO, amount)})
    client.cancel_order(placed["id"], PAIR)
    finished(client, placed["id"], PAIR)
    same("what moved", moved(before, balances(client)), {})
    return f"{amount} BTC"


@suite.check
def client_order_ids(client):
    placed, price, amount = rest(client, clientOid="conformance_1")
    same("the id", placed["clientOrderId"], "conformance_1")
    order = client.fetch_order(None, PAIR, {"clientOid": "conformance_1"})
    is_order(
        order,
        id=placed["id"],
        clientOrderId="conformance_1",
        price=price,
        amount=amount,
        status="open",
    )
    refused(ccxt.BadRequest, rest, client, clientOid="conformance_1", words="Duplicated")
    same("open orders", len(client.fetch_open_orders(PAIR)), 1)
    cancelled = client.cancel_order(None, PAIR, {"clientOid": "conformance_1"})
    same("the cancelled id", cancelled["clientOrderId"], "conformance_1")
    is_order(finished(client, placed["id"], PAIR), status="canceled", filled=0)
    refused(ccxt.OrderNotFound, client.fetch_order, None, PAIR, {"clientOid": "conformance_2"})
    refused(ccxt.OrderNotFound, client.cancel_order, None, PAIR, {"clientOid": "conformance_2"})
    return "fetched and cancelled by it; a second use is refused"


@suite.check
def synchronous_order_and_cancel(client):
    placed, _, amount = rest(client, sync=True)
    raw = placed["info"]
    for name, value in (
        ("originSize", amount),
        ("dealSize", ZERO),
        ("remainSize", amount),
        ("canceledSize", ZERO),
    ):
        same(name, exact(raw[name]), value)
    same("the status", raw["status"], "open")
    holds("it was matched after it was taken", raw["matchTime"] >= raw["orderTime"])
    done = client.cancel_order(placed["id"], PAIR, {"sync": True})["info"]
    for name, value in (
        ("originSize", amount),
        ("dealSize", ZERO),
        ("remainSize", ZERO),
        ("canceledSize", amount),
    ):
        same(name, exact(done[name]), value)
    same("the status", done["status"], "done")
    taken = client.create_order(PAIR, "market", "buy", 0.01, None, {"sync": True})["info"]
    same("the status", taken["status"], "done")
    same("what was dealt", exact(taken["dealSize"]), exact("0.01"))
    return "sizes and states in the answers themselves"


@suite.check
def edit_order(client):
    before = balances(client)
    placed, price, amount = rest(client)
    new_price, new_amount = price - exact("100"), amount * 2
    edited = client.edit_order(
        placed["id"], PAIR, "limit", "buy", float(new_amount), float(new_price)
    )
    holds("the order has another id", edited["id"] and edited["id"] != placed["id"])
    is_order(finished(client, placed["id"], PAIR), status="canceled", filled=0, amount=amount)
    order = client.fetch_order(edited["id"], PAIR)
    is_order(
        order, status="open", price=new_price, amount=new_amount, filled=0, side="buy", type="limit"
    )
    hold = new_price * new_amount * (1 + exact(client.market(PAIR)["taker"]))
    same("what moved", moved(before, balances(client)), {"USDT": (ZERO, hold)})
    same("open orders", [open_["id"] for open_ in client.fetch_open_orders(PAIR)], [edited["id"]])
    client.cancel_order(edited["id"], PAIR)
    finished(client, edited["id"], PAIR)
    refused(
        ccxt.OrderNotFound,
        client.edit_order,
        edited["id"],
        PAIR,
        "limit",
        "buy",
        0.01,
        float(price),
    )
    return f"{amount} at {price} became {new_amount} at {new_price}"


@suite.check
def create_orders(client):
    price = far(client, PAIR, "0.5")
    prices = [price - n for n in range(3)]
    client.create_orders(
        [
            {"symbol": PAIR, "type": "limit", "side": "buy", "amount": 0.001, "price": float(one)}
            for one in prices
        ]
    )
    orders = client.fetch_open_orders(PAIR)
    same("the prices", sorted(exact(order["price"]) for order in orders), sorted(prices))
    client.cancel_all_orders(PAIR)
    same(
        "open orders",
        eventually("all are cancelled", lambda: not client.fetch_open_orders(PAIR)),
        True,
    )
    return "three at once"


@suite.check
def market_buy_by_amount(client):
    before = balances(client)
    placed = client.create_order(PAIR, "market", "buy", 0.02)
    order = finished(client, placed["id"], PAIR)
    is_order(
        order, status="closed", type="market", side="buy", filled="0.02", amount="0.02", remaining=0
    )
    same("what moved", moved(before, balances(client)), settled(client, order, PAIR))
    same("average", order["average"], float(exact(order["cost"]) / exact(order["filled"])))
    same("the fee", exact(order["fee"]["cost"]), exact(order["cost"]) * exact("0.001"))
    return f"0.02 BTC for {order['cost']} and {order['fee']['cost']} USDT"


@suite.check
def market_buy_by_cost(client):
    before = balances(client)
    funds = exact("1000")
    placed = client.create_market_buy_order_with_cost(PAIR, float(funds))
    order = finished(client, placed["id"], PAIR)
    raw = order["info"]
    size, spent = exact(raw["dealSize"]), exact(raw["dealFunds"])
    holds(f"{spent} is within {funds}", ZERO < spent <= funds)
    # No whole step more would have been paid for.
    step = exact(client.market(PAIR)["precision"]["amount"])
    least = spent + exact(raw["fee"]) + step * (spent / size) * exact("1.01")
    holds(f"nothing more was to be had for {funds}", least > funds)
    same("the size as told", exact(raw["size"]) in (ZERO, size), True)
    same("the filled amount", exact(order["filled"]), size)
    same("what moved", moved(before, balances(client)), settled(client, order, PAIR))
    return f"{size} BTC for {spent} of {funds} USDT"


@suite.check
def market_sell(client):
    before = balances(client)
    order = finished(client, client.create_order(PAIR, "market", "sell", 0.03)["id"], PAIR)
    is_order(order, status="closed", side="sell", filled="0.03", amount="0.03")
    same("what moved", moved(before, balances(client)), settled(client, order, PAIR))
    return f"0.03 BTC for {order['cost']} less {order['fee']['cost']} USDT"


@suite.check
def limit_order_that_takes(client):
    before = balances(client)
    _, _, ask, _ = touch(client, PAIR)
    price = exact(client.price_to_precision(PAIR, float(ask * exact("1.01"))))
    order = finished(
        client, client.create_order(PAIR, "limit", "buy", 0.05, float(price))["id"], PAIR
    )
    is_order(order, status="closed", filled="0.05", price=price, remaining=0)
    average = exact(order["info"]["dealFunds"]) / exact("0.05")
    holds(f"{average} is better than {price}", average < price)
    same(
        "what is left of its funds",
        exact(order["info"]["remainFunds"]),
        price * exact("0.05") - exact(order["info"]["dealFunds"]),
    )
    same("what moved", moved(before, balances(client)), settled(client, order, PAIR))
    return f"limit {price}, paid {order['average']}"


@suite.check
def immediate_or_cancel(client):
    none = client.create_order(
        THIN, "limit", "buy", 1, float(far(client, THIN, "0.5")), {"timeInForce": "IOC"}
    )
    is_order(
        finished(client, none["id"], THIN), status="canceled", filled=0, amount=1, timeInForce="IOC"
    )
    for _ in range(TRIES):
        before = balances(client)
        _, _, ask, size = touch(client, THIN)
        amount = size * 3
        placed = client.create_order(
            THIN, "limit", "buy", float(amount), float(ask), {"timeInForce": "IOC"}
        )
        order = finished(client, placed["id"], THIN)
        is_order(order, timeInForce="IOC", amount=amount, price=ask)
        same("what moved", moved(before, balances(client)), settled(client, order, THIN))
        filled = exact(order["filled"])
        same("the status", order["status"], "closed" if filled == amount else "canceled")
        if ZERO < filled < amount:
            same("what was cancelled", exact(order["info"]["cancelledSize"]), amount - filled)
            return f"{filled} of {amount} at once, the rest cancelled"
    raise Mismatch(f"none of {TRIES} was filled in part")


@suite.check
def fill_or_kill(client):
    before = balances(client)
    _, _, ask, size = touch(client, THIN)
    amount = size * 20
    big = client.create_order(
        THIN, "limit", "buy", float(amount), float(ask), {"timeInForce": "FOK"}
    )
    is_order(
        finished(client, big["id"], THIN), status="canceled", filled=0, timeInForce="FOK", cost=0
    )
    same("what moved", moved(before, balances(client)), {})
    price = client.price_to_precision(THIN, float(ask * exact("1.01")))
    small = client.create_order(THIN, "limit", "buy", 10, float(price), {"timeInForce": "FOK"})
    order = finished(client, small["id"], THIN)
    is_order(order, status="closed", filled=10, timeInForce="FOK")
    same("what moved", moved(before, balances(client)), settled(client, order, THIN))
    return f"{amount} at {ask} was killed, 10 at {order['average']} filled"


@suite.check
def post_only(client):
    before = balances(client)
    _, _, ask, _ = touch(client, PAIR)
    price = client.price_to_precision(PAIR, float(ask * exact("1.01")))
    crossing = client.create_order(PAIR, "limit", "buy", 0.01, float(price), {"postOnly": True})
    is_order(finished(client, crossing["id"], PAIR), status="canceled", filled=0, postOnly=True)
    same("what moved", moved(before, balances(client)), {})
    placed, _, _ = rest(client, postOnly=True)
    is_order(client.fetch_order(placed["id"], PAIR), status="open", postOnly=True)
    client.cancel_order(placed["id"], PAIR)
    finished(client, placed["id"], PAIR)
    return "one that would take is cancelled, one that rests stays"


@suite.check
def good_till_time(client):
    before = balances(client)
    placed, _, _ = rest(client, timeInForce="GTT", cancelAfter=10)
    order = finished(client, placed["id"], PAIR)
    is_order(order, status="canceled", filled=0, timeInForce="GTT")
    same("its time", order["info"]["cancelAfter"], 10)
    lived = order["info"]["lastUpdatedAt"] - order["info"]["createdAt"]
    holds(f"it lived for ten seconds of the market, not {lived} ms", 10_000 <= lived <= 12_000)
    same("what moved", moved(before, balances(client)), {})
    return f"cancelled after {lived} ms of the market"


@suite.check
def maker_is_filled(client):
    for _ in range(TRIES):
        before = balances(client)
        _, _, ask, _ = touch(client, PAIR)
        price = ask - exact("0.1")
        placed = client.create_order(PAIR, "limit", "buy", 0.01, float(price), {"postOnly": True})
        try:
            order = finished(client, placed["id"], PAIR, PATIENCE_SECONDS)
        except Mismatch:
            # The market went away from it.
            client.cancel_all_orders(PAIR)
            continue
        if order["status"] == "canceled":
            continue
        is_order(order, status="closed", filled="0.01", price=price, cost=price * exact("0.01"))
        same("what moved", moved(before, balances(client)), settled(client, order, PAIR, "maker"))
        return f"at its own price, {price}, by the market"
    raise Mismatch(f"none of {TRIES} was filled")
