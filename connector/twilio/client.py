"""A client of Twilio's REST APIs: one way in, every failure a ConnectorError."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from itertools import count, islice
from random import SystemRandom
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from ..context import utc_now
from ..errors import ConnectionFailed, ConnectorError, InvalidInput, OutcomeUnknown, Refused
from ..http import HttpRequest, Transport
from ..quick import loads
from .base import Base
from .failures import NOT_ACCEPTED, REPEATABLE, failure, network_failure
from .form import CONTENT_TYPE
from .redact import redacted
from .resource import Resource, form_pairs
from .retry import Retry

MAX_PAGE = 1000
MAX_ANSWER = 50 * 1024 * 1024
"""Bytes of an answer that are read; a page of 1000 messages has about one million."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})

Values = Mapping[str, Any] | Iterable[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioClient:
    """Calls Twilio for one account. ``timeout``: seconds to connect, and between bytes. Each method raises ConnectorError.

    ``main_account`` is the account that the credentials are of, where that is another one. ``elapsed`` counts seconds and is
    never set, as ``clock`` may be.
    """

    account_sid: str
    username: str
    secret: SecretStr
    main_account: str = ""
    base: Base = Base()
    timeout: float = 30.0
    retry: Retry = Retry()
    transport: Transport = field(default_factory=Transport, repr=False)
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger(__name__), repr=False)
    clock: Callable[[], datetime] = field(default=utc_now, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    elapsed: Callable[[], float] = field(default=time.monotonic, repr=False)
    random: Callable[[], float] = field(default_factory=lambda: SystemRandom().random, repr=False)

    def create(self, resource: Resource, values: Values, **parents: str) -> Any:
        """Make one. Raises OutcomeUnknown where it may have been made; it is not tried again then."""
        return resource.shape(self._post(resource, resource.collection(self._with_account(parents)), values))

    def fetch(self, resource: Resource, sid: str = "", values: Values = (), **parents: str) -> Any:
        """Read one; without a SID, the only one there is, such as the balance."""
        url = self._url(resource, resource.item(self._with_account(parents), sid))
        return resource.shape(self._json(self.send("GET", url, params=tuple(form_pairs(values)))))

    def update(self, resource: Resource, sid: str, values: Values, **parents: str) -> Any:
        """Change one."""
        return resource.shape(self._post(resource, resource.item(self._with_account(parents), sid), values))

    def delete(self, resource: Resource, sid: str, **parents: str) -> None:
        """Delete one. A repetition that finds it gone has succeeded."""
        self.send("DELETE", self._url(resource, resource.item(self._with_account(parents), sid)))

    def list(
        self,
        resource: Resource,
        filters: Values = (),
        *,
        limit: int | None = None,
        page_size: int | None = None,
        **parents: str,
    ) -> Iterator[Any]:
        """Read them, newest first as Twilio has them, a page at a time as they are taken; at most ``limit``."""
        size = min(page_size or MAX_PAGE, limit or MAX_PAGE, MAX_PAGE)
        url = self._url(resource, resource.collection(self._with_account(parents)))
        return islice(self._pages(resource, url, (*form_pairs(filters), ("PageSize", str(size)))), limit)

    def time(self, resource: Resource) -> datetime | None:
        """Twilio's own, in whole seconds; None where its answer does not tell. Raises ConnectorError where there is none."""
        url = self._url(resource, resource.collection(self._with_account({})))
        answer = self.send("GET", url, params=(("PageSize", "1"),))
        try:
            return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
        except (KeyError, TypeError, ValueError):
            return None

    def resolve(self, address: str, *, product: str = "api", root: str = "") -> str:
        """The URL of an address, as ``base`` resolves it. Raises ConnectionFailed where it would not be of this account.

        Only the 2010 API has the account in its paths. All other products act for the account that the credentials are of.
        Lookup is one of these: it has nothing of an account, but that account would be charged, unasked.
        """
        url = self.base.resolve(address, product=product, root=root)
        if self._is_foreign and (asked := self.base.product_of(address) or product) != "api":
            raise ConnectionFailed(
                f"subaccountSid: {asked}.twilio.com acts for account {self.main_account}, of which the credentials are, and "
                f"not for {self.account_sid}: use a connection with the subaccount's own SID and Auth Token, or with its own "
                "SID and API key, and subaccountSid blank",
                field="subaccountSid",
            )
        return url

    def send(
        self,
        method: str,
        url: str,
        *,
        params: tuple[tuple[str, str], ...] = (),
        headers: Mapping[str, str] | None = None,
        data: Any = None,
        files: Any = None,
        timeout: float | None = None,
        retry: Retry | None = None,
        authenticated: bool = True,
        redirects: bool = False,
        largest: int | None = None,
    ) -> Answer:
        """Send a request to a URL that ``resolve`` gave, again where that is safe, and read its answer.

        The answer is 2xx and has at most ``largest`` bytes (else ``MAX_ANSWER``); with ``redirects`` it may be one, which is
        never followed here.
        """
        request = HttpRequest(
            method=method,
            url=url,
            params=params,
            headers={"User-Agent": user_agent(), "Accept": "application/json"} | dict(headers or {}),
            data=data,
            files=files,
            auth=(self.username, self.secret.get_secret_value()) if authenticated else None,
            timeout=timeout or self.timeout,
            stream=True,
        )
        return self._repeat(request, retry or self.retry, redirects=redirects, largest=largest or MAX_ANSWER)

    def _pages(self, resource: Resource, first: str, params: tuple[tuple[str, str], ...]) -> Iterator[Any]:
        url: str | None = first
        while url:
            page = self._json(self.send("GET", url, params=params))
            items = _items(page, resource)
            yield from map(resource.shape, items)
            items.clear()  # before the next page comes
            url, params = self._next(page, resource, url), ()

    def _repeat(self, request: HttpRequest, retry: Retry, *, redirects: bool, largest: int) -> Answer:
        waited = 0.0
        for attempt in count(1):
            outcome = self._once(request, redirects=redirects, largest=largest)
            if isinstance(outcome, Answer):
                return outcome
            if attempt > 1 and request.method == "DELETE" and outcome.status == 404:  # noqa: PLR2004  gone since
                return Answer(204, {}, b"")
            wait = retry.delay(outcome, attempt, waited, self.random)
            if wait is None:
                raise outcome
            self.logger.info("%s: attempt %d failed (%s), again in %.1f s", request.method, attempt, outcome.kind, wait)
            self.sleep(wait)
            waited += wait
        raise AssertionError

    def _once(self, request: HttpRequest, *, redirects: bool, largest: int) -> Answer | ConnectorError:
        try:
            with self.transport.send(request) as response:
                body = b"" if request.method == "HEAD" else _read(response, request.method, largest)
                status, headers = response.status_code, response.headers
        except (OSError, ValueError) as error:  # requests looks at a redirect's Location, even unasked
            return network_failure(request.method, error)
        except ConnectorError as error:
            return error
        if 200 <= status < 300 or (redirects and status in REDIRECTS and "Location" in headers):  # noqa: PLR2004
            return Answer(status, headers, body)
        return self._told(failure(request.method, status, headers, body, self.clock()))

    def _told(self, error: ConnectorError) -> ConnectorError:
        """The error without the credentials; where they may not act for another account, it says so."""
        message, details = redacted(error.message, self.username, self.secret), error.details
        if self._is_foreign and error.code == NOT_ACCEPTED:
            message, details = f"subaccountSid: {self._why_foreign}. {message}", details | {"field": "subaccountSid"}
        return type(error)(message, **details)

    @property
    def _is_foreign(self) -> bool:
        return bool(self.main_account) and self.main_account != self.account_sid

    @property
    def _why_foreign(self) -> str:
        if self.username.startswith("SK"):
            return (
                "a standard API key cannot act for another account: use the Auth Token, a main key, or a key of the "
                "subaccount; or the key or its secret is wrong"
            )
        return f"it is no subaccount of account {self.main_account}, or the Auth Token is wrong"

    def _post(self, resource: Resource, path: str, values: Values) -> Any:
        data = urlencode(list(form_pairs(values))).encode()
        answer = self.send("POST", self._url(resource, path), data=data, headers={"Content-Type": CONTENT_TYPE})
        try:
            return loads(answer.body)
        except (ValueError, RecursionError):
            message = f"Twilio answered HTTP {answer.status}, but not with JSON: it was probably done; look for it"
            raise OutcomeUnknown(message, status=answer.status) from None

    def _json(self, answer: Answer) -> Any:
        try:
            return loads(answer.body)
        except (ValueError, RecursionError):
            message = "baseUrl: what answers there does not answer with JSON: it is not Twilio"
            raise ConnectionFailed(message, field="baseUrl", status=answer.status) from None

    def _url(self, resource: Resource, path: str) -> str:
        return self.resolve(path, product=resource.product)

    def _next(self, page: Mapping[str, Any], resource: Resource, url: str) -> str | None:
        meta = page.get("meta")
        address = meta.get("next_page_url") if isinstance(meta, Mapping) else page.get("next_page_uri")
        if not address or not isinstance(address, str):
            return None
        try:
            following = self.resolve(address, product=resource.product)
        except InvalidInput:
            raise ConnectionFailed(
                "the next page is at another host: credentials do not go there", field="baseUrl"
            ) from None
        if following == url:
            raise ConnectionFailed("baseUrl: its pages go round in a circle: it is not Twilio", field="baseUrl")
        return following

    def _with_account(self, parents: Mapping[str, str]) -> dict[str, str]:
        return {"account": self.account_sid, **parents}


def _items(page: Any, resource: Resource) -> list[Any]:
    meta = page.get("meta") if isinstance(page, Mapping) else None
    key = meta.get("key", resource.items) if isinstance(meta, Mapping) else resource.items
    items = page.get(key) if isinstance(page, Mapping) else None
    if not isinstance(items, list):
        raise ConnectionFailed(f"baseUrl: the answer holds no {resource.items}: it is not Twilio's", field="baseUrl")
    return items


def _read(response: Any, method: str, largest: int) -> bytes:
    parts, size = [], 0
    for part in response.iter_content(65536):
        size += len(part)
        if size > largest:
            kind = Refused if method in REPEATABLE else OutcomeUnknown
            raise kind(f"the answer is larger than {largest} bytes: ask for less at once", status=response.status_code)
        parts.append(part)
    return b"".join(parts)


@cache
def user_agent() -> str:
    """``twilio-connector/`` and its version."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"twilio-connector/{version('twilio-connector')}"
    except PackageNotFoundError:  # mounted as a folder
        return "twilio-connector/mounted"
