"""How far a bulk message has got, as its journal tells.

Entries: ``{"run": fingerprint}`` first; ``{"line", "sending": time}`` before a message may be sent; ``{"line", "at": time,
"result"}`` after. A line with the first and without the second may have been sent: it is looked for.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..connector.context import ActionContext
from ..connector.errors import InvalidInput
from ..connector.twilio.once import MARGIN
from .recipients import Recipient


def fingerprint(inputs: Any, names: Collection[str]) -> str:
    """What tells this run from another: everything that is sent, and whom it goes to."""
    said = {name: str(getattr(inputs, name)) for name in names}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    given = inputs.recipients
    for item in [given] if isinstance(given, str) else given:
        digest.update(
            item.encode() if isinstance(item, str) else json.dumps(item, sort_keys=True, default=str).encode()
        )
    return digest.hexdigest()


@dataclass(slots=True)
class Progress:
    """``begun``: the journal names the run. ``open`` maps lines that may have been sent to when that was first begun."""

    context: ActionContext
    begun: bool = False
    done: bytearray = field(default_factory=bytearray)
    open: dict[int, datetime] = field(default_factory=dict)

    @classmethod
    def read(cls, context: ActionContext, run: str) -> "Progress":
        """What the processes before this one did. Raises InvalidInput if it was something else."""
        progress = cls(context)
        for entry in context.journal.read():
            progress.begun = True
            progress._note(entry, run)
        return progress

    def begin(self, run: str) -> None:
        """Name the run in the journal; once."""
        self.context.journal.append([{"run": run}])
        self.begun = True

    def is_done(self, line: int) -> bool:
        return line < len(self.done) and bool(self.done[line])

    def results(self) -> Iterator[dict[str, Any]]:
        """Those that were given before. What is newer than the oldest doubt is claimed, so that no search takes it."""
        since = min(self.open.values()) - MARGIN if self.open else None
        for entry in self.context.journal.read():
            result = entry.get("result")
            if result and _is_final(result):
                if result["sid"] and since and datetime.fromisoformat(entry["at"]) >= since:
                    self.context.claims.take(result["sid"], str(entry["line"]))
                yield dict(result)

    def sending(self, batch: Sequence[Recipient], now: datetime) -> None:
        """On disk when it returns."""
        self.context.journal.append([{"line": recipient.line, "sending": now.isoformat()} for recipient in batch])

    def ended(self, results: Sequence[dict[str, Any]], now: datetime) -> None:
        """Without waiting for the disk: what gets lost is looked for."""
        entries = [{"line": result["line"], "at": now.isoformat(), "result": result} for result in results]
        self.context.journal.append(entries, sync=False)
        for result in results:
            self.open.pop(result["line"], None)

    def _note(self, entry: Any, run: str) -> None:
        if entry.get("run", run) != run:
            problem = "the journal is of another run, with other recipients or another message; remove it to send anew"
            raise InvalidInput(f"recipients: {problem}", field="recipients")
        line = entry.get("line", 0)
        if "sending" in entry:
            self.open.setdefault(line, datetime.fromisoformat(entry["sending"]))
        elif "result" in entry:
            self.open.pop(line, None)
            if _is_final(entry["result"]):
                self._finish(line)

    def _finish(self, line: int) -> None:
        if line >= len(self.done):
            self.done.extend(bytes(line + 1024 - len(self.done)))
        self.done[line] = 1


def _is_final(result: Any) -> bool:
    """Where nothing was done and it may help to try again, the next process does."""
    return not result["error"] or result["error"]["kind"] not in {"retry", "connection"}
