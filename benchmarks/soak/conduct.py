"""The soak itself: let it run while things break, let it come to rest, and read the books."""

import json
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from random import Random
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa
from books import EVENT, Books, Delivered, Execution, named_by_twilio
from machines import until
from plan import Fault, plan
from setting import Setting
from traffic import Traffic
from twilio_connector.connector.context import utc_now
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.store import Store
from twilio_connector.host.store.database import reading
from twilio_connector.host.store.schedules import ScheduleRecord
from twilio_connector.host.store.schema import executions, status_in

POLLS = 3.0  # seconds between two polls that are made besides those of the schedule
GENTLY = 2.0  # seconds down: for less the postmaster is killed
SETTLES = 180.0  # seconds for all to come to rest, besides what wrong clocks put off


def run(setting: Setting) -> list[Fault]:
    """Traffic and faults for as long as the soak takes; gives the faults that there were."""
    soak, over = setting.soak, threading.Event()
    faults = plan(soak.seed, soak.seconds, list(setting.supervisor.machines), setting.kinds, soak.clock)
    traffic = Traffic(soak.seed, setting.twilio, dict(setting.addresses), soak.rate)
    threads = [
        threading.Thread(target=traffic.run, name="traffic"),
        threading.Thread(target=poll_now_and_then, args=(setting, over), name="polls"),
    ]
    setting.twilio.break_down()
    setting.post.is_bad = True
    for thread in threads:
        thread.start()
    try:
        let_happen(setting, faults)
    finally:
        over.set()
        traffic.end()
        for thread in threads:
            thread.join()
    return faults


def let_happen(setting: Setting, faults: Sequence[Fault]) -> None:
    """Each fault at its time, and its end at its own."""
    due = sorted(
        [(it.at, 0, it) for it in faults] + [(it.at + it.seconds, 1, it) for it in faults if lasts(it)],
        key=lambda it: it[:2],
    )
    began = monotonic()
    for at, is_end, fault in due:
        sleep(max(0.0, began + at - monotonic()))
        if is_end:
            end_fault(setting, fault)
        else:
            print(fault, flush=True)
            begin_fault(setting, fault)
    sleep(max(0.0, began + setting.soak.seconds - monotonic()))


def lasts(fault: Fault) -> bool:
    return fault.kind in {"freeze", "database", "disk"}


def begin_fault(setting: Setting, fault: Fault) -> None:
    machine = setting.supervisor.machines.get(fault.target)
    if fault.kind == "kill":
        machine.kill()
    elif fault.kind == "freeze":
        machine.signal(signal.SIGSTOP)
    elif fault.kind == "clock":
        machine.step_clock(fault.seconds)
    elif fault.kind == "database":
        setting.postgres.go_down(gently=fault.seconds > GENTLY)
    else:
        setting.disk.fill()


def end_fault(setting: Setting, fault: Fault) -> None:
    if fault.kind == "freeze":
        setting.supervisor.machines[fault.target].signal(signal.SIGCONT)
    elif fault.kind == "database":
        setting.postgres.come_up()
    else:
        setting.disk.free()


def poll_now_and_then(setting: Setting, over: threading.Event) -> None:
    random, watchers = Random(setting.soak.seed), list(setting.watchers.values())
    while not over.wait(POLLS):
        with suppress(InvalidInput, sa.exc.SQLAlchemyError):
            setting.store.schedules.run_now(random.choice(watchers), utc_now())


# ── until it rests ────────────────────────────────────────────────────────────────────────────────────────────────────────


def come_to_rest(setting: Setting) -> list[dict[str, Any]]:
    """Nothing is bad any more; wait until nothing is left to do, and the watchers have looked. Gives Twilio's faults."""
    faults = setting.twilio.mend()
    setting.post.is_bad = False
    setting.disk.free()
    if setting.postgres:
        setting.postgres.come_up()
    for machine in setting.supervisor.machines.values():
        machine.step_clock(0.0)
        machine.signal(signal.SIGCONT)
    deadline = monotonic() + SETTLES + 2 * setting.soak.clock
    rest(setting, deadline)
    while look_again(setting, deadline):
        rest(setting, deadline)
    return faults


