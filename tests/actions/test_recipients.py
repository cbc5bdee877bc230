"""Whom a bulk message goes to, in the forms in which people have them."""

import csv
import json
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.actions.recipients import fill, places, recipients
from twilio_connector.connector.errors import InvalidInput


def read(given):
    return [(each.line, each.to, dict(each.variables)) for each in recipients(given)]


@pytest.mark.parametrize(
    "text",
    [
        "to,name\n+15551234567,Ada\n",
        "\ufeffto,name\r\n+15551234567,Ada\r\n",
        "to;name\n+15551234567;Ada",
        "to\tname\n+15551234567\tAda",
        '"to","name"\n"+15551234567","Ada"\n\n\n',
    ],
)
def test_csv_is_read_as_spreadsheets_write_it(text):
    assert read(text) == [(2, "+15551234567", {"to": "+15551234567", "name": "Ada"})]


@pytest.mark.parametrize("column", ["to", "To", "Phone", "Phone Number", "phone_number", "Mobile"])
def test_the_column_of_the_number_may_have_its_usual_names(column):
    assert read(f"name,{column}\nAda, +15551234567 \n")[0][:2] == (2, "+15551234567")


@pytest.mark.parametrize(
    "given",
    [
        "+15551234567\n+15551234568\n",
        "to\n\n+15551234567\n+15551234568",
        ["+15551234567", "+15551234568"],
        [{"to": "+15551234567"}, {"Phone": "+15551234568"}],
        json.dumps(["+15551234567", {"to": "+15551234568"}]),
    ],
)
def test_numbers_come_as_lines_as_a_list_and_as_objects(given):
    assert [to for _, to, _ in read(given)] == ["+15551234567", "+15551234568"]


def test_a_row_is_named_by_the_line_on_which_it_begins():
    assert [line for line, _, _ in read('to,text\n\n1234567,"two\nlines"\n1234568,x\n')] == [3, 5]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("to,name\n,Ada", "has no number"),
        ("to,name\n1234567,Ada,x", "has 3 cells below 2 columns"),
        ([{"name": "Ada"}], "has no number"),
        ([None], "is neither"),
        ([True], "is neither"),
    ],
)
def test_a_bad_one_says_what_is_wrong(given, problem):
    assert problem in next(iter(recipients(given))).problem


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "there are none"),
        ("name\nAda", "no column holds the number"),
        ("to,to\n1,2", "two columns have the same name"),
        ('to,name\n1,"Ada', "line 2: is not CSV"),
        ("[1,", "begins like JSON"),
        ('{"to": "1"}', "must be a list"),
        ({"to": "1"}, "must be a list"),
        (7, "must be a list"),
    ],
)
def test_what_is_no_list_is_refused(given, message):
    with pytest.raises(InvalidInput, match=message) as raised:
        list(recipients(given))
    assert raised.value.field == "recipients"


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)


@given(rows=st.lists(st.tuples(cells, cells), min_size=1), delimiter=st.sampled_from(",;\t|"))
def test_whatever_a_csv_writer_writes_is_read_back(rows, delimiter):
    file = StringIO()
    table = csv.writer(file, delimiter=delimiter)
    table.writerows([("to", "a", "b"), *[("+15551234567", *row) for row in rows]])
    found = [(values["a"], values["b"]) for _, _, values in read(file.getvalue())]
    assert found == rows


def test_places_are_filled_and_a_place_that_nothing_fills_is_named():
    assert places("Hi {{name}}, {{ order no }}") == ["name", "order no"]
    assert fill("Hi {{name}} {{ x }}{", {"name": "{{x}}", "x": "\\1"}) == "Hi {{x}} \\1{"
    with pytest.raises(KeyError, match="nam"):
        fill("Hi {{nam}}", {"name": "Ada"})
