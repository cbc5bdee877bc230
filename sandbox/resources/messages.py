"""Messages, their media and their feedback: https://www.twilio.com/docs/messaging/api/message-resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .. import dates, shapes
from ..downloads import location
from ..errors import TwilioError
from ..records import UNFINISHED, Media, Message
from ..rest import ACCOUNT, ApiRequest, ApiResponse, Operation, Test
from ..sending import compose


def create_message(request: ApiRequest) -> ApiResponse:
    message = compose(request.state, request.account("messages:create"), request.form)
    return ApiResponse(shapes.message(request.state.save(message)), 201, "Message")


def list_messages(request: ApiRequest) -> ApiResponse:
    account = request.account("messages:read")
    tests = [make(request.query[name]) for name, make in DATE_FILTERS.items() if request.query.get(name)]
    wanted = (
        message
        for message in request.state.messages()
        if message.account_sid == account and _matches(request.query, message, tests)
    )
    return ApiResponse(request.envelope("messages", wanted, shapes.message), name="Messages")


def _matches(query: Mapping[str, str], message: Message, tests: Sequence[Test]) -> bool:
    return (
        query.get("To") in (None, "", message.to)
        and query.get("From") in (None, "", message.from_)
        and all(test(message) for test in tests)
    )


DATE_FILTERS = dates.filters("DateSent", "sent")


def fetch_message(request: ApiRequest) -> ApiResponse:
    return ApiResponse(shapes.message(_message(request, "messages:read")), name="Message")


def update_message(request: ApiRequest) -> ApiResponse:
    """Redact the text with `Body=`, which leaves the media, or cancel what is scheduled with `Status=canceled`."""
    message = _message(request, "messages:update")
    if request.given("Status") is not None:
        return ApiResponse(shapes.message(_cancel(request, message)), name="Message")
    if request.given("Body") != "":
        raise TwilioError(20001, "Body can only be emptied, and Status only be set to canceled")
    if message.status in UNFINISHED:
        raise TwilioError(20009)
    changed = request.state.change(message.sid, body="")
    return ApiResponse(shapes.message(changed or message), name="Message")


def _cancel(request: ApiRequest, message: Message) -> Message:
    if request.given("Status") != "canceled":
        raise TwilioError(20001, "Status can only be set to canceled")
    changed = request.state.change(message.sid, only_from=frozenset({"scheduled"}), status="canceled")
    if changed is None:
        raise TwilioError(30409, message.sid)
    request.carrier.call_back(changed)
    return changed


def delete_message(request: ApiRequest) -> ApiResponse:
    message = _message(request, "messages:delete")
    if message.status in UNFINISHED:
        raise TwilioError(20009)
    request.state.remove(message.sid)
    return ApiResponse({}, 204)


def _message(request: ApiRequest, permission: str) -> Message:
    account = request.account(permission)
    message = request.state.message(request.ids["sid"])
    if message is None or message.account_sid != account:
        raise request.missing()
    return message


# -- media and feedback


def list_media(request: ApiRequest) -> ApiResponse:
    message = _message(request, "messages:read")
    placed = [Placed(media, place) for place, media in enumerate(message.media)]
    shape = lambda it: shapes.media(it.media, message)  # noqa: E731
    return ApiResponse(request.envelope("media_list", placed[::-1], shape), name="MediaList")


def fetch_media(request: ApiRequest) -> ApiResponse:
    """Without an extension the bytes, by a redirect; with `.json` what they are."""
    message, media = _media(request, "messages:read")
    where = media.url or location(request.state.settings, request.host, f"{message.sid}/{media.sid}")
    return ApiResponse(shapes.media(media, message), name="Media", location="" if request.extension else where)


def delete_media(request: ApiRequest) -> ApiResponse:
    message, media = _media(request, "messages:delete")
    request.state.change(message.sid, media=tuple(it for it in message.media if it.sid != media.sid))
    return ApiResponse({}, 204)


def _media(request: ApiRequest, permission: str) -> tuple[Message, Media]:
    message = _message(request, permission)
    for media in message.media:
        if media.sid == request.ids["media_sid"]:
            return message, media
    raise request.missing()


def create_feedback(request: ApiRequest) -> ApiResponse:
    message, outcome = _message(request, "messages:create"), request.given("Outcome") or "confirmed"
    if outcome not in ("confirmed", "unconfirmed"):
        raise TwilioError(20001, "Outcome must be confirmed or unconfirmed")
    return ApiResponse(shapes.feedback(message, outcome, request.state.settings.clock()), 201, "Feedback")


@dataclass(frozen=True, slots=True)
class Placed:
    media: Media
    order: int


MESSAGES = f"/api{ACCOUNT}/Messages"
ROUTES: dict[str, dict[str, Operation]] = {
    MESSAGES: {"GET": list_messages, "POST": create_message},
    f"{MESSAGES}/{{sid}}": {"GET": fetch_message, "POST": update_message, "DELETE": delete_message},
    f"{MESSAGES}/{{sid}}/Feedback": {"POST": create_feedback},
    f"{MESSAGES}/{{sid}}/Media": {"GET": list_media},
    f"{MESSAGES}/{{sid}}/Media/{{media_sid}}": {"GET": fetch_media, "DELETE": delete_media},
}
