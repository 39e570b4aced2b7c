"""KuCoin's own Python SDK against an exchange: nothing of it is changed but its addresses."""

import threading
import time

from kucoin_universal_sdk.api import DefaultClient
from kucoin_universal_sdk.generate.account import account as account_models
from kucoin_universal_sdk.generate.account import fee as fee_models
from kucoin_universal_sdk.generate.spot import market as market_models
from kucoin_universal_sdk.generate.spot import order as order_models
from kucoin_universal_sdk.model import ClientOptionBuilder
from kucoin_universal_sdk.model import TransportOptionBuilder
from kucoin_universal_sdk.model import WebSocketClientOptionBuilder
from kucoin_universal_sdk.model.common import RestError

from checking import Mismatch, exact, holds, same

ID, OTHER_ID = "BTC-USDT", "ETH-USDT"
# Seconds to wait for one answer: a debug build takes its time for a first look at the whole day.
READ_SECONDS = 25
# Seconds to wait for one push.
PUSH_SECONDS = 10
# Fields that are null where there is nothing to say.
MAY_BE_NULL = {
    "stp",
    "remark",
    "tags",
    "sub_name",
    "ip_whitelist",
    "contract_address",
    "fail_msg",
    "callauction_price_floor",
    "callauction_price_ceiling",
    "callauction_first_stage_start_time",
    "callauction_second_stage_start_time",
    "callauction_third_stage_start_time",
    "trading_start_time",
    "common_response",
    "deposit_tier_fee",
    "withdraw_max_fee",
    "max_withdraw",
    "max_deposit",
    "deposit_min_size",
    "deposit_fee_rate",
}


class Sdk:
    """The SDK's services, called by name: `sdk.order("add_order", symbol=...)`."""

    def __init__(self, exchange, key=None, secret=None, passphrase=None):
        self.events = []
        websocket = WebSocketClientOptionBuilder().with_reconnect_interval(0)
        websocket = websocket.with_event_callback(lambda *event: self.events.append(event))
        option = (
            ClientOptionBuilder()
            .set_key(key or exchange.key)
            .set_secret(secret or exchange.secret)
            .set_passphrase(passphrase or exchange.passphrase)
            .set_spot_endpoint(exchange.base_url)
            .set_futures_endpoint(exchange.base_url)
            .set_broker_endpoint(exchange.base_url)
            .set_transport_option(
                TransportOptionBuilder().set_read_timeout(READ_SECONDS).set_max_retries(0).build()
            )
            .set_websocket_client_option(websocket.build())
            .build()
        )
        client = DefaultClient(option)
        rest = client.rest_service()
        self.account = caller(rest.get_account_service().get_account_api(), account_models)
        self.fee = caller(rest.get_account_service().get_fee_api(), fee_models)
        self.market = caller(rest.get_spot_service().get_market_api(), market_models)
        self.order = caller(rest.get_spot_service().get_order_api(), order_models)
        self.websockets = client.ws_service()

    def balances(self):
        """Total and held amounts by currency."""
        rows = self.account("get_spot_account_list", type="trade").data
        found = {}
        for row in rows:
            total, free, used = exact(row.balance), exact(row.available), exact(row.holds)
            same(f"{row.currency}: available plus holds", free + used, total)
            found[row.currency] = (total, used)
        return found

    def touch(self, symbol):
        """Best bid and ask."""
        ticker = self.market("get_ticker", symbol=symbol)
        return exact(ticker.best_bid), exact(ticker.best_ask)


def caller(api, models):
    """Calls a method by its name, with the fields of its request."""

    def call(name, **fields):
        title = "".join(word[:1].upper() + word[1:] for word in name.split("_"))
        request = getattr(models, f"{title}Req", None)
        method = getattr(api, name)
        return decoded(method(request(**fields)) if request else method())

    call.api = api
    return call


def decoded(answer):
    """An answer that decoded: the SDK itself hides that one did not."""
    common = answer.common_response
    same("the code", common.code, "200000")
    quota = common.rate_limit
    holds(
        f"a quota comes with it: {quota}", 0 <= quota.remaining < quota.limit and quota.reset >= 0
    )
    if common.data is not None:
        same(
            "what was decoded",
            answer.model_dump(exclude={"common_response"}),
            type(answer).from_dict(common.data).model_dump(exclude={"common_response"}),
        )
    return answer


def complete(model, but=()):
    """A model whose every field is there, but those that may be null."""
    missing = [
        name
        for name in type(model).model_fields
        if getattr(model, name) is None and name not in MAY_BE_NULL and name not in but
    ]
    same(f"fields missing of {type(model).__name__}", missing, [])
    return model


def sdk_refused(code, call, *arguments, words="", **fields):
    """Fails unless the venue refuses the call with this code."""
    try:
        answer = call(*arguments, **fields)
    except RestError as error:
        holds(
            f"{str(error)!r} has {code} and {words!r}", code in str(error) and words in str(error)
        )
        return error
    raise Mismatch(f"no refusal, but {answer!r}")


class Inbox:
    """What a subscription gets, in order."""

    def __init__(self):
        self._news = threading.Condition()
        self._got = []

    def __call__(self, topic, subject, event):
        with self._news:
            self._got.append((topic, subject, event))
            self._news.notify_all()

    def __len__(self):
        return len(self._got)

    def events(self):
        """All events so far."""
        with self._news:
            return [event for _, _, event in self._got]

    def topics(self):
        """The topics so far, and the subjects."""
        with self._news:
            return {topic for topic, _, _ in self._got}, {subject for _, subject, _ in self._got}

    def wait(self, what, condition, seconds=PUSH_SECONDS):
        """Waits until the events fulfil a condition; gives what it gave."""
        until = time.monotonic() + seconds
        with self._news:
            while True:
                found = condition([event for _, _, event in self._got])
                if found:
                    return found
                left = until - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    raise Mismatch(
                        f"{what}: not within {seconds:g} s after {len(self._got)} pushes"
                    )

    def at_least(self, count, what="pushes"):
        """Waits for so many events."""
        return self.wait(f"{count} {what}", lambda events: len(events) >= count and events)
