import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twilio_connector.connector.twilio.segments import BASIC, EXTENSION, LIMITS, segmented, smart
from twilio_connector.connector.twilio.smart_encoding import SMART

GSM = "".join(sorted(BASIC | EXTENSION))
TEXTS = st.one_of(
    st.text(st.sampled_from(GSM), max_size=500),
    st.text(st.sampled_from("a€👍’ü"), max_size=400),
    st.text(max_size=300),
)


def units(text, encoding):
    """Counted another way than the code counts."""
    if encoding == "UCS-2":
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text) + sum(map(text.count, EXTENSION))


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 80 + "a", "GSM-7", 2),
        ("a" * 152 + "€" * 5, "GSM-7", 2),
        ("€" * 152, "GSM-7", 2),
        ("€" * 153, "GSM-7", 3),  # an escape sequence is not split, so 76 fit where 153 septets do
        ("ж" * 70, "UCS-2", 1),
        ("ж" * 71, "UCS-2", 2),
        ("ж" * 134, "UCS-2", 2),
        ("ж" * 135, "UCS-2", 3),
        ("👍" * 35, "UCS-2", 1),
        ("👍" * 36, "UCS-2", 2),
        ("👍" * 67, "UCS-2", 3),  # a surrogate pair is not split, so 33 fit where 67 units do
        ("a" * 69 + "’", "UCS-2", 1),
    ],
)
def test_limits_are_those_of_sms(text, encoding, segments):
    found = segmented(text)
    assert (found.encoding, found.segments) == (encoding, segments)


def test_the_alphabet_is_the_one_of_the_standard():
    assert len(BASIC) == 127  # 128 with the escape, which is no character
    assert len(EXTENSION) == 10


@given(TEXTS)
@example("a" * 152 + "€" + "a" * 200)
@example("a" + "👍" * 100)
def test_a_text_is_cut_and_nothing_is_lost_split_or_too_long(text):
    found = segmented(text)
    single, joined = LIMITS[found.encoding]
    assert "".join(found.parts) == text
    assert found.units == units(text, found.encoding)
    assert all(units(part, found.encoding) <= (single if found.segments == 1 else joined) for part in found.parts)


@given(TEXTS)
def test_no_segment_could_take_the_next_character_too(text):
    found = segmented(text)
    room = LIMITS[found.encoding][1]
    for part, following in zip(found.parts, found.parts[1:], strict=False):
        assert units(part + following[0], found.encoding) > room


@given(TEXTS)
def test_the_culprit_is_the_first_character_outside_the_alphabet(text):
    found = segmented(text)
    if found.culprit is None:
        assert found.encoding == "GSM-7"
        assert set(text) <= BASIC | EXTENSION
    else:
        assert found.encoding == "UCS-2"
        assert found.position is not None
        assert text[found.position - 1] == found.culprit
        assert segmented(text[: found.position - 1]).encoding == "GSM-7"


@given(TEXTS)
def test_smart_encoding_never_brings_in_a_character_that_forces_ucs_2(text):
    assert smart(smart(text)) == smart(text)
    assert set(smart(text)) <= set(text) | BASIC | EXTENSION


@given(st.text(st.sampled_from(GSM)))
def test_smart_encoding_leaves_gsm_7_alone(text):
    assert smart(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“It’s” – ½ price…", '"It\'s" - 1/2 price...'),
        ("«a» a\u00a0b\u200bc", '"a" a bc'),
        ("\uff21\uff22\uff11\uff01", "AB1!"),
        ("\u029c\u026a", "HI"),
        ("é ü 👍 ж", "é ü 👍 ж"),
    ],
)
def test_smart_encoding_replaces_what_twilio_lists(text, expected):
    assert smart(text) == expected


def test_every_replacement_is_of_gsm_7():
    assert all(set(plain) <= BASIC | EXTENSION for plain in SMART.values())
    assert not any(chr(code) in BASIC | EXTENSION for code in SMART)
