"""ccxt, when it fails: every refusal becomes the error ccxt has for it, and a broken line heals."""

import contextlib
import time
from types import SimpleNamespace

import ccxt

from ccxt_client import (
    ID,
    PAIR,
    balances,
    connect,
    finished,
    is_order,
    keys,
    streaming,
    touch,
    with_keys,
)
from ccxt_streams import pushed
from checking import Mismatch, Suite, exact, holds, refused, same

WINDOW_MS = 2_000
QUOTA = 100
# One fault for each, at an endpoint of its own, so that nothing else meets it.
PLAN = f"""
[quota]
public = {QUOTA}
window_ms = {WINDOW_MS}

[[rule]]
fault = "error"
on = "POST /api/v1/hf/orders"
code = "500000"
http = 500
when = "after"
limit = 1

[[rule]]
fault = "html"
on = "GET /api/v1/status"
limit = 1

[[rule]]
fault = "timeout"
on = "GET /api/v1/market/histories"
limit = 1

[[rule]]
fault = "reset"
on = "GET /api/v1/trade-fees"
limit = 1

[[rule]]
fault = "cut"
on = "GET /api/v1/market/candles"
limit = 1

[[rule]]
fault = "rate_limited"
on = "GET /api/v1/hf/fills"
headers = true
reset_ms = 100
limit = 1
"""
suite = Suite(
    "ccxt", arguments=["--seed", "4", "--speed", "20"], balances={"USDT": "100"}, faults=PLAN
)
reading = Suite(
    "ccxt", arguments=["--seed", "4"], balances={"USDT": "100", "BTC": "1"}, permissions=["General"]
)
cut = Suite(
    "ccxt",
    arguments=["--seed", "5", "--speed", "20"],
    balances={"USDT": "100000"},
    faults="""
[[rule]]
fault = "disconnect"
on = "*"
min_ms = 1500
max_ms = 1500
""",
)


@suite.setup
@contextlib.contextmanager
def account(exchange):
    client = with_keys(exchange)
    client.load_markets()
    yield SimpleNamespace(exchange=exchange, client=client)


@suite.check
def an_order_in_doubt_is_found(it):
    client = it.client
    order = (PAIR, "limit", "buy", 0.0001, 10_000.0, {"clientOid": "doubt_1"})
    refused(ccxt.ExchangeNotAvailable, client.create_order, *order, words="500000")
    found = client.fetch_order(None, PAIR, {"clientOid": "doubt_1"})
    is_order(found, status="open", price=10_000, amount="0.0001")
    refused(ccxt.BadRequest, client.create_order, *order, words="Duplicated")
    client.cancel_order(found["id"], PAIR)
    finished(client, found["id"], PAIR)
    return "500000 after the order was taken; a second try is refused"


@suite.check
def insufficient_funds(it):
    client = it.client
    before = balances(client)
    _, _, ask, _ = touch(client, PAIR)
    for call in (
        lambda: client.create_order(PAIR, "limit", "buy", 0.01, float(ask * exact("0.9"))),
        lambda: client.create_order(PAIR, "market", "buy", 0.01),
        lambda: client.create_market_buy_order_with_cost(PAIR, 100.5),
        lambda: client.create_order(PAIR, "limit", "sell", 0.001, float(ask)),
        lambda: client.create_order(PAIR, "market", "sell", 0.001),
    ):
        refused(ccxt.InsufficientFunds, call, words="200004")
    # All of the balance at once leaves nothing for the fee.
    refused(ccxt.InsufficientFunds, client.create_order, PAIR, "limit", "buy", 0.01, 10_000.0)
    same("the balance", balances(client), before)
    return "limit and market, buy and sell, and where the fee is missing"


