"""Each declaration of a resource, held against Twilio's contract: where it is, its items, its dates, its example."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from pydantic.alias_generators import to_camel
from twilio_connector.connector.twilio import resources
from twilio_connector.connector.twilio.resource import Resource

MODULES = sorted(path.stem for path in Path(next(iter(resources.__path__))).glob("[a-z]*.py"))
VARIANTS = {"period": "/Daily", "of_call": "Calls/x/", "kind": "Local"}
"""What stands in a path for a part that is more than an identifier."""


def declared():
    """Every resource, by its name in its module."""
    for name in MODULES:
        module = import_module(f"{resources.__name__}.{name}")
        for key, found in vars(module).items():
            if isinstance(found, Resource):
                yield pytest.param(found, id=f"{name}.{key}")


@pytest.fixture(params=declared())
def resource(request):
    return request.param


@pytest.fixture
def operations(contract, resource):
    """The operations on the list of the resource and on one of it, whatever they do."""
    start = f"https://{resource.product}.twilio.com"
    parents = dict.fromkeys(re.findall(r"\{(\w+)\}", resource.path), "x") | VARIANTS
    urls = start + resource.collection(parents), start + resource.item(parents, "x")
    found = [contract.find(method, url) for url in urls for method in ("GET", "POST", "DELETE")]
    return [operation for operation, _ in filter(None, found)]


def test_it_is_where_twilio_has_it(resource, operations):
    assert operations, f"{resource.product}: nothing is at {resource.path}"


def test_its_items_are_under_the_key_of_twilios_pages(resource, operations):
    assert {operation.fact["items"] for operation in operations if "items" in operation.fact} <= {resource.items}


def test_its_dates_are_all_the_dates_that_twilio_gives(contract, resource, operations):
    kinds = {
        name: kind for each in operations for name, kind in contract.answers.get(each.fact.get("answer"), {}).items()
    }
    times = {name for name, kind in kinds.items() if kind in {"date-time", "date-time-rfc-2822"}}
    assert times <= resource.dates
    assert not {name for name in resource.dates & kinds.keys() if kinds[name] == "date"}


def test_its_example_has_the_properties_that_twilio_gives_and_no_other(contract, resource, operations):
    known = [{to_camel(name) for name in names} for each in operations if (names := contract.properties(each))]
    assert set(resource.example) <= set().union(*known)
    every = set.intersection(*known) - {to_camel(name) for name in resource.secrets}
    assert every - set(resource.example) == set()
