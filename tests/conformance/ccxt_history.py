"""ccxt, what is left of the orders: lists, cancels of many, stop orders, and the account's books."""

from decimal import Decimal

import ccxt

from ccxt_client import ID, OTHER, PAIR, balances, is_order, moved, settled
from ccxt_orders import FUNDS, THIN, ZERO, far, rest, suite
from checking import ascending, eventually, exact, holds, refused, same


@suite.check
def cancel_all_orders(client):
    before = balances(client)
    for _ in range(3):
        rest(client)
    other, _, _ = rest(client, symbol=OTHER)
    client.cancel_all_orders(PAIR)
    eventually("the pair's orders are gone", lambda: not client.fetch_open_orders(PAIR))
    same(
        "the other pair's",
        [order["id"] for order in client.fetch_open_orders(OTHER)],
        [other["id"]],
    )
    rest(client)
    answer = client.cancel_all_orders()[0]["info"]["data"]
    same("the symbols", sorted(answer["succeedSymbols"]), [ID, "ETH-USDT"])
    same("symbols that failed", answer["failedSymbols"], [])
    eventually(
        "all are gone",
        lambda: not client.fetch_open_orders(PAIR) and not client.fetch_open_orders(OTHER),
    )
    same("what moved", moved(before, balances(client)), {})
    return "of one pair, and of all"


@suite.check
def stop_orders(client):
    before = balances(client)
    price, trigger = far(client, PAIR, "1.3"), far(client, PAIR, "1.2")
    stop = {"trigger": True}
    placed = client.create_order(
        PAIR,
        "limit",
        "buy",
        0.01,
        float(price),
        {"triggerPrice": float(trigger), "stop": "entry", "clientOid": "stop_1"},
    )
    for order in (
        client.fetch_order(placed["id"], PAIR, stop),
        client.fetch_order(None, PAIR, {"clientOid": "stop_1", **stop}),
    ):
        same("the id", order["id"], placed["id"])
        same("the status", order["status"], "open")
        same("the trigger", exact(order["triggerPrice"]), trigger)
        same("the price", exact(order["price"]), price)
        same("the amount", exact(order["amount"]), exact("0.01"))
        same("the kind", order["info"]["stop"], "entry")
    same(
        "untriggered",
        [o["id"] for o in client.fetch_open_orders(PAIR, params=stop)],
        [placed["id"]],
    )
    same("open orders", client.fetch_open_orders(PAIR), [])
    same("what moved", moved(before, balances(client)), {})
    client.cancel_order(placed["id"], PAIR, stop)
    eventually("it is gone", lambda: not client.fetch_open_orders(PAIR, params=stop))
    refused(ccxt.OrderNotFound, client.cancel_order, placed["id"], PAIR, stop)
    for _ in range(2):
        client.create_order(
            PAIR,
            "limit",
            "buy",
            0.01,
            float(price),
            {"triggerPrice": float(trigger), "stop": "entry"},
        )
    client.cancel_all_orders(PAIR, stop)
    eventually("all are gone", lambda: not client.fetch_open_orders(PAIR, params=stop))
    return "placed, found, cancelled; they hold nothing"


@suite.check
def stop_order_fires(client):
    before = balances(client)
    trigger = far(client, PAIR, "1.05")
    placed = client.create_order(
        PAIR, "market", "sell", 0.01, None, {"triggerPrice": float(trigger), "stop": "loss"}
    )
    eventually("it fires", lambda: not client.fetch_open_orders(PAIR, params={"trigger": True}))

    def look():
        closed = client.fetch_closed_orders(PAIR)
        return (
            closed
            and closed[-1]["type"] == "market"
            and exact(closed[-1]["amount"]) == exact("0.01")
            and closed[-1]
        )

    order = eventually("its order is over", look)
    holds("the order has an id of its own", order["id"] != placed["id"])
    is_order(order, side="sell", status="closed", filled="0.01")
    same("what moved", moved(before, balances(client)), settled(client, order, PAIR))
    return f"{placed['id']} became {order['id']}"


@suite.check
def closed_orders(client):
    orders = client.fetch_closed_orders(PAIR, None, None, {"limit": 100})
    holds(f"there are more than ten, not {len(orders)}", len(orders) > 10)
    same("their pair", {order["symbol"] for order in orders}, {PAIR})
    same("their states", {order["status"] for order in orders}, {"closed", "canceled"})
    ascending("times", [order["timestamp"] for order in orders])
    for order in orders:
        is_order(order, id=order["id"])
        same(
            "the same, asked for alone",
            client.fetch_order(order["id"], PAIR)["info"],
            order["info"],
        )
    paged, cursor = [], None
    while len(paged) <= len(orders):
        query = {"symbol": ID, "limit": 4, **({"lastId": cursor} if cursor else {})}
        page = client.private_get_hf_orders_done(query)["data"]
        paged += page["items"]
        cursor = page["lastId"]
        if len(page["items"]) < 4:
            break
    same("in pages of four", [row["id"] for row in paged], newest_first(client, orders))
    return f"{len(orders)}, the same alone and in pages"


def newest_first(client, orders):
    whole = client.private_get_hf_orders_done({"symbol": ID, "limit": 100})["data"]["items"]
    same("the ids", {row["id"] for row in whole}, {order["id"] for order in orders})
    ascending("updates backwards", [row["lastUpdatedAt"] for row in reversed(whole)])
    return [row["id"] for row in whole]


@suite.check
def my_trades_are_the_account(client):
    now = balances(client)
    expected = {name: Decimal(amount) for name, amount in FUNDS.items()}
    count = 0
    for symbol in (PAIR, OTHER, THIN):
        base, quote = symbol.split("/")
        trades = client.fetch_my_trades(symbol, None, None, {"limit": 100})
        ascending("times", [trade["timestamp"] for trade in trades])
        same("different ids", len({trade["id"] for trade in trades}), len(trades))
        count += len(trades)
        for trade in trades:
            raw = trade["info"]
            size, funds, fee = (exact(raw[name]) for name in ("size", "funds", "fee"))
            sign = 1 if trade["side"] == "buy" else -1
            expected[base] = expected.get(base, ZERO) + sign * size
            expected[quote] -= sign * funds + fee
    same("the balances", {name: total for name, (total, _) in now.items()}, expected)
    same("holds", {name: hold for name, (_, hold) in now.items() if hold}, {})
    since = client.fetch_my_trades(PAIR)[-1]["timestamp"]
    holds(
        "only later ones", all(t["timestamp"] >= since for t in client.fetch_my_trades(PAIR, since))
    )
    return f"first balances and {count} fills make {now['USDT'][0]} USDT, {now['BTC'][0]} BTC"


@suite.check
def ledger(client):
    entries = client.fetch_ledger("BTC", None, 200)
    trades = client.fetch_my_trades(PAIR, None, None, {"limit": 100})
    same("entries of fills", len([e for e in entries if e["type"] == "trade"]), len(trades))
    ids = {trade["info"]["tradeId"] for trade in trades}
    same(
        "trades they name",
        {e["referenceId"] for e in entries if e["type"] == "trade"},
        {str(i) for i in ids},
    )
    last = max(entries, key=lambda entry: int(entry["id"]))
    same("the balance after the last", exact(last["info"]["balance"]), balances(client)["BTC"][0])
    usdt = client.fetch_ledger("USDT", None, 200)
    fee = sum((exact(e["fee"]["cost"]) for e in usdt if e["fee"] and e["fee"]["cost"]), ZERO)
    holds(f"fees were paid: {fee}", fee > 0)
    return f"{len(entries)} entries of BTC, one for each fill; {fee} USDT of fees"