def rest(setting: Setting, deadline: float) -> None:
    """Until Twilio, the post and the host have nothing to do, one after the other and then again all at once."""
    until(lambda: at_rest(setting), deadline - monotonic(), "all comes to rest", pause=0.5)


def at_rest(setting: Setting) -> bool:
    if setting.post.open_letters or still_open(setting.store):
        return False
    state, letters = setting.twilio.state(), len(setting.post.letters)
    if any(it["status"] not in {"received", "delivered", "undelivered"} for it in state["messages"]):
        return False
    if any(it["status"] in {"queued", "ringing", "in-progress"} for it in state["calls"]):
        return False
    sleep(1.0)  # what Twilio tells after that
    return letters == len(setting.post.letters) and not setting.post.open_letters and not still_open(setting.store)


def still_open(store: Store) -> bool:
    query = sa.select(executions.c.id).where(status_in(executions, "accepted", "running", "waiting")).limit(1)
    try:
        with reading(store.engine).begin() as connection:
            return connection.execute(query).first() is not None
    except sa.exc.SQLAlchemyError:
        return True


def look_again(setting: Setting, deadline: float) -> bool:
    """Let each watcher poll once more; whether they found anything."""
    store, before = setting.store, count(setting.store)
    asked = {
        endpoint: until(lambda: ask(store, endpoint), deadline - monotonic(), "a watcher can be asked")  # noqa: B023
        for endpoint in setting.watchers.values()
    }
    until(
        lambda: all(has_polled(store.schedules.get(endpoint), since) for endpoint, since in asked.items()),
        deadline - monotonic(),
        "every watcher has polled",
    )
    return count(store) > before


def ask(store: Store, endpoint: str) -> datetime | None:
    """When an extra poll was made due, or None while one is being made."""
    now = utc_now()
    try:
        store.schedules.run_now(endpoint, now)
    except InvalidInput:
        return None
    return now


def has_polled(schedule: ScheduleRecord | None, since: datetime) -> bool:
    """Whether the poll that was made due then is over, and went well.

    It is over when it is not due any more. The date of the last poll does not tell: a clock that is fast has dated it ahead.
    """
    return schedule is not None and not schedule.error and schedule.next_at is not None and schedule.next_at > since


def count(store: Store) -> int:
    with reading(store.engine).begin() as connection:
        watching = executions.c.flow.like("Watch%")
        return connection.scalar(sa.select(sa.func.count()).select_from(executions).where(watching))


# ── the books ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def books(setting: Setting) -> Books:
    state = setting.twilio.state()
    return Books(
        messages=state["messages"],
        calls=state["calls"],
        recordings=state["recordings"],
        transcriptions=setting.twilio.listed("Transcriptions", "transcriptions"),
        alerts=state["alerts"],
        numbers=state["numbers"],
        delivered=[delivered(letter) for letter in setting.post.letters],
        executions=[*executed(setting.store)],
        diary=[*entries(setting.diary.read_text())],
    )


def entries(diary: str) -> Iterator[dict[str, Any]]:
    """The whole lines of it. What a kill cut off was not written: its flow goes on and writes it, or is missed in the audit."""
    for line in diary.splitlines():
        with suppress(json.JSONDecodeError):
            yield json.loads(line)


def delivered(letter: Any) -> Delivered:
    said = json.loads(letter.body) if letter.flow == EVENT else letter.form
    return Delivered(
        flow=letter.flow,
        event=named_by_twilio(letter.flow, said),
        executions=frozenset(letter.accepted),
        told=letter.told[2].decode() if letter.told else None,
        forged=tuple(letter.refused),
    )


def executed(store: Store) -> Iterator[Execution]:
    columns = (executions.c[name] for name in ("id", "flow", "status", "payload", "error", "planned_at"))
    with reading(store.engine).begin() as connection:
        rows = connection.execute(sa.select(*columns).order_by(executions.c.id)).all()
    for row in rows:  # behind the transaction, which Postgres ends where it lies idle for seconds
        body = json.loads(row.payload)["body"]
        yield Execution(
            id=row.id,
            flow=row.flow,
            status=row.status,
            event=body.get("data") if isinstance(body, dict) else None,
            error=str((row.error or {}).get("message", "")),
            minute=f"{row.planned_at:%H:%M}" if row.planned_at else "",
        )
