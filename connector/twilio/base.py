"""Where Twilio is reached: the hosts of its products, its regions and edges, and which URLs credentials may go to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from socket import inet_aton
from urllib.parse import unquote, urlsplit

from ..errors import ConnectionFailed, InvalidInput

TWILIO = "https://{product}.twilio.com"
EDGES: Mapping[str, str] = {"us1": "ashburn", "ie1": "dublin", "au1": "sydney", "jp1": "tokyo"}
"""The edge nearest to each region. A region's host exists only with an edge in it."""

_LABEL = "[a-z][a-z0-9-]*"
_CASE = re.IGNORECASE | re.ASCII  # without ASCII, a dotless i is an i
_TWILIO_URL = re.compile(rf"https://({_LABEL})((?:\.{_LABEL}){{0,2}})\.twilio\.com(?::443)?(?=[/?]|$)", _CASE)
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\\#]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", _CASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The address of every product. ``template`` holds ``{product}`` where the product's name goes."""

    template: str = TWILIO
    region: str = ""
    edge: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be reached or would carry the credentials in the clear."""
        check_template(self.template)
        if self.template != TWILIO and (self.region or self.edge):
            raise ConnectionFailed("region: leave region and edge blank, the base URL says where to go", field="region")
        if self.region and not (self.edge or self.region in EDGES):
            known = ", ".join(EDGES)
            message = f"edge: region {self.region} needs its edge too; only {known} are known by themselves"
            raise ConnectionFailed(message, field="edge")

    def of(self, product: str) -> str:
        """The URL of a product, without a slash at its end."""
        address = self.template.replace("{product}", product)
        if not (self.region or self.edge):
            return address
        region = self.region or "us1"
        return address.replace(".twilio.com", f".{self.nearest_edge}.{region}.twilio.com")

    @property
    def nearest_edge(self) -> str:
        """The edge to enter by; blank for none in particular."""
        return self.edge or EDGES.get(self.region, "")

    def resolve(self, address: str, *, product: str = "api", root: str = "") -> str:
        """The full URL of an address that credentials may go to: a path below ``root``, or a URL at Twilio or at this base.

        A URL at ``https://{product}.twilio.com`` is taken to where this base has that product. Raises InvalidInput.
        """
        _check_characters(address)
        if not _SCHEME.match(address):
            return self.of(product) + _below(root, _path(address))
        start, rest = self._start_of(address)
        if start is None:
            message = f"url: {_shown(address)} is not at {self.template}; credentials go nowhere else"
            raise InvalidInput(message, field="url")
        return start + (_path(rest) if rest[:1] == "/" else rest)

    def product_of(self, address: str) -> str | None:
        """The product that a URL names; None for a path, and where this base does not tell its products apart."""
        if found := _TWILIO_URL.match(address) or self._own().match(address):
            return found[1].lower() if found.re.groups else None
        return None

    @property
    def is_loopback(self) -> bool:
        """True for a local Twilio."""
        return is_loopback(urlsplit(self.template).hostname)

    def _start_of(self, address: str) -> tuple[str | None, str]:
        if found := _TWILIO_URL.match(address):
            product, place = found[1].lower(), found[2].lower()
            keeps = place and self.template == TWILIO
            return (f"https://{product}{place}.twilio.com" if keeps else self.of(product)), address[found.end() :]
        if self.template != TWILIO and (found := self._own().match(address)):
            return found[0], address[found.end() :]
        return None, ""

    def _own(self) -> re.Pattern[str]:
        """How a URL at this base begins."""
        template = re.escape(self.template).replace(re.escape("{product}"), f"({_LABEL})", 1)
        return re.compile(template.replace(re.escape("{product}"), _LABEL) + r"(?=[/?]|$)")


@lru_cache(maxsize=64)
def check_template(template: str) -> None:
    """Refuse a base URL that is no URL, or would send credentials unencrypted over a network. Raises ConnectionFailed."""
    example = f"it is written like {TWILIO}"
    try:
        parts = urlsplit(template.replace("{product}", "api"))
        valid = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or _UNSAFE.search(template) or "@" in template or "?" in template or template.endswith("/"):
        raise ConnectionFailed(f"baseUrl: must be a plain URL without a slash at its end; {example}", field="baseUrl")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ConnectionFailed("baseUrl: must be https; http is for a Twilio on this machine only", field="baseUrl")


def is_loopback(host: str | None) -> bool:
    """True for this machine's own names and addresses."""
    if host is None:
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_public(host: str) -> bool:
    """False for an address, however it is spelled, that is not of the public internet. A name is not looked up."""
    try:
        return ip_address(host.partition("%")[0]).is_global
    except ValueError:
        pass
    try:
        return ip_address(inet_aton(host.rstrip("."))).is_global  # 127.1, 2130706433, 0x7f.1
    except OSError:
        return not is_loopback(host.rstrip("."))


def _check_characters(address: str) -> None:
    if _UNSAFE.search(address):
        message = "url: has a blank, a control character, # or \\ in it; percent-encode it, or use queryParams"
        raise InvalidInput(message, field="url")


def _path(path: str) -> str:
    """A path with its slash, which leads nowhere but down."""
    segments = re.split(r"[/\\;]", _decoded(path.partition("?")[0]))
    if path.startswith("//") or not {".", ".."}.isdisjoint(segments):
        raise InvalidInput("url: the path must start with one / and hold no . or .. segments", field="url")
    return path if path.startswith("/") else f"/{path}"


def _decoded(path: str) -> str:
    for _ in range(3):  # more often than any server decodes
        path = unquote(path)
    return path


def _below(root: str, path: str) -> str:
    return path if not root or path.startswith((f"{root}/", f"{root}?")) else root + path


def _shown(address: str) -> str:
    """The address without what may be a secret: credentials and the query."""
    scheme, _, rest = address.partition("//")
    return f"{scheme}//{re.split(r'[/?]', rest)[0].rpartition('@')[2]}"[:100]