@suite.check
def invalid_orders(it):
    client = it.client
    refused(
        ccxt.InvalidOrder,
        client.create_order,
        "SOL/USDT",
        "limit",
        "buy",
        0.005,
        100.0,
        words="below the minimum",
    )
    refused(
        ccxt.InvalidOrder, client.create_order, PAIR, "limit", "buy", 0.0001, 100.0, words="600101"
    )
    raw = {"clientOid": "raw_1", "symbol": ID, "side": "buy", "type": "limit"}
    place = client.private_post_hf_orders
    refused(
        ccxt.InvalidOrder,
        place,
        {**raw, "price": "10000", "size": "0.000105"},
        words="increment invalid",
    )
    refused(ccxt.ExchangeError, check_price, place, raw)
    refused(ccxt.BadRequest, place, {**raw, "price": "10000"}, words="400100")
    refused(ccxt.BadRequest, place, {**raw, "price": "x", "size": "0.0001"}, words="400100")
    refused(
        ccxt.BadRequest,
        place,
        {**raw, "price": "10000", "size": "0.0001", "side": "hold"},
        words="400100",
    )
    refused(ccxt.BadRequest, place, {**raw, "price": "-1", "size": "0.0001"}, words="400100")
    same("open orders", client.fetch_open_orders(PAIR), [])
    return "size, increment, value; missing, unreadable and negative fields"


def check_price(place, raw):
    """A price off its grid, whatever ccxt calls the venue's code for it."""
    try:
        return place({**raw, "price": "10000.05", "size": "0.0001"})
    except ccxt.BaseError as error:
        holds(f"{error} says so", "Price increment invalid." in str(error))
        raise ccxt.ExchangeError(str(error)) from error


@suite.check
def order_not_found(it):
    client, unknown = it.client, "670fd33bf9406e0007ab3945"
    refused(ccxt.OrderNotFound, client.fetch_order, unknown, PAIR)
    refused(ccxt.OrderNotFound, client.fetch_order, "no such id", PAIR)
    refused(ccxt.OrderNotFound, client.cancel_order, unknown, PAIR)
    refused(ccxt.OrderNotFound, client.cancel_order, unknown, PAIR, {"sync": True})
    refused(
        ccxt.OrderNotFound, client.fetch_order, "vs93gptvr9t2fsql003l8k5p", PAIR, {"trigger": True}
    )
    return "fetched and cancelled, stop orders too"


@suite.check
def bad_symbol(it):
    client = it.client
    refused(ccxt.BadSymbol, client.create_order, "NOPE/USDT", "limit", "buy", 1, 1.0)
    raw = {
        "clientOid": "raw_2",
        "symbol": "NOPE-USDT",
        "side": "buy",
        "type": "limit",
        "price": "1",
        "size": "1",
    }
    refused(ccxt.ExchangeError, client.private_post_hf_orders, raw, words="900001")
    return "ccxt's own, and the venue's 900001"


@suite.check
def authentication_errors(it):
    for field, code in (("apiKey", "400003"), ("secret", "400005"), ("password", "400004")):
        wrong = {**keys(it.exchange), field: "0123456789abcdef01234567"}
        client = connect(ccxt.kucoin, it.exchange, **wrong)
        error = refused(ccxt.AuthenticationError, client.private_get_accounts)
        # A wrong secret also makes another passphrase.
        holds(
            f"{error} has {code}",
            code in str(error) or (field == "secret" and "400004" in str(error)),
        )
    late = with_keys(it.exchange)
    late.nonce = lambda: late.milliseconds() - 10_000
    refused(ccxt.InvalidNonce, late.private_get_accounts, words="400002")
    late.nonce = lambda: late.milliseconds() - 3_000
    same("three seconds late", late.private_get_accounts()["code"], "200000")
    return "key, secret, passphrase, and a clock that is ten seconds late"


