"""What forms offer to choose from: messages, numbers, services, templates, subaccounts, applications.

They are one page of Twilio's, the newest thousand, narrowed by ``search``; of messages, which are many, the newest fifty unless
one is searched for.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, TypedDict

from pydantic import Field

from ..connections.twilio import TwilioConnection
from ..connector.context import ActionContext
from ..connector.inputs import Hint, Inputs, Trimmed
from ..connector.result import Example
from ..connector.twilio.client import MAX_PAGE
from ..connector.twilio.resource import Resource
from ..connector.twilio.resources.account import ACCOUNTS, APPLICATIONS, is_subaccount
from ..connector.twilio.resources.content_templates import CONTENT_TEMPLATES
from ..connector.twilio.resources.messages import MESSAGES
from ..connector.twilio.resources.messaging_services import MESSAGING_SERVICES
from ..connector.twilio.resources.phone_numbers import PHONE_NUMBERS
from ..connector.twilio.resources.verify import VERIFY_SERVICES


class Choice(TypedDict):
    """An entry of a picklist."""

    label: str
    key: str


class Choosing(Inputs):
    """From which account to choose, and what to look for."""

    connection: TwilioConnection
    search: Annotated[
        Trimmed,
        Field(
            title="Search",
            description="Offer only what has this in its name, number or SID.",
            examples=["Reception"],
        ),
        Hint(placeholder="Search"),
    ] = ""


def choices(found: Iterable[Choice], search: str) -> list[Choice]:
    """Those that hold the words searched for, whatever their case."""
    words = search.casefold().split()
    return [
        choice for choice in found if all(word in f"{choice['label']} {choice['key']}".casefold() for word in words)
    ]


def _named(item: dict[str, Any]) -> str:
    return str(item.get("friendlyName") or item.get("sid"))


def _numbered(item: dict[str, Any]) -> str:
    number, name = str(item.get("phoneNumber")), item.get("friendlyName")
    return f"{name} ({number})" if name and name != number else number


def _quoted(message: dict[str, Any]) -> str:
    text = " ".join(str(message.get("body") or "").split())
    return f"{text[:39] + '…' if len(text) > 40 else text or 'No text'} ({message.get('to')})"  # noqa: PLR2004


def choosing(
    resource: Resource,
    *,
    label: Callable[[dict[str, Any]], str] = _named,
    key: str = "sid",
    keep: Callable[[dict[str, Any]], bool] = lambda _: True,
    newest: int = MAX_PAGE,
) -> Callable[[ActionContext, Any], Any]:
    """The data source that offers what a resource lists."""

    def offered(items: Iterator[dict[str, Any]]) -> Iterator[Choice]:
        return (Choice(label=label(item), key=str(item[key])) for item in items if item.get(key) and keep(item))

    def choose(context: ActionContext, inputs: Any) -> Any:
        items = inputs.connection.client(context).list(resource, limit=MAX_PAGE if inputs.search else newest)
        return choices(offered(items), inputs.search)

    example = dict(resource.example)
    shown = [Choice(label=label(example), key=str(example[key]))]
    choose.__annotations__ = {
        "context": ActionContext,
        "inputs": Choosing,
        "return": Annotated[list[Choice], Example(shown)],
    }
    choose.__doc__ = f"The {resource.name}s to choose from."
    return choose


select_message = choosing(MESSAGES, label=_quoted, newest=50)
select_phone_number = choosing(PHONE_NUMBERS, label=_numbered, key="phoneNumber")
select_phone_number_sid = choosing(PHONE_NUMBERS, label=_numbered)
select_messaging_service = choosing(MESSAGING_SERVICES)
select_content_template = choosing(CONTENT_TEMPLATES)
select_verify_service = choosing(VERIFY_SERVICES)
select_application = choosing(APPLICATIONS)
select_subaccount = choosing(ACCOUNTS, keep=is_subaccount)
