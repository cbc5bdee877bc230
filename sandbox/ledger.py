"""What the account has used, by day and category: the balance and the usage records come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Lock

START = Decimal(100)  # US dollars on each account
# category → description, unit of the count, unit of the usage
CATEGORIES = {
    "calls": ("Voice Minutes", "calls", "minutes"),
    "calls-outbound": ("Outbound Voice Minutes", "calls", "minutes"),
    "calls-inbound": ("Inbound Voice Minutes", "calls", "minutes"),
    "sms": ("SMS", "messages", "segments"),
    "sms-outbound": ("Outbound SMS", "messages", "segments"),
    "sms-inbound": ("Inbound SMS", "messages", "segments"),
    "phonenumbers": ("Phone Numbers", "numbers", "numbers"),
    "recordings": ("Recordings", "recordings", "minutes"),
    "transcriptions": ("Transcriptions", "transcriptions", "minutes"),
    "lookups": ("Lookups", "lookups", "lookups"),
    "totalprice": ("Total Price", "", "usd"),
}


@dataclass(frozen=True, slots=True)
class Use:
    category: str
    count: int = 0
    usage: int = 0
    price: Decimal = Decimal(0)

    def plus(self, other: Use) -> Use:
        return Use(self.category, self.count + other.count, self.usage + other.usage, self.price + other.price)


class Ledger:
    """One entry an account, day and category, however much is used."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._uses: dict[tuple[str, date, str], Use] = {}

    def charge(self, account_sid: str, at: datetime, category: str, usage: int, price: float) -> None:
        """Write down one message, call or other; what belongs to `sms-outbound` belongs to `sms` too."""
        day, cost = at.astimezone(UTC).date(), Decimal(str(price))
        with self._lock:
            for name in dict.fromkeys((category, category.partition("-")[0], "totalprice")):
                known = self._uses.get((account_sid, day, name), Use(name))
                self._uses[account_sid, day, name] = known.plus(Use(name, 1, usage, cost))

    def balance(self, account_sid: str) -> Decimal:
        uses = (use for _, use in self.entries(account_sid) if use.category == "totalprice")
        return START - sum((use.price for use in uses), Decimal(0))

    def entries(self, account_sid: str) -> Iterator[tuple[date, Use]]:
        with self._lock:
            uses = [(day, use) for (account, day, _), use in self._uses.items() if account == account_sid]
        return iter(uses)