@suite.check
def rate_limit_of_a_pool(it):
    client = connect(ccxt.kucoin, it.exchange, enableRateLimit=False)
    ticker = {"symbol": ID}
    weight = 15
    time.sleep(WINDOW_MS / 1000)
    calls = 0
    try:
        while calls <= QUOTA // weight + 1:
            client.public_get_market_stats(ticker)
            calls += 1
            headers = {name.lower(): value for name, value in client.last_response_headers.items()}
            same("the limit", int(headers["gw-ratelimit-limit"]), QUOTA)
            same("what remains", int(headers["gw-ratelimit-remaining"]), QUOTA - calls * weight)
        raise Mismatch(f"{calls} calls of weight {weight} fit into {QUOTA}")
    except ccxt.RateLimitExceeded as error:
        holds(f"{error} has 429000", "429000" in str(error))
    same("calls that fitted", calls, QUOTA // weight)
    headers = {name.lower(): value for name, value in client.last_response_headers.items()}
    reset = int(headers["gw-ratelimit-reset"])
    holds(f"it says when: {reset} ms", 0 < reset <= WINDOW_MS)
    same("orders are of another pool", it.client.fetch_open_orders(PAIR), [])
    time.sleep(reset / 1000 + 0.01)
    client.public_get_market_stats(ticker)
    return f"{calls} calls of weight {weight} in {QUOTA}, then 429 until the window ends"


@suite.check
def faults_of_the_line(it):
    client = with_keys(it.exchange, timeout=2_000, enableRateLimit=False)
    client.markets = client.set_markets(it.client.markets)
    client.options["hf"], client.options["uta"] = True, False
    time.sleep(WINDOW_MS / 1000)
    for error, call in (
        (ccxt.ExchangeNotAvailable, lambda: client.fetch_status()),
        (ccxt.RequestTimeout, lambda: client.fetch_trades(PAIR)),
        (ccxt.NetworkError, lambda: network(lambda: client.fetch_trading_fee(PAIR))),
        (ccxt.NetworkError, lambda: network(lambda: client.fetch_ohlcv(PAIR, "1m", 0, 1))),
        (ccxt.RateLimitExceeded, lambda: client.fetch_my_trades(PAIR)),
    ):
        refused(error, call)
        call()
    return "a page, no answer, a reset, half an answer, 429: each once, then as ever"


def network(call):
    """A broken connection, whichever of its errors ccxt makes of it."""
    try:
        return call()
    except ccxt.NetworkError as error:
        raise ccxt.NetworkError(str(error)) from error


@reading.setup
@contextlib.contextmanager
def reader(exchange):
    client = with_keys(exchange)
    client.load_markets()
    yield client


@reading.check
def a_key_that_may_only_read(client):
    before = balances(client)
    for call in (
        lambda: client.create_order(PAIR, "limit", "buy", 0.001, 10_000.0),
        lambda: client.create_order(PAIR, "market", "sell", 0.001),
        lambda: client.cancel_order("670fd33bf9406e0007ab3945", PAIR),
        lambda: client.cancel_all_orders(),
    ):
        refused(ccxt.AuthenticationError, call, words="400007")
    same("open orders", client.fetch_open_orders(PAIR), [])
    same("the balance", balances(client), before)
    return "400007 for every order and cancel"


@cut.setup
@contextlib.asynccontextmanager
async def cut_streams(exchange):
    client = streaming(exchange)
    try:
        await client.load_markets()
        yield client
    finally:
        await client.close()


@cut.check
async def streams_come_back(client):
    lost = 0
    trades = []
    until = time.monotonic() + 10
    while lost < 2 or len(trades) < 10:
        holds("two losses and what follows, in time", time.monotonic() < until)
        try:
            trades += await pushed("trade", client.watch_trades(PAIR))
            await pushed("ticker", client.watch_tickers([PAIR]))
        except ccxt.NetworkError:
            lost += 1
    after = await pushed("trade", client.watch_trades(PAIR))
    holds("it goes on", after)
    return f"{lost} connections ended, {len(trades)} trades came all the same"


suites = [suite, reading, cut]
