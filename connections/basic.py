"""The connection with the account's own auth token, which also verifies webhooks."""

from typing import Annotated, ClassVar

from pydantic import Field, SecretStr

from ..connector.inputs import Hint, sid
from .access import Secret, TwilioAccess


class Basic(TwilioAccess):
    """An account SID and its auth token, under the keys that the platform gives them."""

    account_field: ClassVar[str] = "username"
    key_fields: ClassVar[tuple[str, str]] = ("username", "password")

    username: Annotated[
        str,
        sid("AC"),
        Field(
            title="Account SID",
            description="The Twilio Account SID (starts with AC).",
            examples=["ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"],
        ),
        Hint(placeholder="Enter Account SID"),
    ]
    password: Annotated[
        Secret,
        Field(
            title="Auth Token",
            description="The Auth Token from the [Twilio Console](https://console.twilio.com/). It verifies webhooks too.",
        ),
        Hint(placeholder="Enter Auth Token"),
    ]

    @property
    def main_account(self) -> str:
        """The SID of the account."""
        return self.username

    @property
    def credentials(self) -> tuple[str, SecretStr]:
        """The account's SID and auth token."""
        return self.username, self.password

    @property
    def signing_token(self) -> SecretStr | None:
        """The auth token."""
        return self.password
