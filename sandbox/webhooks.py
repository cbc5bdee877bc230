"""Calls a webhook as Twilio does: signed by the official SDK, 15 seconds at most, one more try if it cannot connect.

HTTP redirects are followed, each signed anew for its own URL. 307 keeps the method and the parameters; after the others
the new URL is got as it stands, as browsers do it: https://www.twilio.com/docs/api/errors/11216 and
https://github.com/twilio/OpenVBX/pull/199.
https://www.twilio.com/docs/usage/webhooks/webhooks-security for the signature,
https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides for `#rc=2&rp=all` behind the URL.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from urllib.parse import SplitResult, parse_qs, urlencode, urljoin, urlsplit, urlunsplit
from uuid import uuid4

import requests
from requests.adapters import HTTPAdapter
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from urllib3.exceptions import HTTPError, MaxRetryError

from .records import Pairs
from .urls import is_url

SIGNATURE, SETTINGS = "X-Twilio-Signature", "X-Twilio-Webhooks-Signature-Settings"
HEADERS = {
    "User-Agent": "TwilioProxy/1.1",
    "Accept": "*/*",
    "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
    "X-Home-Region": "us1",
}
MAX_ANSWER = 65_536  # bytes: Twilio reads no longer TwiML
TOO_LONG, UNREACHABLE, NO_ANSWER, REFUSED, BAD_URL = 11750, 11205, 11205, 11200, 11100  # codes of Twilio's debugger
MAX_REDIRECTS, TOO_MANY_REDIRECTS, BAD_REDIRECT = 10, 11215, 11216
SAME_METHOD, FOLLOWED = 307, frozenset({301, 302, 303, 307})


@dataclass(frozen=True, slots=True)
class Webhook:
    url: str
    method: str
    parameters: Pairs
    auth_token: str = field(repr=False)
    shared_key: tuple[str, str] | None = field(default=None, repr=False)  # SID and secret; signs instead of the token
    body: bytes | None = field(default=None, repr=False)  # JSON, in place of the parameters
    token: str = field(default_factory=lambda: str(uuid4()))  # I-Twilio-Idempotency-Token, the same for each try


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    body: bytes
    location: str = ""


class WebhookFailed(Exception):
    """Nothing useful came back; `code` is what Twilio's debugger would show."""

    def __init__(self, code: int, text: str, answer: Answer | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Overrides:
    """Seconds and counts from the fragment of the webhook's URL; the fragment is neither sent nor signed."""

    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})
    connect: float = 5.0
    total: float = 15.0


def overrides(url: str, connect: float, total: float) -> Overrides:
    """Read `#rc=&rp=&ct=&rt=&tt=` (milliseconds), ignoring what is out of range, as Twilio does."""
    given = parse_qs(urlsplit(url).fragment)
    retry_on = frozenset(given.get("rp", ["ct"])[-1].split(","))
    return Overrides(
        retries=int(_bounded(given, "rc", 0, 5, 1)),
        retry_on=retry_on | ({"ct", "rt", "4xx", "5xx"} if "all" in retry_on else set()),
        connect=_bounded(given, "ct", 100, 10_000, connect * 1000) / 1000,
        total=min(_bounded(given, key, 100, 15_000, total * 1000) for key in ("rt", "tt")) / 1000,
    )


def _bounded(given: dict[str, list[str]], key: str, low: int, high: int, usual: float) -> float:
    text = given.get(key, [""])[-1]
    return float(text) if text.isascii() and text.isdigit() and low <= int(text) <= high else usual


def open_session(connections: int) -> requests.Session:
    """Make a session that neither follows the environment's proxies nor keeps cookies."""
    session, adapter = requests.Session(), HTTPAdapter(pool_maxsize=connections)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def call(session: requests.Session, webhook: Webhook, *, connect: float, total: float) -> Answer:
    """Call it and return a 2xx answer. Raises WebhookFailed, after the tries that the URL's overrides allow."""
    rules = overrides(webhook.url, connect, total)
    for left in range(rules.retries, -1, -1):
        try:
            return _call_once(session, webhook, rules)
        except WebhookFailed as failed:
            if not left or not rules.retry_on & _classes(failed):
                raise
    raise AssertionError("the last try returns or raises")


def _classes(failed: WebhookFailed) -> set[str]:
    if failed.answer is not None:
        return {f"{failed.answer.status // 100}xx"}
    return {"ct" if _never_connected(failed.__cause__) else "rt"}


def _never_connected(error: BaseException | None) -> bool:
    """Tell a refused connection, which may be tried again, from one that broke after the request was sent."""
    return isinstance(error, requests.ConnectionError) and isinstance(next(iter(error.args), None), MaxRetryError)


