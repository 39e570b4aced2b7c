"""An `ibis exchange` of one's own: started on a free port, known by its first line, ended by SIGTERM."""

import json
import os
import queue
import subprocess
import threading
import tomllib
from decimal import Decimal

# Seconds until it has to listen, and to end.
START_SECONDS = 20
END_SECONDS = 10
# What the keys of these tests are: the exchange takes any.
KEY = "5f3113a1689401000612a12a"
SECRET = "8c5d2f6e-0b7a-4a58-9d0e-3f1b2c4d5e6f"
PASSPHRASE = "conformance"


class ExchangeError(Exception):
    """The exchange did not start or end as it should."""


class Exchange:
    """A running exchange."""

    def __init__(
        self, binary, directory, balances=None, permissions=None, arguments=(), faults=None
    ):
        os.makedirs(directory, exist_ok=True)
        self.credentials_file = os.path.join(directory, "credentials.toml")
        if os.path.exists(self.credentials_file):
            os.remove(self.credentials_file)
        if balances is not None:
            _write_private(self.credentials_file, _credentials(balances, permissions))
        self.log_file = os.path.join(directory, "exchange.log")
        command = [binary, "exchange", "--listen", "127.0.0.1:0"]
        command += ["--credentials", self.credentials_file, *arguments]
        if faults is not None:
            plan = os.path.join(directory, "faults.toml")
            _write_private(plan, faults)
            command += ["--faults", plan]
        with open(self.log_file, "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.ready = self._line(START_SECONDS, "say that it listens")
            self.base_url = self.ready["base_url"]
            with open(self.credentials_file, "rb") as file:
                account = tomllib.load(file)
        except BaseException:
            self._kill()
            raise
        self.key = account["key"]
        self.secret = account["secret"]
        self.passphrase = account["passphrase"]
        self.balances = {name: Decimal(amount) for name, amount in account["balances"].items()}

    def end(self):
        """Ends it. Its last line."""
        if self._process.poll() is not None:
            raise ExchangeError(
                f"it ended by itself with {self._process.returncode}: {self._log()}"
            )
        self._process.terminate()
        try:
            report = self._line(END_SECONDS, "end")
            code = self._process.wait(END_SECONDS)
        except BaseException:
            self._kill()
            raise
        if code != 0:
            raise ExchangeError(f"it ended with {code}: {self._log()}")
        return report

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _line(self, seconds, what):
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise ExchangeError(f"it did not {what} within {seconds} s") from None
        if line is None:
            raise ExchangeError(f"it ended before it could {what}: {self._log()}")
        return json.loads(line)

    def _kill(self):
        self._process.kill()
        self._process.wait()

    def _log(self):
        with open(self.log_file, encoding="utf-8", errors="replace") as log:
            return " / ".join(log.read().split("\n")[-4:]).strip(" /")


def _credentials(balances, permissions):
    lines = [f'key = "{KEY}"', f'secret = "{SECRET}"', f'passphrase = "{PASSPHRASE}"']
    if permissions is not None:
        lines.append(f"permissions = {json.dumps(permissions)}")
    lines.append("[balances]")
    lines += [f'{name} = "{amount}"' for name, amount in balances.items()]
    return "\n".join(lines) + "\n"


def _write_private(path, text):
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
