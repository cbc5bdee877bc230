"""The local Twilio, a process of its own, with what goes wrong in it: 5 % of its requests meet a fault, of each kind."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import PIPE, Popen
from typing import Any

import requests

RATE = 0.05
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 429, "retry_after": 1},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "drop-before"},
    {"kind": "drop-after"},
    {"kind": "slow", "seconds": 1.5},
    {"kind": "slow", "seconds": 8.0},  # longer than the connection's timeout
)
TIMEOUT = 5  # seconds, of the connection
NUMBERS = {
    "Text": "+14155550100",
    "Answer": "+14155550101",
    "Opt-out": "+14155550102",
    "Nobody": "+14155550103",
    "Call": "+14155550104",
}
DELAYS = {"queued": 0.1, "sending": 0.3, "sent": 0.6, "ringing": 0.2, "second": 0.05}


@dataclass(frozen=True)
class Twilio:
    """Where it is, and what it is asked by scripts; none of that meets a fault."""

    url: str
    account_sid: str
    auth_token: str
    api_key: str
    api_secret: str

    def state(self) -> dict[str, Any]:
        return self._ask("GET", "state", timeout=60)

    def text(self, number: str, sender: str, body: str) -> None:
        self._ask("POST", f"numbers/{NUMBERS[number]}/inbound", {"from": sender, "body": body})

    def ring(self, caller: str) -> None:
        self._ask("POST", f"numbers/{NUMBERS['Call']}/calls", {"from": caller})

    def break_handset(self, handset: str, error_code: int) -> None:
        self._ask("POST", f"handsets/{handset}", {"error_code": error_code})

    def buy(self, number: str) -> None:
        self._ask("POST", "numbers", {"phone_number": number})

    def call_webhook(self, url: str, form: Mapping[str, str]) -> None:
        self._ask("POST", "webhooks", {"url": url, "form": form})

    def tell_alerts(self, url: str) -> None:
        self._ask("POST", f"accounts/{self.account_sid}/debugger", {"url": url})

    def break_down(self) -> None:
        for fault in FAULTS:
            self._ask("POST", "faults", {**fault, "rate": RATE, "times": None})

    def mend(self) -> list[dict[str, Any]]:
        """The faults that there were, with how often each happened."""
        faults = self._ask("GET", "faults")
        self._ask("DELETE", "faults")
        return faults

    def post(self, path: str, form: Any) -> requests.Response:
        """Twilio's own API, which has faults: whoever asks may get none."""
        url = f"{self.url}/api/2010-04-01/Accounts/{self.account_sid}/{path}.json"
        return requests.post(url, form, auth=(self.account_sid, self.auth_token), timeout=10)

    def listed(self, path: str, key: str) -> list[dict[str, Any]]:
        """All of them."""
        found, uri = [], f"/2010-04-01/Accounts/{self.account_sid}/{path}.json?PageSize=1000"
        while uri:
            page = requests.get(f"{self.url}/api{uri}", auth=(self.account_sid, self.auth_token), timeout=60).json()
            found, uri = [*found, *page[key]], page.get("next_page_uri")
        return found

    def _ask(self, method: str, path: str, body: Any = None, timeout: float = 20) -> Any:
        answer = requests.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=timeout)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def running() -> Iterator[Twilio]:
    """It ends with this process, whose end of a pipe it reads."""
    process = Popen([sys.executable, __file__], stdin=PIPE, stdout=PIPE, text=True)
    try:
        yield Twilio(**json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()


def serve() -> None:
    import threading

    from twilio_connector.sandbox.server import run
    from twilio_connector.sandbox.settings import Delays, Settings
    from twilio_connector.sandbox.state import State

    def ready(state: State) -> None:
        known = state.settings
        said = {name: getattr(known, name) for name in ("url", "account_sid", "auth_token", "api_key", "api_secret")}
        print(json.dumps(said), flush=True)

    def end_with_parent() -> None:
        import os

        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()
    own = Settings(
        numbers=tuple(NUMBERS.values()), delays=Delays(**DELAYS), max_messages=1_000_000, max_records=1_000_000
    )
    run(settings=own, ready=ready)


if __name__ == "__main__":
    sys.path.pop(0)
    serve()
