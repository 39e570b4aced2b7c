"""The official SDK, websocket: every public and private subscription, and its end."""

import contextlib
from decimal import Decimal
from types import SimpleNamespace

from checking import Mismatch, Suite, ascending, exact, holds, same
from sdk_client import ID, OTHER_ID, PUSH_SECONDS, Inbox, Sdk, complete
from sdk_orders import far, find

suite = Suite(
    "sdk", arguments=["--seed", "8", "--speed", "20"], balances={"USDT": "1000000", "BTC": "2"}
)

ZERO = Decimal(0)


@suite.setup
@contextlib.contextmanager
def streams(exchange):
    sdk = Sdk(exchange)
    public, private = sdk.websockets.new_spot_public_ws(), sdk.websockets.new_spot_private_ws()
    public.start()
    try:
        private.start()
        try:
            yield SimpleNamespace(sdk=sdk, public=public, private=private)
        finally:
            private.stop()
    finally:
        public.stop()


def listen(service, name, *arguments):
    """Subscribes. The inbox, and the subscription's id."""
    inbox = Inbox()
    return inbox, getattr(service, name)(*arguments, inbox)


def told(inbox, topic, subject):
    """Checks where pushes came from."""
    same(
        "topics and subjects",
        inbox.topics(),
        ({topic} if isinstance(topic, str) else topic, {subject}),
    )


@suite.check
def ticker(it):
    inbox, subscription = listen(it.public, "ticker", [ID, OTHER_ID])
    inbox.wait("both pairs", lambda _: len(inbox.topics()[0]) == 2)
    events = inbox.at_least(5)
    told(inbox, {f"/market/ticker:{ID}", f"/market/ticker:{OTHER_ID}"}, "trade.ticker")
    for event in events:
        complete(event)
        holds("bid below ask", exact(event.best_bid) < exact(event.best_ask))
    it.public.unsubscribe(subscription)
    return f"{len(events)} of two pairs"


@suite.check
def all_tickers(it):
    inbox, subscription = listen(it.public, "all_tickers")
    inbox.wait("ten pairs", lambda _: len(inbox.topics()[1]) == 10)
    same("the topic", inbox.topics()[0], {"/market/ticker:all"})
    for event in inbox.events():
        complete(event)
    # The SDK cannot end this one: it takes the topic's end for a pair's name.
    return f"{len(inbox)} of ten pairs as subjects"


@suite.check
def best_prices_and_depths(it):
    for name, topic, subject, depth in (
        ("orderbook_level1", "/spotMarket/level1", "level1", None),
        ("orderbook_level5", "/spotMarket/level2Depth5", "level2", 5),
        ("orderbook_level50", "/spotMarket/level2Depth50", "level2", 50),
    ):
        inbox, subscription = listen(it.public, name, [ID])
        events = inbox.at_least(5)
        told(inbox, f"{topic}:{ID}", subject)
        ascending("times", [event.timestamp for event in events])
        for event in events:
            complete(event)
            bids, asks = (event.bids, event.asks) if depth else ([event.bids], [event.asks])
            holds("no longer than promised", max(len(bids), len(asks)) <= (depth or 1))
            ascending("asks", [exact(price) for price, _ in asks], strictly=True)
            ascending(
                "bids backwards", [exact(price) for price, _ in reversed(bids)], strictly=True
            )
            holds("not crossed", exact(bids[0][0]) < exact(asks[0][0]))
        it.public.unsubscribe(subscription)
    return "level 1, 5 and 50"


@suite.check
def book_from_its_changes(it):
    inbox, subscription = listen(it.public, "orderbook_increment", [ID])
    inbox.at_least(2)
    snapshot = it.sdk.market("get_full_order_book", symbol=ID)
    matched = 0
    for _ in range(3):
        later = it.sdk.market("get_full_order_book", symbol=ID)
        target = int(later.sequence)
        events = inbox.wait(
            f"changes up to {target}",
            lambda events: events[-1].sequence_end >= target and list(events),
        )
        book = replay(snapshot, events, target)
        same(f"bids at {target}", book["bids"], as_levels(later.bids))
        same(f"asks at {target}", book["asks"], as_levels(later.asks))
        matched += 1
        inbox.at_least(len(events) + 5)
    events = inbox.events()
    for before, after in zip(events, events[1:]):
        same("the sequence goes on", after.sequence_start, before.sequence_end + 1)
    told(inbox, f"/market/level2:{ID}", "trade.l2update")
    it.public.unsubscribe(subscription)
    return f"snapshot and {len(events)} changes make REST's book, {matched} times"


def as_levels(rows):
    return {exact(price): exact(size) for price, size in rows}


