from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.host.store.ids import opaque_id, rising_ids, time_id


def test_ids_made_one_after_another_sort_that_way():
    ids = [time_id() for _ in range(200)]
    assert [i[:17] for i in ids] == sorted(i[:17] for i in ids)


@given(st.lists(st.integers(0, 2**60), min_size=1, max_size=30))
def test_rising_ids_rise_whatever_the_clock_does(times):
    next_id = rising_ids(iter(times).__next__)
    ids = [next_id() for _ in times]
    assert ids == sorted(set(ids))
    assert {UUID(i).version for i in ids} == {7}


def test_a_time_id_is_a_uuid_of_version_7():
    assert UUID(time_id()).version == 7


def test_opaque_ids_are_fit_for_addresses():
    assert len({opaque_id() for _ in range(100)}) == 100
    assert opaque_id().replace("-", "").replace("_", "").isalnum()