def _call_once(session: requests.Session, webhook: Webhook, rules: Overrides) -> Answer:
    deadline = monotonic() + rules.total
    for _ in range(MAX_REDIRECTS + 1):
        answer = _request(session, webhook, rules, deadline)
        if 200 <= answer.status < 300:  # noqa: PLR2004 -- HTTP's class of success
            return answer
        if not 300 <= answer.status < 400:  # noqa: PLR2004 -- HTTP's class of redirects
            raise WebhookFailed(REFUSED, f"The webhook answered {answer.status}", answer)
        webhook = _redirected(webhook, answer)
    raise WebhookFailed(TOO_MANY_REDIRECTS, f"The webhook redirected more than {MAX_REDIRECTS} times", answer)


def _request(session: requests.Session, webhook: Webhook, rules: Overrides, deadline: float) -> Answer:
    left = max(deadline - monotonic(), 0.001)  # seconds; 0 is no timeout
    try:
        with session.send(
            prepare(session, webhook), stream=True, timeout=(min(rules.connect, left), left), allow_redirects=False
        ) as response:
            said = response.headers
            body = _read(response, deadline)
            return Answer(response.status_code, said.get("Content-Type", ""), body, said.get("Location", ""))
    except requests.ConnectionError as failed:
        raise WebhookFailed(UNREACHABLE, "Could not connect to the webhook") from failed
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, UnicodeError) as failed:
        raise WebhookFailed(BAD_URL, "The webhook's URL cannot be called") from failed
    except (requests.RequestException, HTTPError) as failed:
        raise WebhookFailed(NO_ANSWER, f"The webhook gave no answer within {rules.total:g} seconds") from failed


def _redirected(webhook: Webhook, answer: Answer) -> Webhook:
    if answer.status not in FOLLOWED:
        raise WebhookFailed(
            BAD_REDIRECT, f"The webhook answered {answer.status}, which is no redirect to follow", answer
        )
    try:
        url = urljoin(webhook.url, answer.location)
    except ValueError:
        url = ""
    if not answer.location or not is_url(url):
        raise WebhookFailed(BAD_REDIRECT, f"The webhook answered {answer.status} without a valid Location", answer)
    if answer.status == SAME_METHOD and webhook.method == "POST":
        return replace(webhook, url=url)
    return replace(webhook, url=url, method="GET", parameters=(), body=None)


def prepare(session: requests.Session, webhook: Webhook) -> requests.PreparedRequest:
    """Make the signed request: parameters in the body of a POST, in the query of a GET; or JSON with its hash.

    What is signed is the URL as it is requested, without the `user:pass@` that may stand in it.
    """
    parts, form = urlsplit(webhook.url)._replace(fragment=""), list(webhook.parameters)
    headers = HEADERS | {"I-Twilio-Idempotency-Token": webhook.token}
    if webhook.body is not None:
        parts, form = _with_query(parts, f"bodySHA256={sha256(webhook.body).hexdigest()}"), []
        headers["Content-Type"] = "application/json"
    elif webhook.method == "GET":
        parts, form = _with_query(parts, urlencode(form)), []
    data = urlencode(form) if webhook.body is None else webhook.body
    made = session.prepare_request(requests.Request(webhook.method, urlunsplit(parts), headers, data=data))
    made.headers.update(sign(webhook, shown(made.url or ""), form))
    return made


def _with_query(parts: SplitResult, more: str) -> SplitResult:
    return parts._replace(query="&".join(filter(None, [parts.query, more])))


def sign(webhook: Webhook, url: str, form: list[tuple[str, str]]) -> dict[str, str]:
    """Make the headers of a signature, by the official SDK, so that nothing is shared with what verifies it."""
    if webhook.shared_key is None:
        return {SIGNATURE: RequestValidator(webhook.auth_token).compute_signature(url, dict(form))}
    sid, secret = webhook.shared_key
    signature = RequestValidator(secret).compute_signature(url, dict(form), "HMAC_SHA256")
    return {SIGNATURE: signature, SETTINGS: f"key={sid},algorithm=HMAC_SHA256"}


def shown(url: str) -> str:
    """Return `url` without the password that may stand in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _read(response: requests.Response, deadline: float) -> bytes:
    body = b""
    while piece := response.raw.read1(8192, decode_content=True):
        body += piece
        if len(body) > MAX_ANSWER:
            raise WebhookFailed(TOO_LONG, "The webhook answered more than 64 KB")
        if monotonic() > deadline:
            raise WebhookFailed(NO_ANSWER, "The webhook did not finish its answer in time")
    return body
