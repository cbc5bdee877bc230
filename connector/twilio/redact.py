"""Keep credentials out of what is told: an answer may quote the request that it answers."""

from base64 import b64encode
from urllib.parse import quote

from pydantic import SecretStr

MASK = "***"


def redacted(text: str, username: str, secret: SecretStr) -> str:
    """The text without the secret: as it is, percent-encoded, or as Basic authentication writes it."""
    value = secret.get_secret_value()
    for form in (value, quote(value, safe=""), _base64(f"{username}:{value}"), _base64(value)):
        text = text.replace(form, MASK) if form else text
    return text


def _base64(text: str) -> str:
    return b64encode(text.encode(errors="replace")).decode()
