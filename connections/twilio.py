"""What an action or a trigger takes as its connection: either kind."""

from typing import Annotated, TypeAlias

from pydantic import Field

from .api_key_secret import ApiKeySecret
from .basic import Basic

TwilioConnection: TypeAlias = Annotated[
    ApiKeySecret | Basic, Field(title="Connection", description="The Twilio connection to use.")
]
