"""How files name steps and what steps gave: the key of a step, and paths into results."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

_WORDS = re.compile("U+(?=UL)|U?L+|U+|D+")
_LIGATURES = str.maketrans(
    {"ß": "ss", "Æ": "Ae", "æ": "ae", "Ø": "O", "ø": "o", "Œ": "Oe", "œ": "oe", "Ł": "L", "ł": "l"}
)
_SEGMENT = re.compile(r"""\.?([^.\[\]]+)|\[(\d+)\]|\["([^"]*)"\]|\['([^']*)'\]""")


@lru_cache(maxsize=4096)  # every event asks for its trigger's
def camel_case(name: str) -> str:
    """The key by which references name a step: ``Get a Queue's URL`` is ``getAQueueSUrl``.

    Lodash's rules as the platform applies them, where an apostrophe parts two words. Empty if no letter or digit is in it.
    """
    plain = _without_accents(name)
    words = [plain[match.start() : match.end()] for match in _WORDS.finditer("".join(map(_class, plain)))]
    return "".join(word.lower() if index == 0 else word.capitalize() for index, word in enumerate(words))


def loose(key: str) -> str:
    """A key without its case: two spellings of one step's name are the same."""
    return "".join(character for character in key if character.isalnum()).casefold()


def resolve_step(name: str, known: Mapping[str, Any]) -> str | None:
    """The key that a reference means: that very key, or the only one that differs in case alone."""
    if name in known:
        return name
    alike = [key for key in known if loose(key) == loose(name)]
    return alike[0] if len(alike) == 1 else None


def split_path(path: str) -> tuple[str, ...]:
    """``results.items[0]["a key"].x`` in its segments. Raises ValueError with what is wrong."""
    segments: list[str] = []
    end = 0
    while end < len(path):
        match = _SEGMENT.match(path, end)
        if match is None or (end == 0 and path.startswith(".")):
            message = (
                f'cannot be read from {path[end:]!r} on; write step.results.key, with [0] or ["a.key"] where needed'
            )
            raise ValueError(message)
        segments.append(next(group for group in match.groups() if group is not None))
        end = match.end()
    return tuple(segments)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message: the nearest known name, or the first dozen of them."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1) or [other for other in names if loose(other) == loose(name)]
    if close:
        return f"did you mean {close[0]}?"
    return f"there are {', '.join(names[:12])}{', …' * (len(names) > 12)}" if names else "there are none"  # noqa: PLR2004


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.translate(_LIGATURES))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _class(character: str) -> str:
    if character.isupper():
        return "U"
    if character.isalpha():
        return "L"
    return "D" if character.isdecimal() else "S"
