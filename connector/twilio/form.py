"""Form bodies (application/x-www-form-urlencoded) as Twilio sends and signs them: nothing dropped, nothing reordered."""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote_to_bytes

CONTENT_TYPE = "application/x-www-form-urlencoded"

_NO_SEPARATORS = bytes(byte for byte in range(256) if byte not in b"&=\0")


@lru_cache(maxsize=64)
def is_form(content_type: str) -> bool:
    """True for the form media type, whatever its case and parameters."""
    return content_type.partition(";")[0].strip().lower() == CONTENT_TYPE


def pairs(body: bytes) -> list[tuple[bytes, bytes]]:
    """Names and values, decoded, in their order. Blank and repeated values stay; only ``&`` separates; bytes stay bytes."""
    split = [part.partition(b"=") for part in body.replace(b"+", b" ").split(b"&") if part]
    if b"%" not in body:
        return [(name, value) for name, _, value in split]
    return [
        (unquote_to_bytes(name) if b"%" in name else name, unquote_to_bytes(value) if b"%" in value else value)
        for name, _, value in split
    ]


def parameters(body: bytes) -> dict[str, str | list[str]]:
    """The parameters of a form or a query by name; one that repeats is the list of its values."""
    return dict(usual(body)) or _one_by_one(body)


@lru_cache(maxsize=1)  # a request is verified, then parsed: the same bytes twice
def usual(body: bytes) -> Mapping[str, str]:
    """The parameters of a form as Twilio sends them: each once, with one ``=``, in UTF-8. Empty for an unusual one.

    All is decoded together, in a quarter of the time: what is cut off at the end of one cannot reach beyond the zero.
    """
    separators = body.translate(None, _NO_SEPARATORS)
    if separators != b"=&" * (len(separators) // 2) + b"=" or b"%00" in body:
        return {}
    together = body.replace(b"+", b" ").replace(b"&", b"\0").replace(b"=", b"\0")
    try:
        texts = unquote_to_bytes(together).decode().split("\0")
    except UnicodeDecodeError:
        return {}
    found = dict(zip(texts[::2], texts[1::2], strict=True))
    return found if 2 * len(found) == len(texts) else {}


def _one_by_one(body: bytes) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    for raw_name, raw_value in pairs(body):
        name, value = raw_name.decode(errors="replace"), raw_value.decode(errors="replace")
        before = found.get(name)
        if before is None:
            found[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            found[name] = [before, value]
    return found
