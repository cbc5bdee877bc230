"""What a unit gives back from Twilio's own shapes is what its example promises."""

import json
import re
from collections.abc import Iterator

from twilio_connector.connector.payload import json_default

ISO_8601 = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d\.\d{3}Z)?")
FREE = "rawRequest"  # gives what Twilio gives


def as_json(value):
    return json.loads(json.dumps(value, default=json_default, allow_nan=False))


def objects(value):
    """The objects of a result: itself, or each of a list."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def leaves(value, name="") -> Iterator[tuple[str, object]]:
    match value:
        case dict():
            yield from (leaf for key, inner in value.items() for leaf in leaves(inner, key))
        case list():
            yield from (leaf for inner in value for leaf in leaves(inner, name))
        case _:
            yield name, value


def test_it_has_all_that_the_example_has(units, done):
    if done.key != FREE:
        for shown, found in zip(
            objects(as_json(units.all[done.key].example)), objects(as_json(done.result)), strict=False
        ):
            assert set(shown) - set(found) == set()


def test_its_times_are_in_iso_8601_and_its_names_in_camel_case(done):
    for name, value in leaves(as_json(done.result)) if done.key != FREE else ():
        assert "_" not in name
        if name.startswith("date") and isinstance(value, str):
            assert ISO_8601.fullmatch(value), f"{name}: {value}"
