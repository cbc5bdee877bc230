"""X-Twilio-Signature: whether a request was made by Twilio, and is as Twilio made it.

Twilio signs the URL that it calls. To the URL of a form it appends each name and value, sorted by name, a repeated value
once; any other body it hashes into the query's ``bodySHA256``. The HMAC is SHA-1 keyed by the account's auth token, or what
``X-Twilio-Webhooks-Signature-Settings`` says, keyed by a shared key. Source: https://www.twilio.com/docs/usage/security

The URL must be the public one, as configured at Twilio: one that is put together from a request's headers can be forged.
Nothing in a signature tells when it was made, so replays are the host's to find.
"""

import hmac
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Literal, TypeAlias

from . import form

SIGNATURE_HEADER = "X-Twilio-Signature"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
BODY_HASH = "bodySHA256"
_HASH_MARK = f"{BODY_HASH}=".encode()

ALGORITHMS: Mapping[str, str] = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
DEFAULT_PORTS: Mapping[bytes, bytes] = {b"https://": b":443", b"http://": b":80"}

Token: TypeAlias = Any
"""A secret: ``str``, ``bytes`` or pydantic's ``SecretStr``. A mapping holds shared keys: their secrets by their names."""

_TYPE_HEADER = "Content-Type"
_NAMES = (SIGNATURE_HEADER, SETTINGS_HEADER, _TYPE_HEADER)
_HEADERS: Mapping[Any, str] = {low: name for name in _NAMES for low in (name.lower(), name.lower().encode())}


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a request is not accepted: the part that failed, what to do, and the URLs that were tried."""

    part: Literal["token", "signature", "headers", "url", "body"]
    reason: str
    tried: tuple[str, ...] = ()

    def __str__(self) -> str:
        tried = f"; tried {', '.join(self.tried)}" if self.tried else ""
        return f"{self.part}: {self.reason}{tried}"


class _Rejected(Exception):
    def __init__(self, part: Any, reason: str, tried: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.rejection = Rejection(part, reason, tried)


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Tokens made ready for many requests: they may stand where tokens may. Who holds them holds the secrets."""

    plain: tuple[bytes, ...]
    shared: Mapping[str, bytes]

    @classmethod
    def of(cls, tokens: "Token | Iterable[Token]") -> "Keys":
        """Of one token or several; what is blank or no text is left out."""
        plain: list[bytes] = []
        shared: dict[str, bytes] = {}
        several = isinstance(tokens, Iterable) and not isinstance(tokens, str | bytes | Mapping)
        for token in tokens if several else [tokens]:
            if secret := _secret(token):
                plain.append(secret)
            elif isinstance(token, Mapping):
                shared |= {str(name): secret for name, value in token.items() if (secret := _secret(value))}
        return cls(tuple(plain), shared)


def is_valid(tokens: Keys | Token | Iterable[Token], url: str, body: bytes, headers: Any, method: str = "POST") -> bool:
    """Tell whether a request is Twilio's. Never raises, whatever it is given: what cannot be checked is not valid.

    ``tokens``: one auth token or several, such as the old and the new one while they rotate; shared keys as a mapping of
    name to secret. ``url``: the public URL with its query. ``body``: the bytes as they came. ``headers``: a mapping or pairs.
    """
    try:
        return verify(tokens, url, body, headers, method) is None
    except Exception:  # noqa: BLE001  an object that fails when it is looked at is no valid request
        return False


def verify(
    tokens: Keys | Token | Iterable[Token], url: str, body: bytes, headers: Any, method: str = "POST"
) -> Rejection | None:
    """Check a request as ``is_valid`` does; None when it is Twilio's, else what is wrong with it."""
    try:
        _check(tokens, url, body, headers, method)
    except _Rejected as rejected:
        return rejected.rejection
    return None


def sign(
    token: Token, url: str, body: bytes = b"", content_type: str = form.CONTENT_TYPE, algorithm: str = "HMAC_SHA1"
) -> str:
    """Sign a request as Twilio does. The URL of a body that is no form needs its hash first: ``with_body_hash``."""
    signed = _signed_parameters(body) if form.is_form(content_type) else b""
    address = _without_credentials(url.partition("#")[0].encode())
    return _mac(_secret(token), address + signed, ALGORITHMS[algorithm]).decode()


def with_body_hash(url: str, body: bytes) -> str:
    """The URL with the body's hash in its query, as Twilio calls it for a JSON body."""
    address, mark, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{BODY_HASH}={sha256(body).hexdigest()}{mark}{fragment}"


