"""Accepted means on disk, and an event that comes twice is one execution."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_
from hypothesis import strategies as st
from twilio_connector.host.receiving import inbox as receiving
from twilio_connector.host.receiving.inbox import Accepted, Busy, Inbound, Inbox, admit
from twilio_connector.host.settings import Limits
from twilio_connector.host.store.commit import GroupCommit, Raced
from twilio_connector.host.store.ids import time_id
from twilio_connector.host.store.schema import executions, identities


def inbound(*tokens: str, endpoint: str = "e1", supersedes: tuple[str, ...] = (), sequence: str = "") -> Inbound:
    return Inbound(
        execution_id=time_id(),
        endpoint_id=endpoint,
        instance_id="i1",
        version_id="v1",
        flow="Inbound",
        payload='{"n":1}',
        identities=tokens,
        supersedes=supersedes,
        sequence=sequence,
    )


@pytest.fixture
def inbox(store):
    opened = Inbox(store.engine, Limits())
    yield opened
    opened.close()


def stored(store) -> set[str]:
    with store.engine.begin() as connection:
        return set(connection.execute(sa.select(executions.c.id)).scalars())


def test_an_accepted_request_is_stored_as_work(inbox, store):
    item = inbound("t1")
    assert inbox.accept_now(item) == Accepted(item.execution_id, duplicate=False)
    record = store.executions.get(item.execution_id)
    assert (record.status, record.attempt, record.payload, record.flow) == ("accepted", 1, '{"n":1}', "Inbound")


def test_sharing_any_identity_makes_a_duplicate(inbox, store):
    first = inbound("signed", "token")
    inbox.accept_now(first)
    for tokens in (("signed", "other"), ("other2", "token")):
        assert inbox.accept_now(inbound(*tokens)) == Accepted(first.execution_id, duplicate=True)
    assert stored(store) == {first.execution_id}


def test_nothing_is_learned_from_a_duplicate(inbox):
    first = inbound("token")
    inbox.accept_now(first)
    inbox.accept_now(inbound("token", "forged"))
    assert not inbox.accept_now(inbound("forged")).duplicate


def test_identities_count_per_endpoint(inbox):
    inbox.accept_now(inbound("token", endpoint="e1"))
    assert not inbox.accept_now(inbound("token", endpoint="e2")).duplicate


def test_requests_without_identity_are_all_different(inbox):
    assert not inbox.accept_now(inbound()).duplicate
    assert not inbox.accept_now(inbound()).duplicate


def test_duplicates_within_one_batch_are_found(inbox, store):
    async def accept_together():
        return await asyncio.gather(*[inbox.accept(inbound(f"t{n % 10}")) for n in range(200)])

    answers = asyncio.run(accept_together())
    assert sum(not a.duplicate for a in answers) == 10
    assert {a.execution_id for a in answers} == stored(store)


def test_two_hosts_at_once_accept_an_event_once(store):
    hosts = [Inbox(store.engine, Limits(batch=7)) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: hosts[n % 2].accept_now(inbound(f"a{n % 30}", f"b{n % 30}")), range(240)))
    for host in hosts:
        host.close()
    assert sum(not a.duplicate for a in answers) == 30
    assert {a.execution_id for a in answers} == stored(store)
    with store.engine.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(identities)) == 60


# ── events that supersede others ──────────────────────────────────────────────────────────────────────────────────────────


def test_what_comes_late_is_a_duplicate_of_what_superseded_it(inbox, store):
    delivered = inbound("delivered", supersedes=("sent", "queued"))
    inbox.accept_now(delivered)
    assert inbox.accept_now(inbound("sent")) == Accepted(delivered.execution_id, duplicate=True)
    assert not inbox.accept_now(inbound("sent", endpoint="e2")).duplicate
    assert not inbox.accept_now(inbound("read", supersedes=("delivered", "sent"))).duplicate


def test_what_came_first_keeps_its_own_execution(inbox):
    sent = inbound("sent")
    inbox.accept_now(sent)
    assert not inbox.accept_now(inbound("delivered", supersedes=("sent",))).duplicate
    assert inbox.accept_now(inbound("sent")) == Accepted(sent.execution_id, duplicate=True)


def test_what_a_duplicate_supersedes_is_not_learned(inbox):
    inbox.accept_now(inbound("delivered"))
    inbox.accept_now(inbound("delivered", supersedes=("sent",)))
    assert not inbox.accept_now(inbound("sent")).duplicate


NAMES = st.lists(st.sampled_from("abcdef"), max_size=3, unique=True).map(tuple)


@settings_(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=6), max_size=5))
def test_batches_agree_with_events_taken_one_by_one(inbox, batches):
    endpoint, known = time_id(), {}

    async def together(items):
        return await asyncio.gather(*[inbox.accept(item) for item in items])

    for batch in batches:
        items = [inbound(*own, endpoint=endpoint, supersedes=late) for own, late in batch]
        for item, answer in zip(items, asyncio.run(together(items)), strict=True):
            first = next((known[name] for name in item.identities if name in known), None)
            assert answer == Accepted(first or item.execution_id, duplicate=first is not None)
            if first is None:
                known |= dict.fromkeys(item.identities, item.execution_id)
                known = dict.fromkeys(item.supersedes, item.execution_id) | known


RACER = """
import asyncio, random, sys
from pathlib import Path
from pydantic import SecretStr
from twilio_connector.host.store.ids import time_id
from twilio_connector.host.receiving.inbox import Inbound, Inbox
from twilio_connector.host.settings import Limits, Settings
from twilio_connector.host.store import Store

