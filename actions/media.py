"""Media of messages: list, download, delete. https://www.twilio.com/docs/messaging/api/media-resource."""

from typing import Annotated

from pydantic import Field

from ..connector.context import ActionContext
from ..connector.inputs import Hint, Trimmed, sid
from ..connector.payload import buffer
from ..connector.result import ActionResult, Example
from ..connector.twilio.client import MAX_ANSWER
from ..connector.twilio.download import download
from ..connector.twilio.fields import MessageSid, Moment
from ..connector.twilio.parameters import NOT_SENT, Parameter
from ..connector.twilio.resources.media import MEDIA
from .fields import megabytes, since, until
from .operations import ActionInputs, deleting, listing

MAX_MEGABYTES = MAX_ANSWER // 1024**2


class OfMessage(ActionInputs):
    """Whose media."""

    message_sid: Annotated[
        MessageSid,
        NOT_SENT,
        Field(
            title="Message SID",
            description="The message that has the media (starts with SM or MM).",
            examples=[MEDIA.example["parentSid"]],
        ),
        Hint(placeholder="Enter message SID", data_source="selectMessage"),
    ]


class MediaOfMessage(OfMessage):
    """Which media to read about."""

    date_created: Annotated[
        Moment | None,
        Field(title="Date Created", description="Only media made on this day (UTC).", examples=["2026-03-15"]),
    ] = None
    before: Annotated[
        Moment | None,
        Parameter("DateCreated<"),
        until("Before", "media made"),
    ] = None
    after: Annotated[
        Moment | None,
        Parameter("DateCreated>"),
        since("After", "media made"),
    ] = None


class OneMedia(OfMessage):
    """Which media file."""

    sid: Annotated[
        Trimmed,
        sid("ME"),
        NOT_SENT,
        Field(
            title="Media SID",
            description="The unique identifier of the media file (starts with ME).",
            examples=[MEDIA.example["sid"]],
        ),
        Hint(placeholder="Enter media SID"),
    ]


class MediaDownload(OneMedia):
    """Which media file, and how large it may be."""

    max_megabytes: Annotated[
        int,
        NOT_SENT,
        megabytes(most=MAX_MEGABYTES, example="16"),
        Hint(advanced=True),
    ] = MAX_MEGABYTES


list_message_media = listing(MEDIA, MediaOfMessage)
delete_media = deleting(MEDIA, OneMedia)


def download_media(
    context: ActionContext, inputs: MediaDownload
) -> Annotated[ActionResult, Example(buffer(b"\xff\xd8\xff"))]:
    """Download a media file: its bytes and their content type. Raises Refused for one that is too large."""
    client = inputs.client(context)
    path = MEDIA.content({"account": client.account_sid, **MEDIA.parents(inputs)}, inputs.sid)
    answer = download(client, client.resolve(path), largest=inputs.max_megabytes * 1024**2)
    return ActionResult(data=answer.body, content_type=answer.headers.get("Content-Type"))