def _check(tokens: Any, url: Any, body: Any, headers: Any, method: Any) -> None:
    signature, settings, content_type = _read(headers)
    secrets, algorithm = _secrets(tokens, settings)
    if not signature:
        raise _Rejected("signature", f"there is no {SIGNATURE_HEADER}: Twilio sends one with every request")
    address = _bytes(url, "url").partition(b"#")[0]  # connection overrides (#rc=…) are never signed
    content = _bytes(body, "body")
    declared = _declared_hash(address)
    is_form = _is_form(method, content_type, declared)
    if declared is None and content and not is_form:
        raise _Rejected("body", f"this body is no form, and the URL has no {BODY_HASH}: nothing signs it")
    _check_signature(secrets, algorithm, signature, address, _signed_parameters(content) if is_form else b"")
    if declared is not None and not compare_digest(sha256(content).hexdigest().encode(), declared):
        raise _Rejected(
            "body", f"its hash is not the URL's {BODY_HASH}: it was changed on its way, or parsed and rewritten"
        )


def _check_signature(secrets: Sequence[bytes], algorithm: str, signature: bytes, address: bytes, signed: bytes) -> None:
    for variant in _variants(address):
        for secret in secrets:
            if compare_digest(_mac(secret, variant + signed, algorithm), signature):
                return
    raise _Rejected(
        "signature",
        f"{SIGNATURE_HEADER} does not match: {_hint(secrets, algorithm, signature, address, signed)}",
        tuple(_printable(variant) for variant in _variants(address)),
    )


def _hint(secrets: Sequence[bytes], algorithm: str, signature: bytes, address: bytes, signed: bytes) -> str:
    """What is wrong: the two usual mistakes in a configured URL are recognised, by the URL that would have matched."""
    for likely in _mistaken(address):
        for variant in _variants(likely):
            if any(compare_digest(_mac(secret, variant + signed, algorithm), signature) for secret in secrets):
                return (
                    f"Twilio called {_printable(variant)}; make the public URL the same as the one configured at Twilio"
                )
    return (
        "the token is another account's, the URL is not the one that Twilio called, "
        "or something on the way changed the request"
    )


def _mistaken(address: bytes) -> Iterator[bytes]:
    """The URL with the other scheme, as behind a proxy that ends TLS, and with or without the slash at its path's end."""
    scheme, credentials, host, tail = _split(address)
    other = {b"https://": b"http://", b"http://": b"https://"}.get(scheme.lower(), scheme)
    path, mark, query = tail.partition(b"?")
    slashed = (path[:-1] if path.endswith(b"/") else path + b"/") + mark + query
    yield other + credentials + host + tail
    yield scheme + credentials + host + slashed
    yield other + credentials + host + slashed


def _mac(secret: bytes, message: bytes, algorithm: str) -> bytes:
    # hmac.digest would give up the GIL for these two microseconds, and wait for it behind every other thread
    return b2a_base64(hmac.new(secret, message, algorithm).digest(), newline=False)


def _signed_parameters(body: bytes) -> bytes:
    if usual := form.usual(body):
        return "".join([name + usual[name] for name in sorted(usual)]).encode()
    return b"".join([part for pair in sorted(set(form.pairs(body))) for part in pair])


def _is_form(method: Any, content_type: str, declared: bytes | None) -> bool:
    """Whether the body's parameters are signed. A body without a type is a form, unless the URL has its hash."""
    if not isinstance(method, str):
        raise _Rejected("headers", "the method must be text, such as POST")
    if method.upper() in {"GET", "HEAD"}:
        return False
    return form.is_form(content_type) if content_type else declared is None


def _declared_hash(address: bytes) -> bytes | None:
    if _HASH_MARK not in address:
        return None
    parts = address.partition(b"?")[2].split(b"&")
    match [part[len(_HASH_MARK) :] for part in parts if part.startswith(_HASH_MARK)]:
        case []:
            return None
        case [one]:
            return one
    raise _Rejected("url", f"has {BODY_HASH} more than once")


