"""Send to many: each gets a message of their own, nobody gets two, and what was interrupted goes on where it stopped.

recipients ── checked, all ──▶ "sending" in the journal ──▶ send_once ──▶ result in the journal ──▶ result given
                                      │ the process dies
                                      ▼
                   next time: look for what may have been sent, then go on with the rest
"""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from queue import SimpleQueue
from typing import Annotated, Any, Literal, cast

from pydantic import Field, ValidationError, create_model

from ..connector.context import ActionContext
from ..connector.errors import ConnectorError, InvalidInput
from ..connector.inputs import Hint, explain
from ..connector.journal import NoJournal
from ..connector.pace import Pace
from ..connector.result import Example
from ..connector.twilio.client import TwilioClient
from ..connector.twilio.fields import WHATSAPP
from ..connector.twilio.once import send_once
from ..connector.twilio.parameters import NOT_SENT
from ..connector.twilio.resources.messages import MESSAGES
from .callbacks import ToldToFlow, told_to_flow
from .outgoing import SendMessage
from .progress import Progress, fingerprint
from .recipients import Recipient, fill, recipients
from .send_message import check_schedule, preview

MAX_CONCURRENCY = 100
TOLD = 20
"""How many bad recipients an error names."""
EXAMPLE = {"line": 2, "to": "+15551234567", "status": "queued", "sid": MESSAGES.example["sid"], "error": None}

_SAMPLE = "+15551234567"
_OWN = {"to", "dry_run", "twilio_connection"}
_SHARED = {name: field for name, field in SendMessage.model_fields.items() if name not in _OWN}


class Addressed(ToldToFlow):
    """To whom."""

    recipients: Annotated[
        Any,
        NOT_SENT,
        Field(
            title="Recipients",
            description="A list of numbers; a list of objects with the number as to; or CSV with a column to. What else they "
            "have fills the places of the text: {{name}}.",
            examples=['[{"to": "+15551234567", "name": "Ada"}]'],
        ),
        Hint(type="data"),
    ]


_Shared: Any = create_model(
    "_Shared",
    __base__=Addressed,
    **cast("Any", {name: (shared.annotation, shared) for name, shared in _SHARED.items()}),
)


class SendBulk(_Shared):  # type: ignore[misc]
    """What to send, from where, to whom, and how fast."""

    concurrency: Annotated[
        int,
        NOT_SENT,
        Field(title="Concurrency", description="How many to send at once.", ge=1, le=MAX_CONCURRENCY, examples=["8"]),
        Hint(advanced=True),
    ] = 8
    rate: Annotated[
        float | None,
        NOT_SENT,
        Field(
            title="Rate",
            description="Messages a second at most, from this sender. Blank: as fast as Twilio takes them; it queues them.",
            gt=0,
            le=1000,
            examples=["10"],
        ),
    ] = None
    stop_on_error: Annotated[
        bool,
        NOT_SENT,
        Field(title="Stop On Error", description="Send to nobody else once a message could not be sent."),
    ] = False
    results: Annotated[
        Literal["all", "errors"],
        NOT_SENT,
        Field(
            title="Results",
            description="Whether to give the result for each recipient, or only for those whose message was not sent.",
        ),
    ] = "all"
    dry_run: Annotated[
        bool,
        NOT_SENT,
        Field(title="Dry Run", description="Send nothing; give each one's text and its segments."),
    ] = False


def send_bulk(context: ActionContext, inputs: SendBulk) -> Iterator[Annotated[dict[str, Any], Example(EXAMPLE)]]:
    """Send to each recipient, and give a result for each. Raises InvalidInput before anything is sent."""
    inputs = told_to_flow(context, inputs)
    template = Template(inputs)
    template.check()
    if inputs.dry_run:
        template.check_schedule(context)
        yield from template.previews()
        return
    yield from (result for result in Run.begin(context, template).results() if template.wants(result))


