"""What people call things: how long a name may be, and of what it is made."""

from ...connector.errors import InvalidInput
from .database import storable

LONGEST = 255


def named(field: str, text: str) -> str:
    """A name without the blanks around it. Raises InvalidInput, naming the field as whoever gave it knows it."""
    if not text.strip():
        raise InvalidInput(f"{field}: give 1 to {LONGEST} printable characters", field=field)
    return noted(field, text)


def noted(field: str, text: str) -> str:
    """The same for what may be left empty."""
    plain = text.strip()
    if not storable(plain) or len(plain) > LONGEST:
        raise InvalidInput(f"{field}: give at most {LONGEST} printable characters", field=field)
    return plain
