"""ccxt, websocket: what is pushed about one's own orders, trades and balances."""

import asyncio
import time

from ccxt_client import ID, PAIR
from ccxt_streams import PING_SECONDS, PUSH_SECONDS, ZERO, overheard, pushed, seen, suite
from checking import Mismatch, ascending, exact, holds, same

# What ccxt watches orders and own trades by.
ORDERS = "/spotMarket/tradeOrders"
# Tries at what the market may move away from, and seconds until it is thought to have.
TRIES = 20
PATIENCE_SECONDS = 1.5


@suite.check
async def watch_orders_of_a_resting_order(it):
    client = it.account
    with overheard(client, "handle_order") as messages:
        task = asyncio.ensure_future(client.watch_orders(PAIR))
        await subscribed(client, ORDERS)
        bid = (await client.fetch_order_book(PAIR, 20))["bids"][0][0]
        price = float(client.price_to_precision(PAIR, bid * 0.5))
        placed = await client.create_order(
            PAIR, "limit", "buy", 0.01, price, {"clientOid": "stream_1"}
        )
        orders = await pushed("order", task)
        same("the order", (orders[-1]["id"], orders[-1]["status"]), (placed["id"], "open"))
        task = asyncio.ensure_future(client.watch_orders(PAIR))
        await client.cancel_order(placed["id"], PAIR)
        orders = await pushed("order", task)
        last = orders[-1]
        same("the order", (last["id"], last["status"]), (placed["id"], "canceled"))
    same("its client's id", last["clientOrderId"], "stream_1")
    for name, value in (
        ("price", price),
        ("amount", 0.01),
        ("filled", 0.0),
        ("side", "buy"),
        ("type", "limit"),
    ):
        same(name, last[name], value)
    events = [message["data"] for message in messages if message["data"]["orderId"] == placed["id"]]
    same(
        "events",
        [(e["status"], e["type"]) for e in events],
        [("open", "open"), ("done", "canceled")],
    )
    ascending("times", [int(e["ts"]) for e in events])
    same(
        "sizes at first",
        numbers(events[0], "originSize", "remainSize", "filledSize", "canceledSize"),
        ["0.01", "0.01", "0", "0"],
    )
    same(
        "sizes at last",
        numbers(events[1], "originSize", "remainSize", "filledSize", "canceledSize"),
        ["0.01", "0", "0", "0.01"],
    )
    same("the channel", {m["channelType"] for m in messages}, {"private"})
    return "open, then canceled, with their sizes"


def numbers(event, *names):
    """Numbers of an event as short text."""
    return [str(exact(event[name]).normalize() + 0) for name in names]


async def subscribed(client, name):
    """Waits for an acknowledgement: until then ccxt keeps its request by its number."""
    until = time.monotonic() + PUSH_SECONDS
    while time.monotonic() < until:
        for connection in client.clients.values():
            known = connection.subscriptions
            if name in known and not any(key.isdigit() for key in known):
                return
        await asyncio.sleep(0.01)
    raise Mismatch(f"{name} is not acknowledged within {PUSH_SECONDS} s")


