"""The official SDK, orders: every call of its order interface that is not the old one's."""

import contextlib
from decimal import Decimal

from kucoin_universal_sdk.generate.spot.order import (
    BatchAddOrdersOrderList,
    BatchAddOrdersSyncOrderList,
)

from checking import Suite, eventually, exact, holds, same
from sdk_client import ID, OTHER_ID, Sdk, complete, sdk_refused

suite = Suite(
    "sdk",
    arguments=["--seed", "7", "--speed", "20"],
    balances={"USDT": "1000000", "BTC": "2", "ETH": "20"},
)

ZERO = Decimal(0)
RATE = exact("0.001")


@suite.setup
@contextlib.contextmanager
def sdk(exchange):
    yield Sdk(exchange)


@suite.after_failure
def no_orders_left(sdk):
    sdk.order("cancel_all_orders")
    sdk.order("batch_cancel_stop_order")


def far(sdk, factor, symbol=ID):
    """A price away from the touch, on the grid."""
    bid, _ = sdk.touch(symbol)
    step = exact(sdk.market("get_symbol", symbol=symbol).price_increment)
    return (bid * exact(factor)) // step * step


def limit(sdk, factor="0.5", size="0.01", side="buy", symbol=ID, **more):
    """The fields of a limit order that rests."""
    return {
        "symbol": symbol,
        "side": side,
        "type": "limit",
        "price": str(far(sdk, factor, symbol)),
        "size": size,
        **more,
    }


def find(sdk, order_id, symbol=ID):
    """An order, complete."""
    return complete(sdk.order("get_order_by_order_id", symbol=symbol, order_id=order_id))


def open_ids(sdk, symbol=ID):
    """The open orders of a pair."""
    return [row.id for row in sdk.order("get_open_orders", symbol=symbol).data]


def moved(before, after):
    """What changed: totals and holds by currency."""
    nothing = (ZERO, ZERO)
    pairs = {
        name: (before.get(name, nothing), after.get(name, nothing)) for name in {*before, *after}
    }
    return {
        name: (new[0] - old[0], new[1] - old[1]) for name, (old, new) in pairs.items() if old != new
    }


@suite.check
def add_and_cancel_order(sdk):
    before = sdk.balances()
    fields = limit(sdk, client_oid="sdk_1", remark="conformance", tags="tag")
    placed = complete(sdk.order("add_order", **fields))
    same("the client's id", placed.client_oid, "sdk_1")
    order = find(sdk, placed.order_id)
    for name, value in (
        ("id", placed.order_id),
        ("client_oid", "sdk_1"),
        ("symbol", ID),
        ("op_type", "DEAL"),
        ("remark", "conformance"),
        ("tags", "tag"),
        ("post_only", False),
        ("hidden", False),
        ("iceberg", False),
        ("channel", "API"),
        ("cancel_exist", False),
        ("trade_type", "TRADE"),
        ("in_order_book", True),
        ("active", True),
        ("fee_currency", "USDT"),
    ):
        same(name, getattr(order, name), value)
    for name in ("side", "type", "time_in_force"):
        same(
            name,
            getattr(order, name).value,
            {"side": "buy", "type": "limit", "time_in_force": "GTC"}[name],
        )
    price, size = exact(fields["price"]), exact(fields["size"])
    for name, value in (
        ("price", price),
        ("size", size),
        ("funds", price * size),
        ("deal_size", 0),
        ("deal_funds", 0),
        ("fee", 0),
        ("cancelled_size", 0),
        ("cancelled_funds", 0),
        ("remain_size", size),
        ("remain_funds", price * size),
        ("tax", 0),
    ):
        same(name, exact(getattr(order, name)), exact(value))
    same("what moved", moved(before, sdk.balances()), {"USDT": (ZERO, price * size * (1 + RATE))})
    same(
        "by the client's id",
        complete(sdk.order("get_order_by_client_oid", symbol=ID, client_oid="sdk_1")).id,
        order.id,
    )
    same("open", open_ids(sdk), [order.id])
    same("pairs with open orders", sdk.order("get_symbols_with_open_order").symbols, [ID])
    same(
        "the answer",
        sdk.order("cancel_order_by_order_id", symbol=ID, order_id=order.id).order_id,
        order.id,
    )
    over = find(sdk, order.id)
    same("it is over", (over.active, over.in_order_book, over.cancel_exist), (False, False, True))
    same("cancelled", (exact(over.cancelled_size), exact(over.remain_size)), (size, ZERO))
    same("what moved", moved(before, sdk.balances()), {})
    return "all 34 fields of the order, open and cancelled"


