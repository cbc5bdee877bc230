"""Who may do what: Twilio's credentials and their limits.

- The account's SID and auth token may do all in the account and in its subaccounts.
- A main API key may do the same; a standard one not the account resource, keys and subaccounts (20003);
  a restricted one only what it allows (70051).
- An account that is suspended or closed answers 20005; its parent may still read and reactivate it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass

from .errors import TwilioError
from .records import ApiKey
from .state import State


@dataclass(frozen=True, slots=True)
class Caller:
    account_sid: str
    key: ApiKey | None = None


def identify(state: State, authorization: str) -> Caller:
    """Read HTTP Basic credentials. Raises TwilioError 20003 when they are missing or wrong."""
    user, secret = _basic(authorization)
    account, key = state.accounts.get(user), state.keys.get(user)
    known = account.auth_token if account else key.secret if key else ""
    if not known or not hmac.compare_digest(known.encode(), secret.encode()):
        raise TwilioError(20003)
    return Caller(key.account_sid, key) if key else Caller(user)


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        user, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return (user, secret) if scheme.lower() == "basic" else ("", "")


def permit(state: State, caller: Caller, account_sid: str, permission: str) -> None:
    """Check `permission`, such as "messages:read", in an account. Raises TwilioError 20003, 20005, 20404, 70051."""
    account = state.accounts.get(account_sid)
    if account is None or account_sid != caller.account_sid != account.owner_sid:
        raise TwilioError(20003)
    kind = caller.key.kind if caller.key else "main"
    subaccount = account_sid != caller.account_sid
    if kind != "main" and (subaccount or permission.startswith(("accounts:", "keys:"))):
        raise TwilioError(20003)
    if kind == "restricted" and caller.key and permission not in caller.key.allow:
        raise TwilioError(70051, permission)
    if account.status != "active" and not (subaccount and permission.startswith("accounts:")):
        raise TwilioError(20005)