@suite.check
async def watch_orders_and_trades_of_a_taker(it):
    client = it.account
    with overheard(client, "handle_order") as messages:
        orders = asyncio.ensure_future(client.watch_orders())
        trades = asyncio.ensure_future(client.watch_my_trades(PAIR))
        await subscribed(client, ORDERS)
        for _ in range(TRIES):
            levels = (await client.fetch_order_book(PAIR, 20))["asks"]
            # More than the best levels have: several fills, unless the market moves meanwhile; it
            # may leave too little, too, and the rest is canceled.
            amount = sum(exact(size) for _, size, *_ in levels[:4])
            placed = await client.create_order(PAIR, "market", "buy", float(amount))
            asked = await client.fetch_order_trades(placed["id"], PAIR)
            order = await client.fetch_order(placed["id"], PAIR)
            if len(asked) > 1 and order["status"] == "closed":
                break
        holds("it has several fills", len(asked) > 1)
        await pushed("own trade", trades)
        await pushed("order", orders)
        events = await seen("the order's last event", lambda: events_of(messages, placed["id"]))
        last = [order for order in client.orders if order["id"] == placed["id"]][-1]
        got = [trade for trade in client.myTrades if trade["order"] == placed["id"]]
    same("the order's status", order["status"], "closed")
    fields = ("id", "price", "amount", "side", "takerOrMaker", "order")
    key = lambda trade: int(trade["id"])
    same(
        "own trades",
        [[t[f] for f in fields] for t in sorted(got, key=key)],
        [[t[f] for f in fields] for t in sorted(asked, key=key)],
    )
    same("the pushed order's state", (last["status"], exact(last["filled"])), ("closed", amount))
    same("its cost", exact(last["cost"]), exact(order["cost"]))
    kinds = [(e["status"], e["type"]) for e in events]
    same("events", kinds, [("match", "match")] * len(asked) + [("done", "filled")])
    filled = ZERO
    for event in events[:-1]:
        filled += exact(event["matchSize"])
        same("filled so far", exact(event["filledSize"]), filled)
        same("what remains", exact(event["remainSize"]), amount - filled)
        same("the role and the fee", (event["liquidity"], event["feeType"]), ("taker", "takerFee"))
    same("filled in all", filled, amount)
    return f"{len(asked)} fills as REST has them, then filled"


@suite.check
async def watch_orders_of_a_maker(it):
    client = it.account
    with overheard(client, "handle_order") as messages:
        for _ in range(TRIES):
            ask = exact((await client.fetch_order_book(PAIR, 20))["asks"][0][0])
            placed = await client.create_order(
                PAIR, "limit", "buy", 0.01, float(ask - exact("0.1")), {"postOnly": True}
            )
            look = lambda: events_of(messages, placed["id"])
            try:
                events = await seen(f"the end of {placed['id']}", look, PATIENCE_SECONDS)
            except Mismatch:
                # The market went away from it.
                await client.cancel_all_orders(PAIR)
                continue
            if events[-1]["type"] == "filled":
                break
    kinds = [(e["status"], e["type"]) for e in events]
    matches = len(kinds) - 2
    holds("it was matched", matches >= 1)
    same("events", kinds, [("open", "open")] + [("open", "match")] * matches + [("done", "filled")])
    same(
        "roles and fees",
        {(e["liquidity"], e["feeType"]) for e in events[1:-1]},
        {("maker", "makerFee")},
    )
    same("matched in all", sum(exact(e["matchSize"]) for e in events[1:-1]), exact("0.01"))
    asked = await client.fetch_order_trades(placed["id"], PAIR)
    same("trades", sorted(e["tradeId"] for e in events[1:-1]), sorted(t["id"] for t in asked))
    return "open, matched as maker, filled"


def events_of(messages, order_id):
    """The events of an order; nothing before its last."""
    events = [message["data"] for message in messages if message["data"]["orderId"] == order_id]
    return events if events and events[-1]["status"] == "done" else None


@suite.check
async def watch_stop_orders(it):
    client = it.account
    with overheard(client, "handle_order") as messages:
        task = asyncio.ensure_future(client.watch_orders(PAIR, params={"trigger": True}))
        await subscribed(client, "/spotMarket/advancedOrders")
        bid = (await client.fetch_order_book(PAIR, 20))["bids"][0][0]
        price = float(client.price_to_precision(PAIR, bid * 1.2))
        placed = await client.create_order(
            PAIR, "limit", "buy", 0.01, price, {"triggerPrice": price, "stop": "entry"}
        )
        orders = await pushed("stop order", task)
        same("the stop order", (orders[-1]["id"], orders[-1]["status"]), (placed["id"], "open"))
        same("its trigger", exact(orders[-1]["triggerPrice"]), exact(price))
        task = asyncio.ensure_future(client.watch_orders(PAIR, params={"trigger": True}))
        await client.cancel_order(placed["id"], PAIR, {"trigger": True})
        orders = await pushed("stop order", task)
        same("the stop order", (orders[-1]["id"], orders[-1]["status"]), (placed["id"], "canceled"))
        stops = [m for m in messages if m["topic"] == "/spotMarket/advancedOrders"]
    same("events", [m["data"]["type"] for m in stops], ["open", "cancel"])
    return "open, then canceled"


