"""The official SDK, market data and the account by REST."""

import contextlib
import time

from kucoin_universal_sdk.generate.spot.market import GetAllTickersTicker

from checking import Suite, ascending, eventually, exact, holds, same, whole
from sdk_client import ID, OTHER_ID, Sdk, complete, sdk_refused

suite = Suite(
    "sdk", arguments=["--seed", "6", "--speed", "20"], balances={"USDT": "100000", "BTC": "1"}
)

PAIRS = 10


@suite.setup
@contextlib.contextmanager
def sdk(exchange):
    client = Sdk(exchange)
    client.exchange = exchange
    yield client


@suite.check
def server_time_and_status(sdk):
    before = time.time() * 1000
    told = sdk.market("get_server_time").data
    holds(f"{told} is now", before - 1 <= told <= time.time() * 1000 + 1)
    status = sdk.market("get_service_status")
    same("the status", status.status.value, "open")
    holds("a message, empty where all is well", status.msg is not None)
    return "open"


@suite.check
def symbols(sdk):
    rows = sdk.market("get_all_symbols").data
    same("the number of pairs", len(rows), PAIRS)
    for row in rows:
        complete(row)
        one = complete(sdk.market("get_symbol", symbol=row.symbol))
        same("the same, asked for alone", plain(one), plain(row))
    usds = sdk.market("get_all_symbols", market="USDS").data
    same("the group of dollars", [row.symbol for row in usds], [row.symbol for row in rows])
    same("a group that is not there", sdk.market("get_all_symbols", market="NOPE").data, [])
    holds("the group is listed", "USDS" in sdk.market("get_market_list").data)
    sdk_refused("900001", sdk.market, "get_symbol", symbol="NOPE-USDT")
    return f"{len(rows)}, every field decoded"


def plain(model):
    """A model's fields without the answer it came in."""
    return model.model_dump(mode="json", exclude={"common_response"})


@suite.check
def currencies(sdk):
    rows = sdk.market("get_all_currencies").data
    for row in rows:
        complete(row, but={"confirms"})
        for chain in row.chains:
            complete(chain)
    one = sdk.market("get_currency", currency="BTC")
    row = next(row for row in rows if row.currency == "BTC")
    same(
        "the same, asked for alone",
        (one.currency, one.precision, one.full_name),
        (row.currency, row.precision, row.full_name),
    )
    return f"{len(rows)}, with their chains"


@suite.check
def tickers(sdk):
    ticker = complete(sdk.market("get_ticker", symbol=ID))
    holds("bid below ask", exact(ticker.best_bid) < exact(ticker.best_ask))
    stats = complete(sdk.market("get24hr_stats", symbol=ID))
    holds("last within the range", exact(stats.low) <= exact(stats.last) <= exact(stats.high))
    same("the pair", stats.symbol, ID)
    # The SDK knows the coefficients 0 and 1 alone and, unheard, decodes nothing where there is another.
    raw = sdk.market.api.get_all_tickers().common_response.data
    same("pairs", len(raw["ticker"]), PAIRS)
    rows = [
        complete(GetAllTickersTicker.from_dict(row))
        for row in raw["ticker"]
        if row["takerCoefficient"] == row["makerCoefficient"] == "1"
    ]
    for row in rows:
        holds(f"{row.symbol} bid below ask", exact(row.buy) < exact(row.sell))
    holds("there are pairs of class A", len(rows) >= 5)
    return f"one, its day, and {len(rows)} of {PAIRS} that the SDK can decode"


@suite.check
def trade_history(sdk):
    rows = eventually(
        "ten trades", lambda: len(r := sdk.market("get_trade_history", symbol=ID).data) >= 10 and r
    )
    for row in rows:
        complete(row)
    ordered = sorted(rows, key=lambda row: int(row.sequence))
    ascending("times", [row.time for row in ordered])
    holds("nanoseconds", rows[0].time > 10**18)
    return f"{len(rows)}"


@suite.check
def klines(sdk):
    now = sdk.market("get_trade_history", symbol=ID).data[-1].time // 10**9
    end = now // 3600 * 3600
    for length, seconds in (("1min", 60), ("5min", 300), ("1hour", 3600), ("1day", 86400)):
        rows = sdk.market(
            "get_klines", symbol=ID, type=length, start_at=end - 10 * seconds, end_at=end
        ).data
        holds(f"{length}: about ten, not {len(rows)}", 8 <= len(rows) <= 11)
        starts = [int(row[0]) for row in rows]
        ascending("starts backwards", starts[::-1], strictly=True)
        for _, opened, closed, high, low, volume, turnover in rows:
            opened, closed, high, low, volume, turnover = map(
                exact, (opened, closed, high, low, volume, turnover)
            )
            holds(
                "open, close, high, low in this order",
                low <= min(opened, closed) <= max(opened, closed) <= high,
            )
            holds(
                "turnover is volume at prices of the range",
                low * volume <= turnover <= high * volume,
            )
    return "minutes to days, newest first, turnover within the range"


