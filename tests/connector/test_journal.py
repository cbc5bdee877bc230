"""What was written down is there after a death, and a torn line is not taken for an entry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.journal import FileJournal, NoJournal

entries = st.lists(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9) | st.none(), max_size=3))


@given(before=entries, after=entries, torn=st.text(st.characters(exclude_characters="\n", codec="ascii")))
def test_entries_come_back_in_order_and_a_torn_line_is_cut_off(tmp_path_factory, before, after, torn):
    journal = FileJournal(tmp_path_factory.mktemp("journal") / "j")
    journal.append(before)
    with journal.path.open("a") as file:
        file.write(torn)
    assert list(journal.read()) == before
    journal.mend()
    journal.append(after, sync=False)
    assert list(journal.read()) == [*before, *after]


@pytest.mark.parametrize("size", [0, 5000, 2_000_000])
def test_a_torn_line_may_be_long(tmp_path, size):
    journal = FileJournal(tmp_path / "j")
    journal.append([{"a": 1}])
    with journal.path.open("a") as file:
        file.write("x" * size)
    journal.mend()
    assert journal.path.read_text() == '{"a":1}\n'


def test_a_line_that_was_changed_is_named(tmp_path):
    journal = FileJournal(tmp_path / "j")
    journal.path.write_bytes(b'{"a":1}\n\xff\n')
    with pytest.raises(InvalidInput, match="line 2"):
        list(journal.read())


def test_there_may_be_none_yet(tmp_path):
    journal = FileJournal(tmp_path / "j")
    journal.mend()
    assert list(journal.read()) == []
    assert list(NoJournal().read()) == []
