"""Form bodies (application/x-www-form-urlencoded) as Twilio sends and signs them: nothing dropped, nothing reordered."""

from urllib.parse import unquote_to_bytes

CONTENT_TYPE = "application/x-www-form-urlencoded"


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