def replay(snapshot, events, target):
    """The book at a sequence, from an earlier one and the changes since."""
    book = {"bids": as_levels(snapshot.bids), "asks": as_levels(snapshot.asks)}
    at = int(snapshot.sequence)
    holds("the changes begin before the book", events[0].sequence_start <= at + 1)
    for event in events:
        complete(event)
        for side in ("bids", "asks"):
            for price, size, number in getattr(event.changes, side):
                if not at < int(number) <= target:
                    continue
                if exact(size) == ZERO:
                    book[side].pop(exact(price), None)
                else:
                    book[side][exact(price)] = exact(size)
    return book


@suite.check
def trades(it):
    inbox, subscription = listen(it.public, "trade", [ID])
    events = inbox.at_least(10)
    told(inbox, f"/market/match:{ID}", "trade.l3match")
    ascending("sequences", [int(event.sequence) for event in events], strictly=True)
    asked = {row.sequence: row for row in it.sdk.market("get_trade_history", symbol=ID).data}
    compared = 0
    for event in events:
        complete(event)
        row = asked.get(event.sequence)
        if row:
            same(
                "the trade",
                (event.price, event.size, event.side, int(event.time)),
                (row.price, row.size, row.side.value, row.time),
            )
            compared += 1
    holds("REST has most of them", compared >= 5)
    it.public.unsubscribe(subscription)
    return f"{len(events)}, {compared} as REST has them"


@suite.check
def candles(it):
    inbox, subscription = listen(it.public, "klines", ID, "1min")
    events = inbox.wait(
        "a candle after another",
        lambda events: len({e.candles[0] for e in events}) >= 3 and list(events),
        2 * PUSH_SECONDS,
    )
    told(inbox, f"/market/candles:{ID}_1min", "trade.candles.update")
    starts = [int(event.candles[0]) for event in events]
    ascending("starts", starts)
    start = sorted(set(starts))[1]
    last = [event for event in events if int(event.candles[0]) == start][-1]
    rows = it.sdk.market(
        "get_klines", symbol=ID, type="1min", start_at=start, end_at=start + 60
    ).data
    row = next(row for row in rows if int(row[0]) == start)
    same("the whole minute", [exact(v) for v in last.candles], [exact(v) for v in row])
    it.public.unsubscribe(subscription)
    return f"{len(events)} states, a whole minute as REST has it"


@suite.check
def snapshots(it):
    for name, argument in (("symbol_snapshot", ID), ("market_snapshot", "USDS")):
        inbox, subscription = listen(it.public, name, argument)
        events = inbox.at_least(12 if name == "market_snapshot" else 3)
        for event in events:
            data = event.data
            complete(data, but={"board", "mark", "sort", "site_types", "markets"})
            holds("bid below ask", data.buy < data.sell)
            holds("last within the day's range", data.low <= data.last_traded_price <= data.high)
        if name == "symbol_snapshot":
            same("the pair", {event.data.symbol for event in events}, {ID})
        else:
            holds("pairs of the group", len({event.data.symbol for event in events}) >= 5)
        it.public.unsubscribe(subscription)
    return "of a pair and of a group"


@suite.check
def auctions(it):
    subscriptions = [
        listen(it.public, "call_auction_info", ID),
        listen(it.public, "call_auction_orderbook_level50", ID),
    ]
    for inbox, subscription in subscriptions:
        it.public.unsubscribe(subscription)
        same("pushes, as there is no auction", len(inbox), 0)
    return "subscribed and ended; there are none"


@suite.check
def orders_of_version_2(it):
    inbox, subscription = listen(it.private, "order_v2")
    order = it.sdk.order
    rests = order(
        "add_order",
        symbol=ID,
        side="buy",
        type="limit",
        price=str(far(it.sdk, "0.5")),
        size="0.05",
        client_oid="v2_1",
    )
    order("cancel_partial_order", symbol=ID, order_id=rests.order_id, cancel_size="0.02")
    order("cancel_order_by_order_id", symbol=ID, order_id=rests.order_id)
    takes = order("add_order", symbol=ID, side="buy", type="market", size="0.02", client_oid="v2_2")
    kinds, events = sequence(inbox, rests.order_id)
    same("a resting order", kinds, ["new received", "open open", "open update", "done canceled"])
    same("its sizes", [str(e.size) for e in events[1:]], [e.size for e in events[1:]])
    same(
        "what it was, what it is",
        (exact(events[2].old_size), exact(events[2].size)),
        (exact("0.05"), exact("0.03")),
    )
    same("cancelled at last", exact(events[3].canceled_size), exact("0.05"))
    kinds, events = sequence(inbox, takes.order_id)
    matches = len(kinds) - 2
    same("a taker", kinds, ["new received", *["match match"] * matches, "done filled"])
    fills = order("get_trade_history", symbol=ID, order_id=takes.order_id).items
    same(
        "its fills",
        sorted((int(e.trade_id), exact(e.match_price), exact(e.match_size)) for e in events[1:-1]),
        sorted((fill.trade_id, exact(fill.price), exact(fill.size)) for fill in fills),
    )
    for event in events:
        same(
            "its names",
            (event.client_oid, event.symbol, event.side.value, event.order_type.value),
            ("v2_2", ID, "buy", "market"),
        )
    told(inbox, "/spotMarket/tradeOrdersV2", "orderChange")
    it.private.unsubscribe(subscription)
    return f"received, open, update, canceled; received, {matches} matches, filled"


