import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.host.definition import IntegrationInvalid
from twilio_connector.host.definition.tree import MAX_BYTES, Mapping, Scalar, Sequence, read

PLAIN = st.from_regex(r"[A-Za-z0-9+][A-Za-z0-9+:._-]*[A-Za-z0-9]", fullmatch=True)

# JSON escapes what is beyond as two surrogates, which YAML does not read as one character.
TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]))


def problems(text: str | bytes) -> str:
    with pytest.raises(IntegrationInvalid) as caught:
        read(text if isinstance(text, bytes) else text.encode(), "file.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    "text", ["NO", "yes", "12:30:00", "+15551234567", "0x1F", "1_000", "1e3", "2026-03-15", "~x", ".inf"]
)
def test_what_other_readers_take_for_something_else_stays_text(text):
    tree = read(f"value: {text}".encode(), "file.yaml")
    assert isinstance(tree, Mapping)
    assert tree.items["value"] == Scalar(text, plain=True, line=1)


@given(PLAIN)
def test_every_plain_scalar_stays_the_text_that_it_is(text):
    tree = read(f"- {text}\n- '{text}'".encode(), "file.yaml")
    assert isinstance(tree, Sequence)
    assert [item.text for item in tree.items] == [text, text]


KEYS = TEXT.filter(lambda text: len(json.dumps(text)) < 1000)  # YAML's own limit of a key on one line is 1024


@given(st.recursive(TEXT, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20))
def test_json_comes_out_as_its_texts(value):
    def plain(node):
        match node:
            case Scalar(text=text):
                return text
            case Sequence(items=items):
                return [plain(item) for item in items]
            case Mapping(items=items):
                return {key: plain(item) for key, item in items.items()}

    assert plain(read(json.dumps(value).encode(), "file.yaml")) == value


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_list_of_problems(data):
    with suppress(IntegrationInvalid):
        read(data, "file.yaml")


def test_null_is_told_from_the_quoted_word():
    tree = read(b"[null, ~, 'null', '']", "file.yaml")
    assert isinstance(tree, Sequence)
    assert [item.is_null for item in tree.items] == [True, True, False, False]


def test_anchors_are_followed():
    tree = read(b"a: &x {k: v}\nb: *x", "file.yaml")
    assert isinstance(tree, Mapping)
    assert tree.items["a"] is tree.items["b"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3", "file.yaml:3: the key a is already in line 1"),
        ("a: 1\n---\nb: 2", "file.yaml:2: starts a second document"),
        ("a: !!python/object:os.system x", "file.yaml:1: the tag !!python/object:os.system is not read"),
        ("a: !!int 3", "the tag !!int is not read"),
        ("<<: {a: 1}", "merge keys"),
        ("? [a]\n: b", "a key must be text"),
        ("a: &x [*x]", "*x has no finished &x before it"),
        ("a: *y", "*y has no finished &y before it"),
        ("a: [b", "is not YAML"),
        ("a: b: c", "file.yaml:1: is not YAML"),
        ("", "is empty"),
        (b"a: \xff", "is not UTF-8"),
        (b"a: " + b"x" * MAX_BYTES, "is larger than 1 MiB"),
        ("- " * 500 + "x", "is nested deeper than 100 levels"),
        ("a: \x07", "is not YAML"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(text, problem):
    assert problem in problems(text)


def test_aliases_cannot_blow_a_small_file_up():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "more than 100000 values, aliases included" in problems("\n".join(lines))


def test_aliases_cannot_nest_a_flat_file():
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200))]
    assert "nested deeper than 100 levels, aliases included" in problems("\n".join(lines))


def test_all_repeated_keys_are_named_at_once():
    assert problems("a: 1\na: 2\na: 3").count("is already in line 1") == 2


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85"])
def test_lines_are_counted_as_an_editor_counts_them(odd):
    for text in (f'a: "x{odd}y"\nb: 2\na: 3', f"a: 1\n# x{odd}# y\na: 3"):
        assert "file.yaml:3: the key a is already in line 1" in problems(text)
    assert "file.yaml:2: is not YAML" in problems(f'a: "x{odd}y"\nb: c: d')
