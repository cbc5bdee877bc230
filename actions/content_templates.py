"""Content templates: list and read. https://www.twilio.com/docs/content/content-api-resources."""

from typing import Annotated

from pydantic import Field

from ..connector.inputs import Hint
from ..connector.twilio.fields import ContentSid
from ..connector.twilio.parameters import NOT_SENT
from ..connector.twilio.resources.content_templates import CONTENT_TEMPLATES
from .operations import ActionInputs, getting, listing


class Templates(ActionInputs):
    """Of which account; Twilio has no filters for templates."""


class OneTemplate(ActionInputs):
    """Which template."""

    sid: Annotated[
        ContentSid,
        NOT_SENT,
        Field(
            title="Content SID",
            description="The unique identifier of the template (starts with HX).",
            examples=[CONTENT_TEMPLATES.example["sid"]],
        ),
        Hint(placeholder="Enter content SID", data_source="selectContentTemplate"),
    ]


list_content_templates = listing(CONTENT_TEMPLATES, Templates)
get_content_template = getting(CONTENT_TEMPLATES, OneTemplate)
