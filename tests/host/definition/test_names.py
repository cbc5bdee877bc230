import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.host.definition.names import camel_case, loose, resolve_step, split_path


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Get a Queue's URL", "getAQueueSUrl"),
        ("Deserialize URL-encoded Form Data", "deserializeUrlEncodedFormData"),
        ("Cross Flow - Get Value", "crossFlowGetValue"),
        ("Find & Replace", "findReplace"),
        ("Deserialize XML", "deserializeXml"),
        ("listFilesV2", "listFilesV2"),
        ("XMLHttpRequest", "xmlHttpRequest"),
        ("Größe prüfen", "grossePrufen"),
        ("  send__reply  ", "sendReply"),
        ("Étape 2", "etape2"),
        ("送信", "送信"),
        ("—!?", ""),
    ],
)
def test_a_step_is_known_by_the_camel_case_of_its_name(name, key):
    assert camel_case(name) == key


@given(st.text())
def test_a_key_has_only_letters_and_digits_and_begins_small(name):
    key = camel_case(name)
    assert all(character.isalnum() or not character.isascii() for character in key)
    assert not key[:1].isupper() or not key[:1].lower().islower()


@given(st.lists(st.from_regex(r"[A-Z]?[a-z]{2,8}", fullmatch=True), min_size=1, max_size=5), st.sampled_from(" -_/.'"))
def test_a_key_of_whole_words_is_its_own_key(words, separator):
    key = camel_case(separator.join(words))
    assert camel_case(key) == key
    assert loose(key) == loose("".join(words))


@given(st.lists(st.from_regex(r"[\w $-]{1,12}", fullmatch=True), min_size=1))
def test_a_path_is_split_at_dots_and_nowhere_else(segments):
    assert split_path(".".join(segments)) == tuple(segments)


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("list.results.items[0].sid", ("list", "results", "items", "0", "sid")),
        ("start.results.headers.X-Shopify-Topic", ("start", "results", "headers", "X-Shopify-Topic")),
        ("a['b.c'].d", ("a", "b.c", "d")),
        ('a["it\'s"]', ("a", "it's")),
        ("a[12][3]", ("a", "12", "3")),
    ],
)
def test_brackets_hold_indexes_and_awkward_keys(path, segments):
    assert split_path(path) == segments


@pytest.mark.parametrize("path", [".a", "a..b", "a[", "a[b]", "a]", "a.", "a['b]"])
def test_a_malformed_path_is_refused(path):
    with pytest.raises(ValueError, match="cannot be read from"):
        split_path(path)


def test_a_reference_may_differ_in_case_but_not_be_ambiguous():
    assert resolve_step("getAQueuesUrl", {"getAQueueSUrl": 1}) == "getAQueueSUrl"
    assert resolve_step("aB", {"ab": 1, "Ab": 2}) is None
    assert resolve_step("ab", {"ab": 1, "Ab": 2}) == "ab"
