"""ccxt, websocket: what is pushed, against what is asked for."""

import asyncio
import contextlib
import time
from decimal import Decimal
from types import SimpleNamespace

from ccxt_client import OTHER, PAIR, streaming
from ccxt_market import check_book, check_ticker
from checking import LOOK_SECONDS, Mismatch, Suite, ascending, holds, same

# Pings are asked for often, so that the run sees some.
PING_SECONDS = 1
PLAN = f"[websocket]\nping_interval_ms = {PING_SECONDS * 1000}\nping_timeout_ms = 2000\n"
suite = Suite(
    "ccxt",
    arguments=["--seed", "3", "--speed", "20"],
    faults=PLAN,
    balances={"USDT": "10000000", "BTC": "2"},
)

# Seconds to wait for one push.
PUSH_SECONDS = 10
ZERO = Decimal(0)


@suite.setup
@contextlib.asynccontextmanager
async def clients(exchange):
    it = SimpleNamespace(
        account=streaming(exchange), other=streaming(exchange), since=time.monotonic()
    )
    try:
        await it.account.load_markets()
        await it.other.load_markets()
        yield it
    finally:
        await it.account.close()
        await it.other.close()


async def pushed(what, watching):
    """What a watch gives, in time."""
    try:
        return await asyncio.wait_for(watching, PUSH_SECONDS)
    except asyncio.TimeoutError:
        raise Mismatch(f"no {what} within {PUSH_SECONDS} s") from None


async def seen(what, look, seconds=PUSH_SECONDS):
    """What is to be seen after some more pushes. ccxt's watches miss those between two of them."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        await asyncio.sleep(LOOK_SECONDS)
    raise Mismatch(f"{what}: not within {seconds} s")


@contextlib.contextmanager
def overheard(client, handler):
    """The messages that one of ccxt's handlers gets, as they came."""
    own = getattr(client, handler)
    messages = []

    def listen(connection, message):
        messages.append(message)
        return own(connection, message)

    setattr(client, handler, listen)
    try:
        yield messages
    finally:
        delattr(client, handler)


@suite.check
async def watch_ticker(it):
    tickers = [await pushed("ticker", it.account.watch_ticker(PAIR)) for _ in range(3)]
    for ticker in tickers:
        same("the pair", ticker["symbol"], PAIR)
        check_ticker(it.account, ticker)
    ascending("times", [ticker["timestamp"] for ticker in tickers], strictly=True)
    rest = await it.account.fetch_ticker(PAIR)
    holds("the range of the day is REST's", rest["low"] <= tickers[-1]["last"] <= rest["high"])
    return f"3 snapshots, last {tickers[-1]['last']}"


@suite.check
async def watch_tickers(it):
    seen = {}
    while len(seen) < 2:
        for symbol, ticker in (
            await pushed("ticker", it.other.watch_tickers([PAIR, OTHER]))
        ).items():
            seen[symbol] = ticker
    same("the pairs", set(seen), {PAIR, OTHER})
    every = {}
    while len(every) < len(it.other.markets):
        every.update(await pushed("ticker", it.other.watch_tickers()))
    same("all pairs", set(every), set(it.other.markets))
    for ticker in [*seen.values(), *every.values()]:
        holds("bid below ask", ticker["bid"] < ticker["ask"])
        holds("sizes", ticker["bidVolume"] > 0 and ticker["askVolume"] > 0)
        holds("a last price", ticker["last"] > 0)
    return f"2 of a list, {len(every)} of all"


@suite.check
async def watch_trades(it):
    seen = {}
    while len(seen) < 10:
        for trade in await pushed("trade", it.account.watch_trades(PAIR)):
            seen[trade["info"]["sequence"]] = trade
    numbers = [int(number) for number in seen]
    ascending("sequences", numbers, strictly=True)
    asked = {trade["info"]["sequence"]: trade for trade in await it.account.fetch_trades(PAIR)}
    both = [(trade, asked[number]) for number, trade in seen.items() if number in asked]
    holds("REST has most of them", len(both) >= 5)
    for push, rest in both:
        for name in ("price", "amount", "side", "timestamp"):
            same(f"{name} of trade {push['info']['sequence']}", push[name], rest[name])
    return f"{len(seen)}, {len(both)} compared with REST"