@suite.check
def add_order_test(sdk):
    answer = complete(sdk.order("add_order_test", **limit(sdk, client_oid="sdk_test")))
    same("open orders", open_ids(sdk), [])
    sdk_refused(
        "400100",
        sdk.order,
        "get_order_by_order_id",
        symbol=ID,
        order_id=answer.order_id,
        words="order not exist.",
    )
    return "creates nothing"


@suite.check
def add_order_sync(sdk):
    before = sdk.balances()
    done = complete(
        sdk.order(
            "add_order_sync", symbol=ID, side="buy", type="market", size="0.02", client_oid="sdk_2"
        )
    )
    same("the status", done.status.value, "done")
    sizes = [
        exact(value)
        for value in (done.origin_size, done.deal_size, done.remain_size, done.canceled_size)
    ]
    same("sizes", sizes, [exact("0.02"), exact("0.02"), ZERO, ZERO])
    order = find(sdk, done.order_id)
    funds, fee = exact(order.deal_funds), exact(order.fee)
    same("the fee", fee, funds * RATE)
    same(
        "what moved",
        moved(before, sdk.balances()),
        {"BTC": (exact("0.02"), ZERO), "USDT": (-funds - fee, ZERO)},
    )
    rests = complete(sdk.order("add_order_sync", **limit(sdk)))
    same("the status", rests.status.value, "open")
    gone = complete(sdk.order("cancel_order_by_order_id_sync", symbol=ID, order_id=rests.order_id))
    same("the status", gone.status.value, "done")
    same("cancelled", exact(gone.canceled_size), exact("0.01"))
    return f"0.02 BTC for {funds} and {fee} USDT, in the answer"


@suite.check
def market_order_by_funds(sdk):
    before = sdk.balances()
    placed = sdk.order("add_order", symbol=ID, side="buy", type="market", funds="500")
    order = eventually("it is over", lambda: not (o := find(sdk, placed.order_id)).active and o)
    size, funds, fee = exact(order.deal_size), exact(order.deal_funds), exact(order.fee)
    holds(f"{funds} is within 500", 490 < funds <= 500)
    same(
        "what moved",
        moved(before, sdk.balances()),
        {"BTC": (size, ZERO), "USDT": (-funds - fee, ZERO)},
    )
    return f"{size} BTC for {funds} of 500 USDT"


@suite.check
def client_ids_of_cancels(sdk):
    sdk.order("add_order", **limit(sdk, client_oid="sdk_3"))
    same(
        "the answer",
        sdk.order("cancel_order_by_client_oid", symbol=ID, client_oid="sdk_3").client_oid,
        "sdk_3",
    )
    sdk.order("add_order", **limit(sdk, client_oid="sdk_4"))
    gone = complete(sdk.order("cancel_order_by_client_oid_sync", symbol=ID, client_oid="sdk_4"))
    same(
        "the answer",
        (gone.client_oid, gone.status.value, exact(gone.canceled_size)),
        ("sdk_4", "done", exact("0.01")),
    )
    sdk_refused("400100", sdk.order, "cancel_order_by_client_oid", symbol=ID, client_oid="sdk_4")
    sdk_refused("400100", sdk.order, "add_order", **limit(sdk, client_oid="sdk_4"))
    return "plain and synchronous; used ones are refused"


