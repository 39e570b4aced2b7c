"""Checks of what a client got: one line each, each in bounded time, a failure with what was wrong.

A suite is a client's view of one exchange of its own: `with suite.exchange ...`, then its checks one
after the other. A check returns what it saw, in a few words; anything it raises is its failure.
"""

import asyncio
import contextlib
import inspect
import os
import signal
import time
import traceback
from decimal import Decimal

# Seconds that one check may take. The slowest waits for a timer of the venue.
CHECK_SECONDS = 30
# Seconds between two looks at something that only a query tells.
LOOK_SECONDS = 0.02


class Mismatch(Exception):
    """What was expected is not what came."""


def same(what, got, expected):
    """Fails unless both are equal."""
    if got != expected:
        raise Mismatch(f"{what} is {got!r}, expected {expected!r}")


def holds(what, condition):
    """Fails unless the condition holds; `what` says it in words."""
    if not condition:
        raise Mismatch(f"not so: {what}")


def ascending(what, values, strictly=False):
    """Fails unless the values never fall, or even always rise."""
    for before, after in zip(values, values[1:]):
        if after < before or (strictly and after == before):
            raise Mismatch(f"{what}: {after!r} follows {before!r}")


def exact(value):
    """A number of a client as the decimal the exchange wrote."""
    if value is None or isinstance(value, bool):
        raise Mismatch(f"{value!r} is no number")
    return Decimal(str(value))


def whole(what, value, step):
    """Fails unless the value is a whole multiple of the step."""
    if exact(value) % exact(step) != 0:
        raise Mismatch(f"{what} {value} is no multiple of {step}")


def refused(error, call, *arguments, words="", **named):
    """Fails unless the call raises this very error, with these words in it."""
    try:
        answer = call(*arguments, **named)
    except error as refusal:
        same("the error", type(refusal).__name__, error.__name__)
        holds(f"{str(refusal)!r} says {words!r}", words in str(refusal))
        return refusal
    raise Mismatch(f"no {error.__name__}, but {answer!r}")


def eventually(what, look, seconds=10.0):
    """Looks until it sees something; fails where that takes too long."""
    until = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > until:
            raise Mismatch(f"{what}: not within {seconds:g} s, last seen {seen!r}")
        time.sleep(LOOK_SECONDS)


class Suite:
    """The checks of one client against one exchange.

    `options` are those of the exchange; the context, a context manager or an asynchronous one, gets
    the exchange and gives what the checks get.
    """

    def __init__(self, client, **options):
        self.client = client
        self.options = options
        self.checks = []
        self.context = None
        self.tidy = None

    def setup(self, context):
        """Declares the context."""
        self.context = context
        return context

    def after_failure(self, tidy):
        """Declares what makes room for the next check after one that failed."""
        self.tidy = tidy
        return tidy

    def check(self, function):
        """Declares a check. It is named as its function."""
        self.checks.append(function)
        return function


class Report:
    """The lines, and their count."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def good(self, client, name, seen):
        """A check that passed."""
        self.passed += 1
        print(f"ok    {client:<5}{name}: {seen or 'as expected'}", flush=True)

    def bad(self, client, name, error):
        """A check that did not."""
        self.failed += 1
        print(f"FAIL  {client:<5}{name}: {describe(error)}", flush=True)

    def close(self):
        """The closing line."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)


def describe(error):
    """An error in one line, with the line of ours it came from."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    if isinstance(error, Mismatch):
        text = " ".join(str(error).split())
    here = os.path.dirname(__file__)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if os.path.dirname(frame.filename) == here and frame.filename != __file__
    ]
    places = ", ".join(f"{os.path.basename(f.filename)}:{f.lineno}" for f in frames[-2:])
    return f"{text[:600]} [{places}]" if places else text[:600]


@contextlib.contextmanager
def bounded(seconds):
    """Ends a check that blocks, wherever it is."""

    def late(*_):
        raise Mismatch(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(suite, exchange, report):
    """Runs the checks of a suite."""
    if inspect.isasyncgenfunction(inspect.unwrap(suite.context)):
        asyncio.run(_run_asynchronous(suite, exchange, report))
        return
    try:
        with contextlib.ExitStack() as stack:
            with bounded(CHECK_SECONDS):
                it = stack.enter_context(suite.context(exchange))
            for check in suite.checks:
                try:
                    with bounded(CHECK_SECONDS):
                        seen = check(it)
                    report.good(suite.client, check.__name__, seen)
                except Exception as error:
                    report.bad(suite.client, check.__name__, error)
                    if suite.tidy:
                        with bounded(CHECK_SECONDS):
                            suite.tidy(it)
    except Exception as error:
        report.bad(suite.client, f"{suite.context.__name__}, around its checks", error)


async def _run_asynchronous(suite, exchange, report):
    try:
        async with suite.context(exchange) as it:
            for check in suite.checks:
                try:
                    # The alarm is for a client that blocks the loop itself.
                    with bounded(CHECK_SECONDS + 1):
                        seen = await asyncio.wait_for(check(it), CHECK_SECONDS)
                    report.good(suite.client, check.__name__, seen)
                except Exception as error:
                    if isinstance(error, asyncio.TimeoutError):
                        error = Mismatch(f"still running after {CHECK_SECONDS} s")
                    report.bad(suite.client, check.__name__, error)
    except Exception as error:
        report.bad(suite.client, f"{suite.context.__name__}, around its checks", error)
