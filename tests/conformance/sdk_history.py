"""The official SDK, what is left of the orders: lists, the ledger, stop orders, the dead man's switch."""

import time

from checking import ascending, eventually, exact, holds, same
from sdk_client import ID, OTHER_ID, complete, sdk_refused
from sdk_orders import ZERO, far, find, limit, moved, open_ids, suite

# The venue's dead man's switch may be so many seconds late.
DEAD_MAN_LATE_SECONDS = 10


@suite.check
def open_orders_in_pages(sdk):
    ids = [sdk.order("add_order", **limit(sdk)).order_id for _ in range(5)]
    paged = []
    for number in (1, 2, 3):
        page = complete(
            sdk.order("get_open_orders_by_page", symbol=ID, page_num=number, page_size=2)
        )
        same(
            "the page",
            (page.current_page, page.page_size, page.total_num, page.total_page),
            (number, 2, 5, 3),
        )
        paged += [complete(row).id for row in page.items]
    same("newest first", paged, ids[::-1])
    sdk.order("cancel_all_orders_by_symbol", symbol=ID)
    return "five orders in pages of two"


@suite.check
def closed_orders_and_fills(sdk):
    rows = closed(sdk, limit=100)
    ascending("updates backwards", [row.last_updated_at for row in rows[::-1]])
    same("none is active", {row.active for row in rows}, {False})
    paged, cursor = [], None
    while True:
        page = sdk.order(
            "get_closed_orders", symbol=ID, limit=3, **({"last_id": cursor} if cursor else {})
        )
        paged += [row.id for row in page.items]
        if len(page.items) < 3:
            break
        holds("the cursor moves", page.last_id != cursor)
        cursor = page.last_id
    same("in pages of three", paged, [row.id for row in rows])
    same(
        "market orders",
        [row.id for row in closed(sdk, type="market")],
        [row.id for row in rows if row.type.value == "market"],
    )
    same("sells", closed(sdk, side="sell"), [])
    fills = sdk.order("get_trade_history", symbol=ID, limit=100)
    for fill in fills.items:
        complete(fill)
        same("funds", exact(fill.price) * exact(fill.size), exact(fill.funds))
        same("fee", exact(fill.fee), exact(fill.funds) * exact(fill.fee_rate))
    ascending("ids backwards", [fill.id for fill in fills.items[::-1]], strictly=True)
    for row in rows:
        own = sdk.order("get_trade_history", symbol=ID, order_id=row.id).items
        for what, field in (("size", "deal_size"), ("funds", "deal_funds"), ("fee", "fee")):
            total = sum((exact(getattr(fill, what)) for fill in own), ZERO)
            same(f"{what} of the fills of {row.id}", total, exact(getattr(row, field)))
    page, seen = sdk.order("get_trade_history", symbol=ID, limit=1), []
    while page.items:
        seen += [fill.trade_id for fill in page.items]
        holds("it ends", len(seen) <= len(fills.items))
        page = sdk.order("get_trade_history", symbol=ID, limit=1, last_id=page.last_id)
    same("one by one", seen, [fill.trade_id for fill in fills.items])
    return f"{len(rows)} orders, {len(fills.items)} fills, in pages and by order"


def closed(sdk, **query):
    """Done orders, newest first."""
    return [complete(row) for row in sdk.order("get_closed_orders", symbol=ID, **query).items]


@suite.check
def hf_ledger(sdk):
    rows = sdk.account("get_spot_hf_ledger", currency="BTC,USDT", limit=200).data
    balances = sdk.balances()
    for name in ("BTC", "USDT"):
        own = sorted((row for row in rows if row.currency == name), key=lambda row: int(row.id))
        for row in own:
            complete(row)
            same("the account", row.account_type, "TRADE_HF")
        kinds = [row.biz_type for row in own]
        same("kinds", kinds, ["TRANSFER"] + ["TRADE_EXCHANGE"] * (len(own) - 1))
        for before, after in zip(own, own[1:]):
            sign = 1 if after.direction.value == "in" else -1
            same(
                f"{name} after {after.id}",
                exact(after.balance),
                exact(before.balance) + sign * exact(after.amount),
            )
        same(f"{name} at last", exact(own[-1].balance), balances[name][0])
    same(
        "of one way",
        {row.direction.value for row in sdk.account("get_spot_hf_ledger", direction="in").data},
        {"in"},
    )
    complete(sdk.account("get_spot_ledger"))
    return f"{len(rows)} entries, each balance from the one before"