@suite.check
def order_books(sdk):
    for size in ("20", "100"):
        book = complete(sdk.market("get_part_order_book", symbol=ID, size=size))
        check_book(book, int(size))

    def at_once():
        part = sdk.market("get_part_order_book", symbol=ID, size="100")
        full = sdk.market("get_full_order_book", symbol=ID)
        return (part, full) if part.sequence == full.sequence else None

    part, full = eventually("two books of one sequence", at_once)
    check_book(complete(full), None)
    same("bids", full.bids[:100], part.bids)
    same("asks", full.asks[:100], part.asks)
    return f"{len(full.bids)}+{len(full.asks)} levels"


def check_book(book, most):
    bids = [exact(price) for price, _ in book.bids]
    asks = [exact(price) for price, _ in book.asks]
    ascending("asks", asks, strictly=True)
    ascending("bids backwards", bids[::-1], strictly=True)
    holds("not crossed", bids[0] < asks[0])
    holds("no longer than asked", most is None or max(len(bids), len(asks)) <= most)
    for _, size in book.bids + book.asks:
        holds("a level is not empty", exact(size) > 0)
        whole("a size", size, "0.00001")


@suite.check
def websocket_tokens(sdk):
    tokens = []
    for name in ("get_public_token", "get_private_token"):
        answer = complete(sdk.market(name))
        tokens.append(answer.token)
        for server in answer.instance_servers:
            complete(server)
            same("the ping interval", server.ping_interval, 18_000)
            same("the ping timeout", server.ping_timeout, 10_000)
    holds("two tokens", len(set(tokens)) == 2)
    return "public and private"


@suite.check
def account_and_key(sdk):
    key = complete(sdk.account("get_apikey_info"))
    same("the key", key.api_key, sdk.exchange.key)
    same("what it may do", key.permission, "General,Spot")
    same("its version", key.api_version, 3)
    complete(sdk.account("get_account_info"))
    same("high-frequency", sdk.account("get_spot_account_type").data, True)
    return f"{key.permission}, version {key.api_version}"


@suite.check
def accounts(sdk):
    same(
        "the balances",
        {name: total for name, (total, _) in sdk.balances().items()},
        sdk.exchange.balances,
    )
    for row in sdk.account("get_spot_account_list").data:
        complete(row)
        detail = complete(sdk.account("get_spot_account_detail", account_id=row.id))
        same(
            "the same, by its id",
            (detail.currency, detail.balance, detail.holds),
            (row.currency, row.balance, row.holds),
        )
    one = sdk.account("get_spot_account_list", currency="BTC", type="trade").data
    same(
        "of one currency", [(row.currency, exact(row.balance)) for row in one], [("BTC", exact(1))]
    )
    return "as the file says, one by one too"


@suite.check
def fees(sdk):
    base = complete(sdk.fee("get_basic_fee", currency_type=0))
    same(
        "the lowest tier",
        (exact(base.taker_fee_rate), exact(base.maker_fee_rate)),
        (exact("0.001"), exact("0.001")),
    )
    rows = sdk.fee("get_spot_actual_fee", symbols=f"{ID},{OTHER_ID},ARB-USDT").data
    same("the pairs", [row.symbol for row in rows], [ID, OTHER_ID, "ARB-USDT"])
    for row in rows:
        symbol = sdk.market("get_symbol", symbol=row.symbol)
        same(
            f"{row.symbol} taker",
            exact(row.taker_fee_rate),
            exact("0.001") * exact(symbol.taker_fee_coefficient),
        )
        same(
            f"{row.symbol} maker",
            exact(row.maker_fee_rate),
            exact("0.001") * exact(symbol.maker_fee_coefficient),
        )
    return ", ".join(f"{row.symbol} {row.taker_fee_rate}" for row in rows)


@suite.check
def wrong_credentials(sdk):
    for field, code in (("key", "400003"), ("passphrase", "400004")):
        wrong = Sdk(sdk.exchange, **{field: "0123456789abcdef01234567"})
        sdk_refused(code, wrong.account, "get_spot_account_list")
    wrong = Sdk(sdk.exchange, secret="0123456789abcdef01234567")
    sdk_refused("40000", wrong.account, "get_spot_account_list")
    return "key, passphrase, secret"