ORDER = ("queued", "sent", "delivered")
inbox = Inbox(Store.open(Settings(data=Path(sys.argv[1]), database_url=SecretStr(sys.argv[2]))).engine, Limits(batch=5))
events = [(message, at) for message in range(40) for at in range(3)]
random.Random(sys.argv[3]).shuffle(events)

def item(message, at):
    names = [f"{message}:{status}" for status in ORDER[: at + 1]]
    return Inbound(execution_id=time_id(), endpoint_id="e", instance_id="i", version_id="v", flow="f",
                   payload=names[-1], identities=(names[-1],), supersedes=tuple(names[:-1]))

async def race():
    print("ready", flush=True)
    sys.stdin.readline()
    for start in range(0, len(events), 8):
        items = [item(*event) for event in events[start : start + 8]]
        for sent, answer in zip(items, await asyncio.gather(*[inbox.accept(one) for one in items])):
            print(sent.payload, answer.execution_id, answer.duplicate, flush=True)

asyncio.run(race())
inbox.close()
"""


def test_two_processes_agree_on_what_was_superseded(settings, store):
    command = [sys.executable, "-c", RACER, str(settings.data), settings.database_url.get_secret_value()]
    racers = [
        subprocess.Popen([*command, seed], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for seed in "ab"
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    answers = [line.split() for racer in racers for line in racer.communicate(timeout=60)[0].splitlines()]
    assert len(answers) == 2 * 40 * 3
    with store.engine.begin() as connection:
        rows = connection.execute(sa.select(executions.c.payload, executions.c.id)).all()
    first = dict(map(tuple, rows))
    assert len(first) == len(rows)  # each event ran once at most
    for name, execution_id, duplicate in answers:
        mine = first.get(name)  # without an execution of its own it was superseded, by one that ran
        assert execution_id == mine if mine else execution_id in first.values()
        assert mine or duplicate == "True"
    assert sum(duplicate == "False" for _, _, duplicate in answers) == len(rows)
    assert {f"{message}:delivered" for message in range(40)} <= first.keys()


@pytest.mark.parametrize("settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_what_another_process_took_first_is_not_answered_as_superseded_by_ours(store, monkeypatch):
    """It looked new when this batch began; tried again, the batch sees the other's."""
    theirs, known = inbound("sent"), receiving._known

    def overtaken(connection, digests):
        found = known(connection, digests)
        monkeypatch.setattr(receiving, "_known", known)
        with store.engine.begin() as another:
            admit(another, [theirs])
        return found

    monkeypatch.setattr(receiving, "_known", overtaken)
    opened = Inbox(store.engine, Limits())
    ours, again = inbound("delivered", supersedes=("sent",)), inbound("sent")
    with store.engine.begin() as connection, pytest.raises(Raced):
        admit(connection, [ours, again])
    assert opened.accept_now(again) == Accepted(theirs.execution_id, duplicate=True)
    opened.close()


def test_a_caller_that_gives_up_harms_nobody(inbox, store):
    async def give_up():
        given_up = asyncio.create_task(inbox.accept(inbound("x")))
        await asyncio.sleep(0)
        given_up.cancel()
        return await inbox.accept(inbound("y"))

    assert not asyncio.run(give_up()).duplicate
    assert len(stored(store)) == 2


def test_work_is_announced_after_it_is_stored(store):
    seen = []
    inbox = Inbox(store.engine, Limits(), lambda: seen.append(len(stored(store))))
    inbox.accept_now(inbound())
    inbox.close()
    assert seen == [1]


def test_a_bad_item_fails_alone_and_its_caller_hears_why(inbox, store):
    taken = inbound()
    inbox.accept_now(taken)

    async def accept_together():
        return await asyncio.gather(inbox.accept(taken), inbox.accept(inbound()), return_exceptions=True)

    failed, accepted = asyncio.run(accept_together())
    assert isinstance(failed, sa.exc.IntegrityError)
    assert accepted.execution_id in stored(store)


def test_a_full_inbox_says_busy_and_keeps_what_it_took(store):
    go = threading.Event()

    def apply(connection, items):
        go.wait()
        return [item * 2 for item in items]

    writer = GroupCommit(store.engine, apply, depth=2, batch=1)
    taken = []
    refused = []
    for number in range(10):
        try:
            taken.append(writer.put(number))
        except Busy as busy:
            refused.append(busy.retry_after)
    assert set(refused) == {1}
    go.set()
    assert [future.result() for future in taken] == [n * 2 for n in range(len(taken))]
    writer.close()


def test_a_closed_inbox_says_busy(store):
    inbox = Inbox(store.engine, Limits())
    inbox.close()
    with pytest.raises(Busy, match="stopping"):
        inbox.accept_now(inbound())


ACCEPTOR = """
import sys
from pathlib import Path
from pydantic import SecretStr
from twilio_connector.host.store.ids import time_id
from twilio_connector.host.receiving.inbox import Inbound, Inbox
from twilio_connector.host.settings import Limits, Settings
from twilio_connector.host.store import Store

store = Store.open(Settings(data=Path(sys.argv[1]), database_url=SecretStr(sys.argv[2])))
inbox = Inbox(store.engine, Limits())
while True:
    item = Inbound(execution_id=time_id(), endpoint_id="e", instance_id="i", version_id="v", flow="f", payload="{}")
    print(inbox.accept_now(item).execution_id, flush=True)
"""


def test_what_was_accepted_survives_kill_9(settings, store):
    command = [sys.executable, "-c", ACCEPTOR, str(settings.data), settings.database_url.get_secret_value()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        accepted = [process.stdout.readline().strip() for _ in range(50)]
        os.kill(process.pid, signal.SIGKILL)
        accepted += [line.strip() for line in process.stdout if line.endswith("\n")]
    assert len(accepted) >= 50
    assert set(accepted) <= stored(store)
