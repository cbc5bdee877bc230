"""Downloads: Twilio keeps media and recordings elsewhere and redirects there, where credentials have no business."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from ..errors import Refused
from .base import is_loopback, is_public
from .client import Answer, TwilioClient
from .retry import Retry

MAX_REDIRECTS = 5


def download(
    client: TwilioClient,
    url: str,
    *,
    method: str = "GET",
    params: tuple[tuple[str, str], ...] = (),
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    retry: Retry | None = None,
    largest: int | None = None,
    **content: Any,
) -> Answer:
    """What a URL that ``client`` resolved leads to, read in pieces and at most ``largest`` bytes. Raises ConnectorError.

    Only the first request carries credentials, and the headers and the content of the caller.
    """
    patience: dict[str, Any] = {"timeout": timeout, "retry": retry, "largest": largest, "redirects": True}
    headers = {"Accept": "*/*"} | dict(headers or {})
    answer = client.send(method, url, params=params, headers=headers, **content, **patience)
    for _ in range(MAX_REDIRECTS):
        if answer.status < 300:  # noqa: PLR2004
            return answer
        url = _redirected(url, answer.headers["Location"], may_be_local=client.base.is_loopback)
        answer = client.send(method, url, headers={"Accept": "*/*"}, authenticated=False, **patience)
    raise Refused(f"url: redirects more than {MAX_REDIRECTS} times", field="url")


def _redirected(url: str, location: str, *, may_be_local: bool) -> str:
    """Where a redirect leads: to https, or on this machine for a local Twilio."""
    try:
        target = urljoin(url, location)
        parts = urlsplit(target)
        host, local = parts.hostname, is_loopback(parts.hostname)
        public = host is not None and is_public(host)
        safe = (
            "@" not in parts.netloc
            and "\\" not in target
            and (parts.scheme == "https" or (local and parts.scheme == "http"))
        )
    except ValueError:
        local, safe, public = False, False, False
    if not safe or not (public or (local and may_be_local)):
        raise Refused("url: redirects to where an answer may not be fetched from", field="url")
    return target
