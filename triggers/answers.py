"""What Twilio is answered: nothing, a text, TwiML, or the flow's result. Whatever goes wrong, Twilio can read the answer.

A text answers a message with a message, and a call by saying it. Twilio knows no JSON, so a result that is neither text nor
TwiML is answered with nothing; an error of a flow with the text chosen for it, or with nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ..connector.inputs import Conflict, Hint
from ..connector.payload import FlowEnd, HttpResponse, TriggerResult
from ..connector.twilio.fields import MAX_CHARACTERS
from ..connector.twilio.twiml import Element, checked, document, writable
from .parameters import Parameters
from .signed import EMPTY_TWIML
from .typed import Typed

_XML = ("<?xml", "<Response")
_BLANK = "\ufeff \t\r\n"
_NOT_PASSED_ON = frozenset({"content-type", "content-length", "transfer-encoding", "connection"})


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a text reaches who wrote or called: the verb of TwiML, and the most characters that it takes."""

    verb: str
    most: int


MESSAGE = Spoken("Message", MAX_CHARACTERS)
SAY = Spoken("Say", 3000)
"""What Amazon Polly reads at once, which speaks for Twilio."""


class Answering(Typed):
    """What to answer."""

    spoken: ClassVar[Spoken] = MESSAGE

    response_mode: Annotated[
        Literal["empty", "text", "twiml", "flow"] | None,
        Field(
            title="Response Mode",
            description="What Twilio is answered: empty, text or twiml (the Response Text), or flow (what the flow's last "
            "step gives, if it ends in time). Leave blank to answer with the result of a synchronous flow, else nothing.",
            examples=["text"],
        ),
    ] = None
    response_text: Annotated[
        str,
        Field(
            title="Response Text",
            description="The text or the TwiML to answer with. A text is sent as a message, as several where it is too long "
            "for one, or said in the call.",
            examples=["Thank you, we have your message."],
        ),
        Hint(type="text"),
    ] = ""
    error_text: Annotated[
        str,
        Field(
            title="Error Text",
            description="What to answer where the flow fails. Leave blank to answer nothing.",
            examples=["Sorry, something went wrong. Please try again."],
        ),
        Hint(type="text"),
    ] = ""

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if self.response_mode in {"text", "twiml"} and not self.response_text.strip():
            raise Conflict("responseText", f"is required where responseMode is {self.response_mode}")
        try:
            if self.response_mode == "twiml":
                checked(self.response_text)
            elif self.response_mode == "text":
                _reply(self.spoken, self.response_text)
        except ValueError as error:
            raise Conflict("responseText", str(error)) from None
        try:
            _reply(self.spoken, self.error_text)
        except ValueError as error:
            raise Conflict("errorText", str(error)) from None
        return self


def answered(result: TriggerResult, inputs: Answering, parameters: Parameters) -> TriggerResult:
    """The result with what its request is answered: at once, or with the flow's end."""
    match inputs.response_mode:
        case "text":
            return replace(result, response=_reply(inputs.spoken, inputs.response_text), wait=False)
        case "twiml":
            return replace(result, response=_twiml(inputs.response_text), wait=False)
        case "empty":
            return replace(result, response=EMPTY_TWIML, wait=False)
    wait = True if inputs.response_mode == "flow" else None
    return replace(
        result,
        response=EMPTY_TWIML,
        wait=wait,
        answer=partial(answer, inputs.spoken, inputs.error_text, parameters.said),
    )


def guarded(said: Any) -> Callable[[FlowEnd], HttpResponse] | None:
    """The answer to a request whose sender wrote what looks like TwiML; None where the host may tell TwiML by its look."""
    if not isinstance(said, dict) or not _was_said(said):
        return None
    return partial(answer, SAY if "CallSid" in said else MESSAGE, "", said)


def answer(spoken: Spoken, error_text: str, said: Mapping[str, Any], end: FlowEnd) -> HttpResponse:
    """The answer with a flow's end. Never raises."""
    try:
        if end.error is not None:
            return _reply(spoken, error_text)
        found = _result(spoken, said, end)
    except ValueError:  # no TwiML, or too long
        return _reply(spoken, error_text)
    headers = {name: value for name, value in end.headers.items() if name.lower() not in _NOT_PASSED_ON}
    return replace(found, status_code=end.status_code or 200, headers=headers)


def _result(spoken: Spoken, said: Mapping[str, Any], end: FlowEnd) -> HttpResponse:
    given = next((value for name, value in end.headers.items() if name.lower() == "content-type"), "")
    kind = (end.content_type or given).partition(";")[0].strip().lower()
    text = _text(end.data)
    if kind.endswith("xml") or (not kind and _is_twiml(text) and not _was_said(said)):
        return _twiml(text) if text.strip(_BLANK) else EMPTY_TWIML
    return _reply(spoken, text) if not kind or kind.startswith("text/") else EMPTY_TWIML


def _text(data: Any) -> str:
    match data:
        case str():
            return data
        case bytes():
            return data.decode(errors="replace")
        case bool():
            return ""
        case int() | float():
            return str(data)
    return ""


def _is_twiml(text: str) -> bool:
    return text.lstrip(_BLANK).startswith(_XML)


def _was_said(said: Mapping[str, Any]) -> bool:
    """Whether the sender wrote what looks like TwiML: a flow that gives it back must not let a stranger give orders."""
    try:  # a form says texts, and few of them hold a <
        if "<" not in "".join(said.values()):
            return False
    except TypeError:
        pass
    left: list[Any] = [said]
    while left:
        match left.pop():
            case str(text) if _is_twiml(text):
                return True
            case Mapping() as inner:
                left.extend(inner.values())
            case list(inner):
                left.extend(inner)
    return False


def _reply(spoken: Spoken, text: str) -> HttpResponse:
    """TwiML that sends or says a text; nothing where it is blank. Raises ValueError where it is longer than TwiML may be."""
    parts = [part for part in _parts(writable(text), spoken.most) if part.strip()]
    return _xml(document(Element(spoken.verb, text=part) for part in parts)) if parts else EMPTY_TWIML


def _twiml(text: str) -> HttpResponse:
    return _xml(checked(text))


def _xml(body: str) -> HttpResponse:
    return HttpResponse(content_type=EMPTY_TWIML.content_type, body=body)


def _parts(text: str, most: int) -> Iterator[str]:
    """A text in pieces of at most ``most`` characters, cut behind a blank where there is one in the second half."""
    while len(text) > most:
        blank = max(text.rfind(" ", 0, most), text.rfind("\n", 0, most))
        end = blank + 1 if blank >= most // 2 else most
        yield text[:end]
        text = text[end:]
    yield text
