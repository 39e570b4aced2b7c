"""Real clients against `ibis exchange`: one line a check, and a closing line. Exit 1 where one fails.

run.py BINARY DIRECTORY [WORD]...   DIRECTORY is for logs and credentials;
                                    only checks whose client or name contains a word
"""

import logging
import os
import signal
import sys

import ccxt_errors
import ccxt_history
import ccxt_market
import ccxt_own_streams
import sdk_history
import sdk_market
import sdk_reconnect
import sdk_streams
from checking import Report, run
from exchange import Exchange

# In order. The modules of history and of own streams add their checks to the suites of others.
SUITES = {
    "ccxt-market": ccxt_market.suite,
    "ccxt-orders": ccxt_history.suite,
    "ccxt-errors": ccxt_errors.suite,
    "ccxt-read-only": ccxt_errors.reading,
    "ccxt-streams": ccxt_own_streams.suite,
    "ccxt-reconnect": ccxt_errors.cut,
    "sdk-market": sdk_market.suite,
    "sdk-orders": sdk_history.suite,
    "sdk-streams": sdk_streams.suite,
    "sdk-reconnect": sdk_reconnect.suite,
}


def main(binary, directory, words):
    """Runs the suites that are wanted, each against an exchange of its own."""
    # The clients log what the checks tell better.
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report = Report()
    for name, suite in SUITES.items():
        if not words or any(word in name for word in words):
            one(suite, name, binary, os.path.join(directory, name), report)
    report.close()
    return 0 if report.failed == 0 and report.passed > 0 else 1


def one(suite, name, binary, directory, report):
    """Runs one suite; an exchange that does not start, or does not end well, is a failure."""
    try:
        exchange = Exchange(binary, directory, **suite.options)
    except Exception as error:
        report.bad(suite.client, f"{name}, its exchange", error)
        return
    try:
        run(suite, exchange, report)
    finally:
        try:
            exchange.end()
        except Exception as error:
            report.bad(suite.client, f"{name}, its exchange", error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
