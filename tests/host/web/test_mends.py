"""What to do about an error is said once, and for every kind that there is."""

import json

import pytest
from twilio_connector.connector import errors
from twilio_connector.host.secrets.redact import Redactor
from twilio_connector.host.web.api.problems import STATUS, answer
from twilio_connector.host.web.hints import Trouble
from twilio_connector.host.web.mends import MENDS


def test_every_kind_of_error_has_its_mend():
    kinds = {found.kind for name in dir(errors) if (found := getattr(errors, name)) and hasattr(found, "kind")}
    assert STATUS.keys() | kinds <= MENDS.keys()


@pytest.mark.parametrize("kind", STATUS)
def test_pages_say_of_a_kind_what_the_api_says(kind):
    error = type("Told", (Exception,), {"kind": kind})("it broke")
    trouble = Trouble.of({"kind": kind, "message": "it broke"})
    assert (trouble.title, trouble.mend) == (MENDS[kind].title, json.loads(answer(error, Redactor()).body)["mend"])


def test_what_nothing_can_be_done_about_has_no_mend():
    trouble = Trouble.of({"kind": "cancelled", "message": "it was cancelled"})
    assert (trouble.title, trouble.mend) == ("It failed", "")