def sequence(inbox, order_id):
    """The events of an order up to its last, with their states."""

    def whole(events):
        own = [event for event in events if event.order_id == order_id]
        return own if own and own[-1].status.value == "done" else None

    events = inbox.wait(f"the end of {order_id}", whole)
    ascending("times", [event.ts for event in events])
    return [f"{event.status.value} {event.type.value}" for event in events], events


@suite.check
def orders_of_version_1(it):
    inbox, subscription = listen(it.private, "order_v1")
    rests = it.sdk.order(
        "add_order",
        symbol=ID,
        side="sell",
        type="limit",
        price=str(far(it.sdk, "1.5")),
        size="0.05",
    )
    it.sdk.order("cancel_order_by_order_id", symbol=ID, order_id=rests.order_id)
    kinds, _ = sequence(inbox, rests.order_id)
    same("a resting order", kinds, ["open open", "done canceled"])
    told(inbox, "/spotMarket/tradeOrders", "orderChange")
    it.private.unsubscribe(subscription)
    return "open, canceled, without received"


@suite.check
def balance(it):
    inbox, subscription = listen(it.private, "account")
    before = it.sdk.balances()
    rests = it.sdk.order(
        "add_order", symbol=ID, side="buy", type="limit", price=str(far(it.sdk, "0.5")), size="0.01"
    )
    it.sdk.order("cancel_order_by_order_id", symbol=ID, order_id=rests.order_id)
    takes = it.sdk.order("add_order", symbol=ID, side="buy", type="market", size="0.02")
    done = find(it.sdk, takes.order_id)
    after = it.sdk.balances()

    def caught_up(events):
        last = {event.currency: (exact(event.total), exact(event.hold)) for event in events}
        return events if {**before, **last} == after else None

    events = inbox.wait("the balance REST tells", caught_up)
    running = {name: (total - hold, hold) for name, (total, hold) in before.items()}
    for event in events:
        complete(event)
        complete(event.relation_context)
        free, hold = running[event.currency]
        running[event.currency] = (
            free + exact(event.available_change),
            hold + exact(event.hold_change),
        )
        same(
            f"{event.currency} after the event",
            (exact(event.available), exact(event.hold)),
            running[event.currency],
        )
        same("available plus hold", exact(event.available) + exact(event.hold), exact(event.total))
    same(
        "what a buy costs",
        before["USDT"][0] - after["USDT"][0],
        exact(done.deal_funds) + exact(done.fee),
    )
    same(
        "orders",
        {event.relation_context.order_id for event in events},
        {rests.order_id, takes.order_id},
    )
    told(inbox, "/account/balance", "account.balance")
    it.private.unsubscribe(subscription)
    return f"{len(events)} changes, one after the other, to what REST tells"


@suite.check
def stop_orders(it):
    inbox, subscription = listen(it.private, "stop_order")
    price = str(far(it.sdk, "0.5"))
    placed = it.sdk.order(
        "add_stop_order",
        symbol=ID,
        side="sell",
        type="limit",
        price=price,
        size="0.01",
        stop_price=price,
    )
    it.sdk.order("cancel_stop_order_by_order_id", order_id=placed.order_id)
    events = inbox.at_least(2)
    same("events", [event.type.value for event in events], ["open", "cancel"])
    for event in events:
        complete(event)
        same(
            "the order",
            (event.order_id, event.symbol, event.side.value, event.stop.value),
            (placed.order_id, ID, "sell", "loss"),
        )
        same(
            "its numbers",
            [exact(v) for v in (event.stop_price, event.order_price, event.size)],
            [exact(price), exact(price), exact("0.01")],
        )
    told(inbox, "/spotMarket/advancedOrders", "stopOrder")
    it.private.unsubscribe(subscription)
    return "open, cancel"


@suite.check
def refused_and_ended_subscriptions(it):
    for arguments in (["NOPE-USDT"],):
        try:
            it.public.trade(arguments, Inbox())
        except Exception:
            pass
        else:
            raise Mismatch(f"{arguments} was acknowledged")
    inbox, subscription = listen(it.public, "trade", [OTHER_ID])
    inbox.at_least(1)
    it.public.unsubscribe(subscription)
    count = len(inbox)
    witness, other = listen(it.public, "trade", [ID])
    witness.at_least(5)
    same("pushes after the end", len(inbox), count)
    it.public.unsubscribe(other)
    errors = [
        event
        for event in it.sdk.events
        if "CALLBACK_ERROR" in str(event[0]) or "BUFFER_FULL" in str(event[0])
    ]
    same("pushes the SDK could not decode", errors, [])
    return "an unknown pair is refused; nothing comes after an end"