@suite.check
async def watch_balance(it):
    client = it.account
    with overheard(client, "handle_balance") as messages:
        task = asyncio.ensure_future(client.watch_balance())
        await subscribed(client, "trade")
        asked = await client.fetch_balance()
        same("the balance it begins with", client.balance["trade"]["total"], asked["total"])
        bid = (await client.fetch_order_book(PAIR, 20))["bids"][0][0]
        price = exact(client.price_to_precision(PAIR, bid * 0.5))
        placed = await client.create_order(PAIR, "limit", "buy", 0.01, float(price))
        held = await pushed("balance", task)
        hold = price * exact("0.01") * exact("1.001")
        same("what is held", exact(held["USDT"]["used"]), hold)
        event = messages[-1]["data"]
        same(
            "the changes",
            [exact(event["availableChange"]), exact(event["holdChange"])],
            [-hold, hold],
        )
        same("the order", event["relationContext"]["orderId"], placed["id"])
        task = asyncio.ensure_future(client.watch_balance())
        await client.cancel_order(placed["id"], PAIR)
        freed = await pushed("balance", task)
        same("what is held", exact(freed["USDT"]["used"]), ZERO)
        await client.create_order(PAIR, "market", "buy", 0.02)
        await client.create_order(PAIR, "market", "sell", 0.01)
        asked = await client.fetch_balance()
        await seen("the balance REST tells", lambda: same_balance(client.balance["trade"], asked))
        same("the last balance", client.balance["trade"]["total"], asked["total"])
        same("and what of it is free", client.balance["trade"]["free"], asked["free"])
    check_balances([message["data"] for message in messages])
    return f"{len(messages)} changes add up to the balance REST tells"


def same_balance(one, other):
    """True where both have the same totals, and the same of them is free."""
    return one["total"] == other["total"] and one["free"] == other["free"]


def check_balances(events):
    """Each event says what it changed, from where the one before left."""
    last = {}
    for event in events:
        total, free, hold, free_change, hold_change = (
            exact(event[name])
            for name in ("total", "available", "hold", "availableChange", "holdChange")
        )
        same("available plus hold", free + hold, total)
        if event["currency"] in last:
            before = last[event["currency"]]
            same(f"{event['currency']} available", free, before[0] + free_change)
            same(f"{event['currency']} hold", hold, before[1] + hold_change)
        last[event["currency"]] = (free, hold)
    ascending("times", [int(event["time"]) for event in events])


@suite.check
async def unwatch(it):
    client = it.other
    topics = {
        "trades": ("/market/match:" + ID, client.watch_trades(PAIR), client.un_watch_trades),
        "ticker": ("/market/snapshot:" + ID, client.watch_ticker(PAIR), client.un_watch_ticker),
        "book": ("/market/level2:" + ID, client.watch_order_book(PAIR), client.un_watch_order_book),
        "candles": (
            "/market/candles:" + ID + "_1min",
            client.watch_ohlcv(PAIR),
            client.un_watch_ohlcv,
        ),
    }
    for what, (_, watching, _) in topics.items():
        await pushed(what, watching)
    with overheard(client, "handle_subject") as messages:
        for what, (_, _, unwatching) in topics.items():
            await pushed(f"end of {what}", unwatching(PAIR))
        messages.clear()
        for _ in range(20):
            await pushed("witness", client.watch_bids_asks([PAIR]))
        late = [
            m["topic"] for m in messages if m["topic"] in {topic for topic, *_ in topics.values()}
        ]
    same("pushes after the end", late, [])
    await pushed("trade", client.watch_trades(PAIR))
    return "four topics end, others go on; one begins again"


@suite.check
async def connections_live_on_pings(it):
    await asyncio.sleep(max(0.0, it.since + 2 * PING_SECONDS + 2 - time.monotonic()))
    connections = [c for client in (it.account, it.other) for c in client.clients.values()]
    same("connections", len(connections), 3)
    now = it.account.milliseconds()
    for connection in connections:
        holds(
            "a pong came lately",
            connection.lastPong and now - connection.lastPong < 3_000 * PING_SECONDS,
        )
        holds("it is open", connection.connection is not None and not connection.connection.closed)
    return f"{len(connections)} connections, a pong on each within {3 * PING_SECONDS} s"