@suite.check
def stop_orders(sdk):
    price = str(far(sdk, "1.2"))
    fields = {
        "symbol": ID,
        "side": "buy",
        "type": "limit",
        "price": price,
        "size": "0.01",
        "stop_price": price,
    }
    below = {**fields, "stop_price": str(far(sdk, "0.5"))}
    before = sdk.balances()
    ids = [
        complete(sdk.order("add_stop_order", client_oid=f"stop_{n}", **below)).order_id
        for n in range(4)
    ]
    page = sdk.order("get_stop_orders_list", symbol=ID)
    same(
        "the page",
        (page.current_page, page.page_size, page.total_num, page.total_page),
        (1, 50, 4, 1),
    )
    same("the ids", sorted(row.id for row in page.items), sorted(ids))
    nulls = {
        "funds",
        "visible_size",
        "stop_trigger_time",
        "related_no",
        "limit_price",
        "pop",
        "activate_condition",
    }
    one = complete(sdk.order("get_stop_order_by_order_id", order_id=ids[0]), nulls)
    same(
        "one",
        (one.id, one.symbol, one.status, one.side, one.stop),
        (ids[0], ID, "NEW", "buy", "loss"),
    )
    same(
        "its numbers",
        [exact(v) for v in (one.price, one.size, one.stop_price)],
        [exact(v) for v in (price, "0.01", below["stop_price"])],
    )
    rows = sdk.order("get_stop_order_by_client_oid", client_oid="stop_1", symbol=ID).data
    same("by the client's id", [row.id for row in rows], [ids[1]])
    same("what moved", moved(before, sdk.balances()), {})
    same(
        "cancelled",
        sdk.order("cancel_stop_order_by_order_id", order_id=ids[0]).cancelled_order_ids,
        [ids[0]],
    )
    answer = sdk.order("cancel_stop_order_by_client_oid", symbol=ID, client_oid="stop_1")
    same("cancelled", (answer.client_oid, answer.cancelled_order_id), ("stop_1", ids[1]))
    answer = sdk.order("batch_cancel_stop_order", symbol=ID, order_ids=ids[2])
    same("cancelled", answer.cancelled_order_ids, [ids[2]])
    same("cancelled", sdk.order("batch_cancel_stop_order").cancelled_order_ids, [ids[3]])
    same("left", sdk.order("get_stop_orders_list", symbol=ID).items, [])
    return "four, by every way to ask and to cancel"


@suite.check
def dead_mans_switch(sdk):
    same("at first", sdk.order("get_dcp").common_response.data, None)
    order = sdk.order("add_order", **limit(sdk))
    kept = sdk.order("add_order", **limit(sdk, symbol=OTHER_ID))
    before = int(time.time())
    told = complete(sdk.order("set_dcp", timeout=60, symbols=ID))
    holds("seconds of now", abs(told.current_time - before) <= 2)
    same("when it fires", told.trigger_time - told.current_time, 60)
    query = complete(sdk.order("get_dcp"))
    same("as set", (query.timeout, query.symbols), (60, ID))
    told = sdk.order("set_dcp", timeout=5, symbols=ID)
    holds("it is open until then", find(sdk, order.order_id).active)
    seconds = 5 + DEAD_MAN_LATE_SECONDS
    over = eventually(
        "it fires", lambda: not (o := find(sdk, order.order_id)).active and o, seconds
    )
    holds("not too early", time.time() >= told.trigger_time - 1)
    same("it was cancelled", over.cancel_exist, True)
    same("other pairs are left alone", find(sdk, kept.order_id, OTHER_ID).active, True)
    sdk.order("set_dcp", timeout=-1)
    sdk.order("cancel_all_orders")
    sdk_refused("400100", sdk.order, "set_dcp", timeout=2)
    return "set, asked for, renewed, fired on its pair alone"


@suite.check
def refusals(sdk):
    sdk_refused("200004", sdk.order, "add_order", **limit(sdk, size="1000"))
    sdk_refused("600100", sdk.order, "add_order", **limit(sdk, size="0.000015"))
    sdk_refused("600101", sdk.order, "add_order", **{**limit(sdk), "price": "1", "size": "0.00001"})
    sdk_refused("900001", sdk.order, "add_order", **{**limit(sdk), "symbol": "NOPE-USDT"})
    sdk_refused(
        "400100",
        sdk.order,
        "cancel_order_by_order_id",
        symbol=ID,
        order_id="670fd33bf9406e0007ab3945",
    )
    sdk_refused("400100", sdk.order, "add_order", symbol=ID, side="buy", type="limit", size="0.01")
    same("open orders", open_ids(sdk), [])
    return "funds, increment, value, pair, unknown order, missing price"
