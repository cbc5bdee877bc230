"""Who lives is told by its lock. See also tests/host/execution, where calls are taken over from the dead."""

import time

import pytest
from twilio_connector.host.processes import presence
from twilio_connector.host.processes.presence import Presence

from ..engine.test_cancel import eventually


@pytest.mark.parametrize("settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_one_that_was_missed_long_ago_is_given_the_same_grace_again(store, settings, monkeypatch):
    monkeypatch.setattr(presence, "WATCH", 0.05)
    monkeypatch.setattr(presence, "GRACE", 0.5)
    mine, other = (Presence(store.engine, settings.data) for _ in range(2))
    mine.begin()
    assert mine.lives(other.name)  # when it is missed for the first time
    other.begin()
    eventually(lambda: not mine._missed)
    time.sleep(0.5)
    other.end()
    assert mine.lives(other.name)
    time.sleep(0.5)
    assert not mine.lives(other.name)
    mine.end()
