"""The connection with the account's own auth token, which also verifies webhooks."""

from typing import Annotated, ClassVar

from pydantic import Field, SecretStr

from ..connector.inputs import Hint
from .access import AccountSid, Secret, TwilioAccess


class Basic(TwilioAccess):
    """An account SID and its auth token, under the keys that the platform gives them."""

    account_field: ClassVar[str] = "username"
    key_fields: ClassVar[tuple[str, str]] = ("username", "password")

    username: AccountSid
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