@suite.check
async def watch_order_book(it):
    client = it.account
    history, updates, gaps = {}, 0, []
    with overheard(client, "handle_order_book") as messages:
        matched = 0
        while matched < 3:
            asked = await client.fetch_rest_order_book_safe(PAIR) if updates >= 5 else None
            book = await pushed("book", client.watch_order_book(PAIR))
            while asked and book["nonce"] < asked["nonce"]:
                history[book["nonce"]] = levels(book)
                book = await pushed("book", client.watch_order_book(PAIR))
            history[book["nonce"]] = levels(book)
            updates += 1
            if asked and asked["nonce"] in history:
                same(f"the book at {asked['nonce']}", history[asked["nonce"]], levels(asked))
                matched += 1
            holds("it is found again at REST's sequence", updates < 500)
        check_book(client, book, None)
    for before, after in zip(messages, messages[1:]):
        if after["data"]["sequenceStart"] != before["data"]["sequenceEnd"] + 1:
            gaps.append((before["data"]["sequenceEnd"], after["data"]["sequenceStart"]))
    same("gaps", gaps, [])
    for message in messages:
        check_changes(message["data"])
    return f"{len(messages)} updates without a gap, equal to REST at {matched} sequences"


def levels(book):
    """A book to compare."""
    return [[(price, size) for price, size, *_ in book[side]] for side in ("bids", "asks")]


def check_changes(data):
    """The changes of a push are numbered within its own numbers."""
    numbers = [int(change[2]) for side in ("asks", "bids") for change in data["changes"][side]]
    holds("it changes something", numbers)
    same("the first number", min(numbers), data["sequenceStart"])
    same("the last number", max(numbers), data["sequenceEnd"])


@suite.check
async def watch_order_book_5_and_50(it):
    seen = {}

    async def follow():
        while True:
            book = await it.account.watch_order_book(PAIR)
            for depth in (1, 5, 50):
                seen.setdefault(depth, []).append(top(book, depth))

    task = asyncio.ensure_future(follow())
    counts = []
    try:
        for depth in (5, 50):
            found = 0
            for _ in range(200):
                book = await pushed("book", it.other.watch_order_book(PAIR, depth))
                holds(f"at most {depth} levels", max(len(book["bids"]), len(book["asks"])) <= depth)
                check_book(it.other, book, depth)
                # The book of changes may be a push behind or ahead.
                wanted = top(book, depth)
                await asyncio.sleep(0)
                found += wanted in seen.get(depth, [])
                if found >= 3:
                    break
            holds(f"three of its states are those of the full book, not {found}", found >= 3)
            counts.append(found)
            await it.other.un_watch_order_book(PAIR, {"limit": depth})
        level1 = 0
        for _ in range(200):
            for symbol, ticker in (
                await pushed("best prices", it.other.watch_bids_asks([PAIR]))
            ).items():
                same("the pair", symbol, PAIR)
                holds("bid below ask", ticker["bid"] < ticker["ask"])
                best = [
                    [(ticker["bid"], ticker["bidVolume"])],
                    [(ticker["ask"], ticker["askVolume"])],
                ]
                await asyncio.sleep(0)
                level1 += best in seen.get(1, [])
            if level1 >= 3:
                break
        holds(f"three best prices are those of the full book, not {level1}", level1 >= 3)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return "their states are states of the full book; best prices too"


def top(book, depth):
    return [[(price, size) for price, size, *_ in book[side][:depth]] for side in ("bids", "asks")]


@suite.check
async def watch_bids_asks(it):
    seen = set()
    while len(seen) < 2:
        for symbol, ticker in (
            await pushed("best prices", it.account.watch_bids_asks([PAIR, OTHER]))
        ).items():
            holds("bid below ask", ticker["bid"] < ticker["ask"])
            holds("sizes", ticker["bidVolume"] > 0 and ticker["askVolume"] > 0)
            seen.add(symbol)
    same("the pairs", seen, {PAIR, OTHER})
    return "of two pairs"


@suite.check
async def watch_ohlcv(it):
    states, starts = {}, []
    while len(starts) < 3:
        for candle in await pushed("candle", it.account.watch_ohlcv(PAIR, "1m")):
            start, opened, high, low, closed, volume = candle
            same("the start is whole", start % 60_000, 0)
            holds(
                "low, open, close, high are in order",
                low <= min(opened, closed) <= max(opened, closed) <= high,
            )
            if start in states:
                before = states[start]
                same("the open stays", opened, before[1])
                holds("the range only widens", high >= before[2] and low <= before[3])
                holds("the volume only grows", volume >= before[5])
            else:
                starts.append(start)
            states[start] = list(candle)
    ascending("starts", starts, strictly=True)
    closed = starts[1]
    asked = await it.account.fetch_ohlcv(PAIR, "1m", closed, 1, {"endAt": closed // 1000 + 60})
    same("the whole minute", [c for c in asked if c[0] == closed], [states[closed]])
    return "a minute from its first push to its last, equal to REST"
