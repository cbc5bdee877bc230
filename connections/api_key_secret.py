"""The connection with an API key: revocable, and best held beside the auth token that signs webhooks."""

from typing import Annotated, ClassVar

from pydantic import Field, SecretStr

from ..connector.inputs import Hint, sid
from .access import AccountSid, Secret, TwilioAccess


class ApiKeySecret(TwilioAccess):
    """An API key SID and its secret, for an account."""

    account_field: ClassVar[str] = "accountSid"
    key_fields: ClassVar[tuple[str, str]] = ("apiKey", "apiSecret")

    account_sid: AccountSid
    api_key: Annotated[
        str,
        sid("SK"),
        Field(
            title="API Key SID",
            description="The API Key SID (starts with SK).",
            examples=["SKa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"],
        ),
        Hint(placeholder="Enter API Key SID"),
    ]
    api_secret: Annotated[
        Secret,
        Field(title="API Key Secret", description="The API secret generated when the API key was created."),
        Hint(placeholder="Enter API Key Secret"),
    ]
    auth_token: Annotated[
        Secret | None,
        Field(
            title="Auth Token",
            description="Signs the webhooks that Twilio sends; an API key cannot verify them. "
            "Without it messages can be sent and read, and every webhook is refused.",
        ),
        Hint(placeholder="Enter Auth Token"),
    ] = None

    @property
    def main_account(self) -> str:
        """The SID of the account that the key is of."""
        return self.account_sid

    @property
    def credentials(self) -> tuple[str, SecretStr]:
        """The key's SID and secret."""
        return self.api_key, self.api_secret

    @property
    def signing_token(self) -> SecretStr | None:
        """The auth token, if the connection holds it."""
        return self.auth_token
