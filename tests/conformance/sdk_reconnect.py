"""The official SDK when a websocket ends: it comes back with a new token and subscribes again."""

import contextlib

from checking import Suite, ascending, holds, same
from sdk_client import ID, Inbox, Sdk

suite = Suite(
    "sdk",
    arguments=["--seed", "10", "--speed", "20"],
    balances={"USDT": "1000"},
    faults="""
[[rule]]
fault = "disconnect"
on = "public"
min_ms = 1000
max_ms = 1000
limit = 1
""",
)

# The SDK itself waits for five seconds before it subscribes again.
BACK_SECONDS = 20


@suite.setup
@contextlib.contextmanager
def stream(exchange):
    sdk = Sdk(exchange)
    public = sdk.websockets.new_spot_public_ws()
    public.start()
    try:
        yield sdk, public
    finally:
        public.stop()


@suite.check
def a_stream_comes_back(it):
    sdk, public = it
    inbox = Inbox()
    public.trade([ID], inbox)
    inbox.at_least(1)
    inbox.wait("the SDK's word that it is back", lambda _: back(sdk), BACK_SECONDS)
    count = len(inbox)
    events = inbox.at_least(count + 5)
    ascending("sequences", [int(event.sequence) for event in events], strictly=True)
    same("connections", told(sdk).count("EVENT_CONNECTED"), 2)
    holds("the first had trades", count >= 1)
    return f"{count} trades before, more after"


def told(sdk):
    """What the SDK told about its connection."""
    return [str(event[0]) for event in sdk.events]


def back(sdk):
    return "EVENT_RE_SUBSCRIBE_OK" in told(sdk)
