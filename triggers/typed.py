"""What every typed webhook trigger takes."""

from typing import Annotated

from pydantic import Field

from ..connections.twilio import TwilioConnection
from ..connector.inputs import Inputs


class Typed(Inputs):
    """Whose webhooks to accept."""

    twilio_connection: Annotated[
        TwilioConnection,
        Field(
            title="Connection",
            description="The Twilio connection whose Auth Token verifies the requests. Requests for another account than its "
            "Account SID or Subaccount SID are refused.",
        ),
    ]