def _variants(address: bytes) -> Iterator[bytes]:
    """The ways in which Twilio may have written this URL when it signed it, the likeliest first, none twice.

    Over HTTPS its voice products drop a port and others keep it, older ones add the default port; credentials in the URL
    are signed by some and dropped by most; an apostrophe in the query may have become %27.
    """
    yield address
    scheme, credentials, host, tail = _split(address)
    hosts = _with_ports(scheme.lower(), host)
    prefixes = [credentials, b""] if credentials else [b""]
    tails = [tail, _quoted(tail)] if b"'" in tail else [tail]
    seen = {address}
    for variant in (scheme + p + h + t for t in tails for h in hosts for p in prefixes):
        if variant not in seen:
            seen.add(variant)
            yield variant


def _split(address: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """A URL's ``https://``, ``user:secret@``, host with port, and the rest."""
    scheme, mark, rest = address.partition(b"://")
    end = min(at for at in (rest.find(b"/"), rest.find(b"?"), len(rest)) if at >= 0)
    credentials, at, host = rest[:end].rpartition(b"@")
    return scheme + mark, credentials + at, host, rest[end:]


def _with_ports(scheme: bytes, host: bytes) -> list[bytes]:
    name, colon, port = host.rpartition(b":")
    if colon and port.isdigit():
        return [host, name]
    return [host, host + DEFAULT_PORTS.get(scheme, b"")]


def _quoted(tail: bytes) -> bytes:
    path, mark, query = tail.partition(b"?")
    return path + mark + query.replace(b"'", b"%27")


def _without_credentials(address: bytes) -> bytes:
    scheme, _, host, tail = _split(address)
    return scheme + host + tail


def _printable(address: bytes) -> str:
    scheme, credentials, host, tail = _split(address)
    return (scheme + (b"***@" if credentials else b"") + host + tail).decode(errors="replace")


def _secrets(tokens: Any, settings: str) -> tuple[Sequence[bytes], str]:
    """The secrets that may have signed, and the hash. A shared key that we hold by its name is the only one tried."""
    keys = tokens if isinstance(tokens, Keys) else Keys.of(tokens)
    if not settings and keys.plain:
        return keys.plain, "sha1"
    named = dict(_trimmed(part.partition("=")) for part in settings.split(",") if part.strip())
    algorithm = ALGORITHMS.get(named.get("algorithm", "HMAC_SHA1").upper())
    if algorithm is None:
        raise _Rejected("headers", f"{SETTINGS_HEADER} names an algorithm that is not known here")
    key = named.get("key", "")
    secrets = (keys.shared[key],) if key in keys.shared else keys.plain
    if not secrets:
        missing = f"the shared key {key[:80]!r} that signed it" if key else "an auth token"
        raise _Rejected("token", f"the connection does not hold {missing}; an API key cannot validate a webhook")
    return secrets, algorithm


def _trimmed(part: tuple[str, str, str]) -> tuple[str, str]:
    return part[0].strip().lower(), part[2].strip()


def _secret(token: Any) -> bytes:
    """The bytes of a token; nothing for one that is blank or no text."""
    value = token.get_secret_value() if hasattr(token, "get_secret_value") else token
    if isinstance(value, str):
        value = value.encode(errors="replace")
    return value if isinstance(value, bytes) and value.strip() else b""


def _read(headers: Any) -> tuple[bytes, str, str]:
    """Signature, settings, content type. One of them twice is ambiguous: proxies and frameworks differ in which they pick."""
    found: dict[str, str] = {}
    try:
        pairs = headers.items() if hasattr(headers, "items") else headers
        for wanted, value in [(part, value) for name, value in pairs if (part := _HEADERS.get(name.lower()))]:
            if wanted in found:
                raise _Rejected("headers", f"{wanted} is there more than once")
            found[wanted] = value if isinstance(value, str) else _text(value)
    except (AttributeError, TypeError, ValueError):
        raise _Rejected("headers", "must be a mapping or pairs of text") from None
    signature = found.get(SIGNATURE_HEADER, "").encode(errors="replace")
    return signature, found.get(SETTINGS_HEADER, ""), found.get(_TYPE_HEADER, "")


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        (value,) = value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, str):
        return value
    raise TypeError


def _bytes(value: Any, part: Literal["url", "body"]) -> bytes:
    if isinstance(value, bytes) and value:
        return value
    if isinstance(value, str):
        try:
            value = value.encode()
        except UnicodeEncodeError:
            raise _Rejected(part, "is not Unicode text") from None
    if part == "body" and isinstance(value, bytearray | memoryview | None):
        value = bytes(value or b"")
    if not isinstance(value, bytes) or (part == "url" and not value):
        raise _Rejected(part, "is missing or no text" if part == "url" else "must be bytes")
    return value
