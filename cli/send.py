"""``send``: a message to everybody in a CSV file, with a journal beside the results, from which an interrupted run goes on."""

import csv
import fcntl
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..connector.component import Action
from ..connector.context import ActionContext
from ..connector.errors import ConnectorError, InvalidInput
from ..connector.journal import FileJournal
from .output import write_json
from .units import read_text

COLUMNS = ("line", "to", "status", "sid", "errorCode", "error", "link")
STATUS = {"unknown": 6, "retry": 5, "refused": 4, "connection": 3, "input": 2}
"""Exit statuses by kind of error, the gravest first."""
INTERRUPTED = 130
LOOKED_AT = 100
"""How many messages tell what a segment costs."""
NOBODY = {"key": "basic", "fields": {"username": "AC" + "0" * 32, "password": "none"}}
"""The connection of a dry run that was given none: it reaches nobody."""


@dataclass(frozen=True)
class Sending:
    """What is sent, to whom, and where the results go."""

    action: Action
    values: dict[str, Any]
    recipients: Path
    results: Path | None

    @property
    def results_file(self) -> Path:
        return self.results or self.recipients.with_name(f"{self.recipients.name}.results.csv")

    @property
    def journal_file(self) -> Path:
        return self.results_file.with_name(f"{self.results_file.name}.journal")

    def complete(self) -> dict[str, Any]:
        """The inputs. Raises InvalidInput for a file that cannot be read."""
        return self.values | {"recipients": read_text(self.recipients, "recipients")}


def send(sending: Sending, *, resume: bool) -> int:
    """Send, and print a summary; the exit status."""
    values = sending.complete()
    if not resume and sending.journal_file.exists() and sending.journal_file.stat().st_size:
        raise InvalidInput(
            f"resume: {sending.journal_file} tells of an earlier run: --resume goes on with it; "
            "remove it to send to everybody again",
            field="resume",
        )
    with _locked(sending.journal_file):
        journal = FileJournal(sending.journal_file)
        journal.mend()
        try:
            tally = _send(sending, values, ActionContext(journal=journal))
        except KeyboardInterrupt:
            print("interrupted: --resume goes on where it stopped", file=sys.stderr)
            return INTERRUPTED
    _report(tally, sending.results_file)
    return next((status for kind, status in STATUS.items() if tally.kinds[kind]), 0)


@dataclass(frozen=True)
class Tally:
    """How many of each."""

    statuses: Counter[str]
    errors: Counter[str]
    kinds: Counter[str]

    def add(self, result: dict[str, Any]) -> None:
        error = result["error"]
        self.statuses["sent" if result["sid"] else result["status"]] += 1
        if error:
            self.kinds[error["kind"]] += 1
            self.errors[str(error["code"] or error["kind"])] += 1


def _send(sending: Sending, values: dict[str, Any], context: ActionContext) -> Tally:
    tally = Tally(Counter(), Counter(), Counter())
    results = sending.action.run(context, values)
    first = next(results, None)  # recipients are checked before a file is made
    with sending.results_file.open("w", encoding="utf-8", newline="", buffering=1) as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for result in _watched(first, results, values["recipients"]):
            tally.add(result)
            table.writerow(_row(result))
    return tally


def _row(result: dict[str, Any]) -> dict[str, Any]:
    error = result["error"] or {}
    kept = {name: result[name] for name in ("line", "to", "status", "sid")}
    return kept | {"errorCode": error.get("code"), "error": error.get("message"), "link": error.get("link")}


def _watched(first: Any, results: Iterator[dict[str, Any]], text: str) -> Iterator[dict[str, Any]]:
    """Show how far it is, on standard error, if that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("Sending", total=max(text.rstrip().count("\n"), 1))
        for result in _chained(first, results):
            yield result
            progress.advance(task)


def _chained(first: Any, results: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if first is not None:
        yield first
        yield from results


def _report(tally: Tally, results: Path) -> None:
    for code, count in tally.errors.most_common():
        print(f"{count:>8} × error {code}", file=sys.stderr)
    statuses = {name: tally.statuses[name] for name in ("sent", "notSent", "unknown")}
    write_json({"data": statuses | {"errors": dict(tally.errors), "results": str(results)}})


def estimate(sending: Sending, price: float | None) -> None:
    """Print how many segments it takes, and what they cost at that price."""
    values = dict.fromkeys(sending.action.connection_inputs, NOBODY) | sending.complete()
    segments, encodings, culprits, count = 0, Counter[str](), Counter[str](), 0
    for shown in sending.action.run(ActionContext(), values):
        count += 1
        if sms := shown["sms"]:  # media, templates and other channels have no segments
            segments += sms["segments"]
            encodings[sms["encoding"]] += 1
            if sms["culprit"]:
                culprits[sms["culprit"]["character"]] += 1
    data = {
        "recipients": count,
        "segments": segments,
        "encodings": encodings,
        "forceUcs2": dict(culprits.most_common(20)),
    }
    write_json({"data": data | (_paid(sending, segments) if price is None else {"price": round(segments * price, 6)})})


def _paid(sending: Sending, segments: int) -> dict[str, Any]:
    """The price, as the account's newest messages cost; None, and what to do, where they do not tell."""
    try:
        cost, charged, unit = _charges(sending)
    except ConnectorError as error:
        print(f"price: cannot be looked up: {error}", file=sys.stderr)
        cost, charged, unit = Decimal(0), 0, None
    if not charged:
        print("price: not known; give --price, what a segment costs", file=sys.stderr)
        return {"price": None}
    print(f"price: as {charged} segments cost lately; give --price for another", file=sys.stderr)
    each = cost / charged
    return {"price": float(round(each * segments, 6)), "segmentPrice": float(round(each, 6)), "priceUnit": unit}


def _charges(sending: Sending) -> tuple[Decimal, int, str | None]:
    """What the newest messages without media cost, how many segments they had, and the currency."""
    connection = {name: sending.values[name] for name in sending.action.connection_inputs if name in sending.values}
    if not connection:
        return Decimal(0), 0, None
    listed = sending.action.component.actions["listMessages"].run(ActionContext(), connection | {"limit": LOOKED_AT})
    priced = [it for it in listed if it["price"] and it["direction"].startswith("outbound") and it["numMedia"] == "0"]
    segments = sum(int(it["numSegments"]) for it in priced)
    return (
        -sum((Decimal(it["price"]) for it in priced), Decimal(0)),
        segments,
        next((it["priceUnit"] for it in priced), None),
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time. Raises InvalidInput."""
    try:
        opened = path.open("a")
    except OSError as error:
        raise InvalidInput(f"results: {path} cannot be written: {error.strerror}", field="results") from None
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InvalidInput(f"resume: another process is sending, by {path}; wait for it", field="resume") from None
        try:
            yield
        finally:
            if not path.stat().st_size:  # nothing was begun
                path.unlink()