@suite.check
def cancel_partial_order(sdk):
    before = sdk.balances()
    placed = sdk.order("add_order", **limit(sdk, size="0.05"))
    answer = complete(
        sdk.order("cancel_partial_order", symbol=ID, order_id=placed.order_id, cancel_size="0.02")
    )
    same(
        "the answer", (answer.order_id, exact(answer.cancel_size)), (placed.order_id, exact("0.02"))
    )
    order = find(sdk, placed.order_id)
    same(
        "it stays open", (order.active, order.in_order_book, order.cancel_exist), (True, True, True)
    )
    same(
        "sizes",
        [exact(v) for v in (order.size, order.cancelled_size, order.remain_size)],
        [exact("0.05"), exact("0.02"), exact("0.03")],
    )
    hold = exact(order.price) * exact("0.03") * (1 + RATE)
    same("what moved", moved(before, sdk.balances()), {"USDT": (ZERO, hold)})
    sdk.order("cancel_order_by_order_id", symbol=ID, order_id=placed.order_id)
    same("what moved", moved(before, sdk.balances()), {})
    return "0.02 off 0.05; the rest stays, and so does its hold"


@suite.check
def modify_order(sdk):
    fields = limit(sdk, client_oid="sdk_5")
    placed = sdk.order("add_order", **fields)
    price = exact(fields["price"]) - 100
    answer = sdk.order(
        "modify_order", symbol=ID, order_id=placed.order_id, new_price=str(price), new_size="0.02"
    )
    holds("another id", answer.new_order_id and answer.new_order_id != placed.order_id)
    same("the old one is over", find(sdk, placed.order_id).active, False)
    order = find(sdk, answer.new_order_id)
    same(
        "price and size",
        (exact(order.price), exact(order.size), order.active),
        (price, exact("0.02"), True),
    )
    same("open", open_ids(sdk), [answer.new_order_id])
    sdk.order("cancel_order_by_order_id", symbol=ID, order_id=answer.new_order_id)
    return "an order of its own with the new price and size"


@suite.check
def batches(sdk):
    def row(model, **more):
        return model(**{**limit(sdk), **more})

    plain = BatchAddOrdersOrderList
    answer = sdk.order(
        "batch_add_orders",
        order_list=[
            row(plain, client_oid="b1"),
            row(plain, client_oid="b2", size="0.000001"),
            row(plain, client_oid="b3"),
        ],
    )
    same("successes", [one.success for one in answer.data], [True, False, True])
    holds("the failure has its words", answer.data[1].fail_msg)
    same("open", sorted(open_ids(sdk)), sorted(one.order_id for one in answer.data if one.success))
    sync = BatchAddOrdersSyncOrderList
    answer = sdk.order(
        "batch_add_orders_sync", order_list=[row(sync, client_oid="b4"), row(sync, client_oid="b5")]
    )
    for one, name in zip(answer.data, ("b4", "b5")):
        complete(one)
        same(
            "the row",
            (one.client_oid, one.success, one.status.value, exact(one.remain_size)),
            (name, True, "open", exact("0.01")),
        )
    same("open orders", len(open_ids(sdk)), 4)
    same("the answer", sdk.order("cancel_all_orders_by_symbol", symbol=ID).data, "success")
    same("open orders", open_ids(sdk), [])
    return "three with a bad one, two synchronously"


@suite.check
def cancel_all_orders(sdk):
    sdk.order("add_order", **limit(sdk))
    sdk.order("add_order", **limit(sdk, symbol=OTHER_ID))
    same(
        "pairs with open orders",
        sorted(sdk.order("get_symbols_with_open_order").symbols),
        [ID, OTHER_ID],
    )
    answer = sdk.order("cancel_all_orders")
    same("the symbols", sorted(answer.succeed_symbols), [ID, OTHER_ID])
    same("failures", answer.failed_symbols, [])
    same("pairs with open orders", sdk.order("get_symbols_with_open_order").symbols or [], [])
    return "of two pairs"