@dataclass(frozen=True, slots=True)
class Template:
    """The message with its places, and those who get it."""

    inputs: Any

    def check_schedule(self, context: ActionContext) -> None:
        """Raises InvalidInput for what is to be sent too soon, or too late."""
        if self.inputs.send_at:
            check_schedule(self.inputs.send_at, context.first_attempt or context.clock())

    def check(self) -> None:
        """Raises InvalidInput for what is wrong with the message, or with recipients, which it names by line."""
        self.message(Recipient(0, self.sample(), _Anything()))
        seen: dict[int, int] = {}
        problems = ((recipient.line, self.problem(recipient, seen)) for recipient in recipients(self.inputs.recipients))
        found = (f"line {line}: {problem}" for line, problem in problems if problem)
        told = list(islice(found, TOLD))
        if told:
            more = sum(1 for _ in found)
            rest = f"; and {more} more" if more else ""
            raise InvalidInput(f"recipients: {'; '.join(told)}{rest}", field="recipients")

    def sample(self) -> str:
        """A number that stands for all recipients: on WhatsApp where the sender is, unless not one of them is."""
        sender = str(dict(self.inputs.parameters()).get("From", ""))
        given = recipients(self.inputs.recipients) if sender.startswith(WHATSAPP) else ()
        return f"{WHATSAPP}{_SAMPLE}" if any(each.to.lower().startswith(WHATSAPP) for each in given) else _SAMPLE

    def problem(self, recipient: Recipient, seen: dict[int, int]) -> str:
        """What is wrong, in a few words; nothing if all is well. ``seen`` has the lines of the messages before."""
        if recipient.problem:
            return recipient.problem
        try:
            message = self.message(recipient)
        except KeyError as error:
            known = ", ".join(recipient.variables)
            return f"nothing fills the place {{{{{error.args[0]}}}}}; there are {known[:200]}"
        except InvalidInput as error:
            return str(error)
        first = seen.setdefault(hash(tuple(map(str, message.parameters()))), recipient.line)
        return "" if first == recipient.line else f"{message.to} gets the same message by line {first}; remove one"

    def message(self, recipient: Recipient) -> SendMessage:
        """The message to one of them. Raises KeyError for a place that nothing fills, InvalidInput."""
        values = {name: getattr(self.inputs, name) for name in _SHARED if name in self.inputs.model_fields_set}
        values |= {"to": recipient.to, "twilio_connection": self.inputs.twilio_connection}
        if values.get("body"):
            values["body"] = fill(values["body"], recipient.variables)
            if not values["body"].strip():
                raise InvalidInput("body: is empty", field="body")
        if values.get("media_url"):
            values["media_url"] = [fill(url, recipient.variables) for url in values["media_url"]]
        if values.get("content_variables"):
            said = json.loads(values["content_variables"])
            values["content_variables"] = {name: fill(text, recipient.variables) for name, text in said.items()}
        try:
            return SendMessage.model_validate(values)
        except ValidationError as error:
            raise explain(error, SendMessage, InvalidInput) from None

    def previews(self) -> Iterator[dict[str, Any]]:
        for recipient in recipients(self.inputs.recipients):
            shown = preview(self.message(recipient), encoded=bool(self.inputs.smart_encoded))
            yield {"line": recipient.line, "to": recipient.to, "status": "dryRun"} | {
                key: shown[key] for key in ("text", "sms")
            }

    def wants(self, result: dict[str, Any]) -> bool:
        return self.inputs.results == "all" or result["sid"] is None


class _Anything(dict[str, str]):
    """Fills every place."""

    def __missing__(self, name: str) -> str:
        return f"{{{{{name}}}}}"


