"""What both kinds of Twilio connection share: where Twilio is, the client, the official SDK, the test."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, Field, SecretStr, model_validator

from ..connector.context import ActionContext
from ..connector.errors import ConnectionFailed, ConnectorError, TryLater
from ..connector.inputs import Conflict, Connection, Hint, sid
from ..connector.twilio.base import TWILIO, Base, check_template
from ..connector.twilio.client import TwilioClient
from ..connector.twilio.resources.messages import MESSAGES
from ..connector.twilio.retry import Retry
from ..connector.twilio.signature import Keys

if TYPE_CHECKING:
    from twilio.rest import Client  # type: ignore[import-untyped]


def _visible(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        message = "holds characters that no secret of Twilio's has; copy it again"
        raise ValueError(message)
    return secret


def _base_url(text: str) -> str:
    trimmed = text.rstrip("/")
    try:
        check_template(trimmed)
    except ConnectionFailed as error:
        message = error.message.removeprefix("baseUrl: ")
        raise ValueError(message) from None
    return trimmed


Secret = Annotated[SecretStr, AfterValidator(_visible)]

AccountSid = Annotated[
    str,
    sid("AC"),
    Field(
        title="Account SID",
        description="The Twilio Account SID (starts with AC).",
        examples=["ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"],
    ),
    Hint(placeholder="Enter Account SID"),
]
SecondaryAuthToken = Annotated[
    Secret | None,
    Field(
        title="Secondary Auth Token",
        description="Another token that webhooks may be signed with: the subaccount's, or the next one while you rotate "
        "tokens. Enter it here before you promote it in the console; afterwards enter it as the Auth Token and clear this.",
    ),
    Hint(placeholder="Enter another Auth Token"),
]
SharedKeyName = Annotated[
    str,
    Field(
        title="Webhook Shared Key",
        description="The name of the shared key that signs webhooks, if your account uses one instead of the Auth Token.",
        examples=["webhooks_sharedkey_00000000000000000000000000"],
        pattern="^[A-Za-z0-9_-]+$",
    ),
    Hint(placeholder="webhooks_sharedkey_…", advanced=True),
]
SharedKeySecret = Annotated[
    Secret | None,
    Field(title="Webhook Shared Key Secret", description="The secret of the webhook shared key."),
    Hint(advanced=True),
]
SubaccountSid = Annotated[
    str,
    sid("AC"),
    Field(
        title="Subaccount SID",
        description="The subaccount (starts with AC) to act for. Leave blank to act for the account itself. It holds for "
        "messages, calls, recordings, numbers, applications, usage and all else at api.twilio.com. All other products, such as "
        "messaging services, content templates, Verify, Lookup, alerts and Event Streams, know an account by its own "
        "credentials only and are refused: they need a connection with the subaccount's own SID and Auth Token or API key.",
        examples=["AC0f1e2d3c4b5a69788796a5b4c3d2e1f0"],
    ),
    Hint(placeholder="Enter Subaccount SID"),
]
Region = Annotated[
    str,
    Field(
        title="Region",
        description="The region that processes the data: us1, ie1, au1 or jp1. Leave blank for us1. Keys belong to one region.",
        examples=["ie1"],
        pattern="^[a-z]{2}[0-9]$",
    ),
    Hint(placeholder="us1"),
]
Edge = Annotated[
    str,
    Field(
        title="Edge",
        description="The edge location to enter Twilio by. Leave blank for the region's own, such as dublin for ie1.",
        examples=["dublin"],
        pattern="^[a-z]+(-[a-z]+)*$",
    ),
    Hint(placeholder="ashburn", advanced=True),
]
Timeout = Annotated[
    float,
    Field(
        title="Timeout (seconds)",
        description="How long to wait for Twilio to answer.",
        examples=["30"],
        gt=0,
        le=600,
        allow_inf_nan=False,
    ),
    Hint(advanced=True),
]
BaseUrl = Annotated[
    str,
    AfterValidator(_base_url),
    Field(
        title="Base URL",
        description="Where Twilio is, with {product} for the product's name. Change it to reach a local Twilio.",
    ),
    Hint(placeholder=TWILIO, advanced=True, destination=True),
]


_HASTY = Retry(attempts=2, longest=5)  # somebody waits for the verdict


class TwilioAccess(Connection):
    """Base of the connection types: what they share, which follows in a form on what is each type's own."""

    secondary_auth_token: SecondaryAuthToken = None
    subaccount_sid: SubaccountSid = ""
    region: Region = ""
    edge: Edge = ""
    timeout: Timeout = 30
    base_url: BaseUrl = TWILIO
    shared_key_name: SharedKeyName = ""
    shared_key_secret: SharedKeySecret = None

    account_field: ClassVar[str]
    key_fields: ClassVar[tuple[str, str]]

    @property
    def main_account(self) -> str:
        """The SID of the account that the credentials are of."""
        raise NotImplementedError

    @property
    def credentials(self) -> tuple[str, SecretStr]:
        """The user name and secret of HTTP Basic authentication."""
        raise NotImplementedError

    @property
    def signing_token(self) -> SecretStr | None:
        """The auth token that signs webhooks."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _reachable(self) -> "TwilioAccess":
        try:
            _ = self.base
        except ConnectionFailed as error:
            field = str(error.field)
            raise Conflict(field, error.message.removeprefix(f"{field}: ")) from None
        if bool(self.shared_key_name) != bool(self.shared_key_secret):
            missing = "sharedKeySecret" if self.shared_key_name else "sharedKeyName"
            raise Conflict(missing, "a webhook shared key has a name and a secret; give both or none")
        return self

    @property
    def base(self) -> Base:
        """Where Twilio is."""
        return Base(template=self.base_url, region=self.region, edge=self.edge)

    @property
    def account(self) -> str:
        """The SID of the account to act for."""
        return self.subaccount_sid or self.main_account

    @cached_property
    def accounts(self) -> frozenset[str]:
        """The accounts whose webhooks are this connection's."""
        return frozenset({self.main_account, self.account})

    @property
    def tokens(self) -> list[SecretStr | Mapping[str, SecretStr]]:
        """What may sign webhooks, as ``signature.is_valid`` takes it; empty where nothing can."""
        found: list[SecretStr | Mapping[str, SecretStr]] = [
            token for token in (self.signing_token, self.secondary_auth_token) if token
        ]
        if self.shared_key_secret:
            found.append({self.shared_key_name: self.shared_key_secret})
        return found

    @cached_property
    def keys(self) -> Keys:
        """The same, ready for many webhooks."""
        return Keys.of(self.tokens)

    def client(self, context: ActionContext) -> TwilioClient:
        """Our client, for the account, over the context's transport."""
        username, secret = self.credentials
        return TwilioClient(
            account_sid=self.account,
            main_account=self.main_account,
            username=username,
            secret=secret,
            base=self.base,
            timeout=self.timeout,
            transport=context.transport,
            logger=context.logger,
            clock=context.clock,
            sleep=context.sleep,
        )

    def sdk(self) -> "Client":
        """The official SDK's client with the same credentials and addresses. Needs the extra ``sdk``.

        It refuses nothing: outside the 2010 API it acts for the main account, whatever the subaccount.
        """
        from .sdk import client_for

        return client_for(self)

    def test(self, context: ActionContext) -> str:
        """Read the newest message, which standard keys may; say what is reached, or what is wrong."""
        try:
            list(replace(self.client(context), retry=_HASTY).list(MESSAGES, limit=1))
        except ConnectorError as error:
            raise self._diagnosis(error) from None
        hooks = "verifies webhooks" if self.tokens else "refuses webhooks, having no auth token to verify them with"
        return f"Reaches account {self.account}{self._extent} and {hooks}."

    @property
    def _extent(self) -> str:
        return ", of it only what is at api.twilio.com," if self.account != self.main_account else ""

    def _diagnosis(self, error: ConnectorError) -> ConnectorError:
        found = self._problem(error)
        if found is None:
            return error
        field, problem = found
        return ConnectionFailed(f"{field}: {problem}. {error.message}", **(error.details | {"field": field}))

    @property
    def _where(self) -> str:
        return "region" if self.region else "baseUrl"

    def _problem(self, error: ConnectorError) -> tuple[str, str] | None:
        """The field to mend, and why."""
        account = "subaccountSid" if self.subaccount_sid else self.account_field
        where = f" in region {self.region}; they belong to one region" if self.region else ""
        found: tuple[str, str] | None = None
        match error.code, error.status:
            case 20003, _ if error.field:  # the client knows better
                pass
            case (20003, _) | (None, 401):
                found = self.key_fields[1], f"Twilio does not accept these credentials{where}"
            case 20005 | 10001, _:
                found = account, "the account is suspended or closed"
            case 20006 | 20404, _:
                found = account, "the credentials are not of this account"
            case 20008, _:
                found = self.key_fields[1], "these are test credentials, which reach nothing real"
            case (20403 | 70051, _) | (None, 403):
                found = self.key_fields[0], "the key is restricted: it may not read messages"
            case None, 404 | 301 | 302 | 303 | 307 | 308:
                found = self._where, f"Twilio is not to be found at {self.base.of('api')}"
            case None, None if isinstance(error, TryLater):
                found = self._where, f"{self.base.of('api')} cannot be reached"
        return found
