"""The API tokens that come with requests, in the header Authorization alone."""

import math
from dataclasses import dataclass

from starlette.requests import Request

from ..store.tokens import TokenRecord, Tokens
from .refusal import Refusal
from .throttle import Throttle


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that is right passes at once, always: it cannot be guessed, so only what is wrong is slowed."""

    tokens: Tokens
    throttle: Throttle

    def check(self, request: Request) -> TokenRecord:
        """Whose token it is. Raises Refusal for whoever is not to be let in."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            raise unknown("there is no token")
        record = self.tokens.check(token.strip()) if scheme.lower() == "bearer" else None
        if record is not None:
            return record
        wait = math.ceil(self.throttle.take(request.client.host if request.client else ""))
        if wait:
            headers = {"retry-after": str(wait)}
            raise Refusal(429, "access", "too many wrong tokens from this address", headers=headers)
        raise unknown("the token is wrong, was revoked or is over")


def unknown(detail: str) -> Refusal:
    return Refusal(401, "access", detail, headers={"www-authenticate": 'Bearer realm="twilio-connector"'})
