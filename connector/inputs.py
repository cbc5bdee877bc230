"""What a unit is given: one typed model that is its form, its validation and its documentation.

    class SendSMS(Inputs):
        twilio_connection: TwilioConnection
        to: Annotated[str, Field(title="To", description="…", examples=["+15551234567"]), Hint(placeholder="…")]

``title`` is the label of the form, ``description`` its comments, a default makes the input optional. A blank value (what an
empty form field sends) means "not given". Hosts send strings, so numbers and booleans are read from them.
"""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from .context import ActionContext
from .errors import ConnectorError

_SURROGATE = re.compile("[\ud800-\udfff]")
_INVISIBLE = "".join(map(chr, (*range(0x21), 0x7F, 0xA0, 0xAD, *range(0x2000, 0x2010), *range(0x2028, 0x2030), 0x202F, 0x2060, 0x3000, 0xFEFF)))  # fmt: skip  # noqa: E501


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What a form needs to know and validation does not. The names are the platform's."""

    placeholder: str | None = None
    type: Literal["text", "code", "data", "conditional", "flow"] | None = None
    collection: Literal["valuelist", "keyvaluelist"] | None = None
    data_source: str | None = None
    language: str | None = None
    shown: bool = True
    advanced: bool = False
    destination: bool = False  # of a connection: where its secrets go
    required: bool | None = None  # True: a form asks for it although there is a default


class Conflict(ValueError):
    """What a model validator raises when inputs do not go together: ``field`` is the one to mend, as the form names it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


class _Model(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,  # an input may be a secret
    )

    @model_validator(mode="before")
    @classmethod
    def _blank_means_not_given(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        for key, value in values.items():
            if not _is_encodable(value, depth=4):
                raise Conflict(str(key), "holds half of a character (an unpaired surrogate); copy it again")
        return {key: value for key, value in values.items() if not _is_blank(value)}


class Inputs(_Model):
    """Base of the inputs of an action, a trigger or a data source."""


class Connection(_Model):
    """Base of a connection type: its fields are the form, its methods what units do with it."""

    is_connection: ClassVar[bool] = True

    @model_validator(mode="before")
    @classmethod
    def _trim(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        return {key: trim(value) if isinstance(value, str) else value for key, value in values.items()}

    def test(self, context: ActionContext) -> str:
        """Try the connection; return what it reaches, in a sentence. Raises ConnectorError saying what is wrong."""
        raise NotImplementedError


def _is_blank(value: Any) -> bool:
    return value is None or value == ""


def _is_encodable(value: Any, depth: int) -> bool:
    """False for text that no encoding can write, here or in the lists of key-value pairs below."""
    match value:
        case str():
            return value.isascii() or not _SURROGATE.search(value)
        case Mapping() if depth:
            return all(_is_encodable(item, depth - 1) for pair in value.items() for item in pair)
        case list() | tuple() if depth:
            return all(_is_encodable(item, depth - 1) for item in value)
    return True


def trim(text: str) -> str:
    """Take off the blanks, also the invisible ones, that people paste around an identifier or a secret."""
    return text.strip(_INVISIBLE)


Trimmed = Annotated[str, BeforeValidator(lambda value: trim(value) if isinstance(value, str) else value)]
"""Text whose outer blanks mean nothing: identifiers, addresses, URLs."""


def sid(*prefixes: str) -> AfterValidator:
    """Check one of Twilio's identifiers: a two-letter prefix and 32 hexadecimal digits, 34 characters in all."""
    expected = " or ".join(f"{prefix}…" for prefix in prefixes)
    pattern = re.compile(rf"(?:{'|'.join(prefixes)})[0-9a-fA-F]{{32}}")

    def check(value: str) -> str:
        if pattern.fullmatch(value):
            return value
        if not value.startswith(prefixes):
            message = f"must be {expected} but starts with {value[:2]!r}"
        else:
            message = f"must be {value[:2]} and 32 hexadecimal digits, 34 characters in all; this has {len(value)}"
        raise ValueError(message)

    return AfterValidator(check)


PAIRS = 'must be a list of {"key": …, "value": …} or an object'


def _pairs(value: Any) -> Any:
    """Read the forms that hosts and people give key-value lists in."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError(PAIRS) from None
    if isinstance(value, Mapping):
        return [(key, item) for key, items in value.items() for item in _listed(items)]
    return [_pair(item) for item in value] if isinstance(value, Iterable) else value


def _pair(item: Any) -> Any:
    if isinstance(item, Mapping) and "value" in item and ("key" in item or "name" in item):
        return item.get("key", item.get("name")), item["value"]
    if isinstance(item, Mapping) and len(item) == 1 and item.keys().isdisjoint({"key", "name", "value"}):
        return next(iter(item.items()))
    return item


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def read_json(value: Any) -> Any:
    """What JSON text of a list or an object says; anything else as it is."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        with suppress(ValueError, RecursionError):
            return json.loads(value)
    return value


def _values(value: Any) -> Any:
    """Read a list from a list, from JSON, or from a single value."""
    found = read_json(value) if isinstance(value, str) and value.lstrip().startswith("[") else value
    return found if isinstance(found, list | tuple) else [found]


KeyValues = Annotated[tuple[tuple[str, Any], ...], BeforeValidator(_pairs), Hint(collection="keyvaluelist")]
"""A key-value list; a key may repeat. Given as a list of ``{"key", "value"}``, an object, or either as JSON text."""

Values = Annotated[tuple[str, ...], BeforeValidator(_values), Hint(collection="valuelist")]
"""A list of strings. Given as a list, as JSON text, or as the one value."""


def explain(error: ValidationError, model: type[BaseModel], raised: type[ConnectorError]) -> ConnectorError:
    """Turn what pydantic found into one error that names each input and its mend, and never shows a value."""
    problems = [(_path(item), _message(item, model)) for item in error.errors(include_url=False, include_input=False)]
    text = "; ".join(f"{path}: {message}" if path else message for path, message in problems)
    return raised(text, field=problems[0][0] or None)


def _path(item: ErrorDetails) -> str:
    raised = item.get("ctx", {}).get("error")
    if isinstance(raised, Conflict):
        return raised.field
    return ".".join(
        str(part) for part in item["loc"] if not str(part).startswith(("function-", "tuple[", "constrained-"))
    )


def _message(item: ErrorDetails, model: type[BaseModel]) -> str:
    match item["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return _unknown(str(item["loc"][-1]), model)
        case "value_error":
            return str(item["ctx"]["error"])
        case "tuple_type":  # of key-value pairs: lists of texts are made of whatever comes
            return 'must be {"key": …, "value": …}' if len(item["loc"]) > 1 else PAIRS
        case "string_pattern_mismatch":
            return f"is not written as it must be{_such_as(item, model)}; its pattern is {item['ctx']['pattern']}"
    return item["msg"][:1].lower() + item["msg"][1:]


def _such_as(item: ErrorDetails, model: type[BaseModel]) -> str:
    """An example of the input: a pattern says what is wrong to few."""
    for key, field in model.model_fields.items():
        if item["loc"][0] in {key, field.alias}:
            hints = [hint.placeholder for hint in field.metadata if isinstance(hint, Hint) and hint.placeholder]
            return "".join(f", such as {example}" for example in [*(field.examples or ()), *hints][:1])
    return ""


def _unknown(name: str, model: type[BaseModel]) -> str:
    known = [field.alias or key for key, field in model.model_fields.items()]
    close = get_close_matches(name, known, n=1)
    return "is not an input here; " + (f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}")
