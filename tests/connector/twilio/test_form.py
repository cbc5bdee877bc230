"""Forms are read the same on the short way and on the long one."""

from hypothesis import example, given
from hypothesis import strategies as st
from twilio_connector.connector.twilio import form

PIECES = st.sampled_from(
    [b"a", b"B", b"=", b"&", b"+", b"%41", b"%00", b"%e2%82", b"%ac", b"\xff", b"%", b"%4", b"\0", b"%26", b"%3D"]
)


@given(st.lists(PIECES, max_size=14).map(b"".join))
@example(b"a=%e2&b=%82")
@example(b"a=b=c&d")
@example(b"a=1&a=2")
@example(b"")
def test_the_short_way_reads_what_the_long_one_does(body):
    slow = {}
    for name, value in form.pairs(body):
        slow.setdefault(name.decode(errors="replace"), []).append(value.decode(errors="replace"))
    assert form.parameters(body) == {name: each[0] if len(each) == 1 else each for name, each in slow.items()}


def test_what_is_given_away_is_the_takers_own():
    form.parameters(b"a=1&b=2")["a"] = "changed"
    assert form.parameters(b"a=1&b=2") == {"a": "1", "b": "2"}