@dataclass(slots=True)
class Run:
    """One process's part in sending to them all."""

    context: ActionContext
    client: TwilioClient
    template: Template
    progress: Progress
    pace: Pace
    stopped: bool = False
    pending: set[Future[dict[str, Any]]] = field(default_factory=set)
    ended: SimpleQueue[Future[dict[str, Any]]] = field(default_factory=SimpleQueue)

    @classmethod
    def begin(cls, context: ActionContext, template: Template) -> "Run":
        """Go on from the journal. Raises InvalidInput if it is another run's.

        The time to send at is checked at the beginning alone: what goes on may be nearer to it.
        """
        inputs = template.inputs
        run = fingerprint(inputs, _SHARED)
        progress = Progress.read(context, run)
        if not progress.begun:
            template.check_schedule(context)
            progress.begin(run)
        if not isinstance(context.journal, NoJournal):  # it says more exactly what may have been sent
            context = replace(context, first_attempt=None)
        pace = Pace(inputs.rate, context.clock, context.sleep)
        return cls(context, inputs.client(context), template, progress, pace)

    def results(self) -> Iterator[dict[str, Any]]:
        """Those of earlier processes, then one after another as they are sent."""
        yield from self.progress.results()
        waiting = self._waiting()
        with ThreadPoolExecutor(self._width, thread_name_prefix="bulk") as pool:
            try:
                while (handed_out := self._submit(pool, waiting)) or self.pending:
                    yield from self._written_down(self._done(block=not handed_out))
            finally:
                self._leave()
        yield from (_result(recipient, "notSent") for recipient in waiting)

    def _waiting(self) -> Iterator[Recipient]:
        given = recipients(self.template.inputs.recipients)
        return (recipient for recipient in given if not self.progress.is_done(recipient.line))

    @property
    def _width(self) -> int:
        return int(self.template.inputs.concurrency)

    def _submit(self, pool: ThreadPoolExecutor, waiting: Iterator[Recipient]) -> int:
        """Hand out as many as there are hands free, once it is written down that they may be sent; how many."""
        free = 0 if self.stopped else self._width - len(self.pending)
        batch = list(islice(waiting, min(free, 1) if self.pace.rate else free))
        if batch:
            self.pace.keep()
            self.progress.sending(batch, self.context.clock())
            begun = self.progress.open
            handed_out = [pool.submit(self._send, each, begun.get(each.line)) for each in batch]
            self.pending.update(handed_out)
            for future in handed_out:
                future.add_done_callback(self.ended.put)
        return len(batch)

    def _done(self, *, block: bool) -> list[Future[dict[str, Any]]]:
        """Those that have ended since. To ask each that is pending would cost more than to send."""
        found = [self.ended.get()] if block else []
        while not self.ended.empty():
            found.append(self.ended.get())
        self.pending.difference_update(found)
        return found

    def _send(self, recipient: Recipient, first_attempt: datetime | None) -> dict[str, Any]:
        values = self.template.message(recipient).parameters()
        use = str(recipient.line)
        try:
            sent = send_once(self.client, self.context, MESSAGES, values, use=use, first_attempt=first_attempt)
        except ConnectorError as error:
            return _result(recipient, "unknown" if error.kind == "unknown" else "notSent", error=error)
        return _result(recipient, sent.get("status"), sid=sent["sid"])

    def _written_down(self, done: Iterable[Future[dict[str, Any]]]) -> list[dict[str, Any]]:
        ended = [future.result() for future in done]
        if not ended:
            return []
        self.progress.ended(ended, self.context.clock())
        kinds = {result["error"]["kind"] for result in ended if result["error"]}
        self.stopped |= "connection" in kinds or bool(kinds and self.template.inputs.stop_on_error)
        return ended

    def _leave(self) -> None:
        """Write down what was still sent when whoever reads the results stopped reading."""
        done, self.pending = wait(self.pending)[0], set()
        self._written_down({future for future in done if future.exception() is None})


def _result(
    recipient: Recipient, status: str | None, *, sid: str | None = None, error: ConnectorError | None = None
) -> dict[str, Any]:
    failed = error and {"kind": error.kind, "code": error.code, "message": str(error), "link": error.more_info}
    return {"line": recipient.line, "to": recipient.to, "status": status, "sid": sid, "error": failed}
