"""What must hold at the end, line by line: what the local Twilio's books and the post's say, and what the host made of it.

Every line compares two collections of ids, or looks for what must not be; what differs is named.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from books import EVENT, KEYWORDS, NAMES, OPT_OUT, Books, Json, named_by_host
from twilios import NUMBERS

OPEN = frozenset({"accepted", "running", "waiting"})
STATUSES = ("accepted", "queued", "sending", "sent", "undelivered", "delivered")
SHOWN = 5  # ids of what differs
FORBIDDEN = 403


@dataclass(frozen=True)
class Line:
    what: str
    twilio: int | str
    host: int | str
    wrong: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not self.wrong


def audit(books: Books) -> list[Line]:
    return [line for rule in RULES for line in rule(books)]


def table(lines: Sequence[Line]) -> str:
    rows = [f"{'':<44}{'Twilio':>9}{'host':>9}  verdict"]
    for line in lines:
        verdict = "clean" if line.is_clean else f"{len(line.wrong)} wrong: {', '.join(line.wrong[:SHOWN])}"
        rows.append(f"{line.what:<44}{line.twilio:>9}{line.host:>9}  {verdict}")
    return "\n".join(rows)


def same(what: str, theirs: Iterable[Any], ours: Iterable[Any]) -> Line:
    """The same things, each as often."""
    expected, found = Counter(theirs), Counter(ours)
    lost = [f"{_name(key)} lost" for key in expected - found]
    more = [f"{_name(key)} {'twice' if key in expected else 'from nowhere'}" for key in found - expected]
    return Line(what, expected.total(), found.total(), (*lost, *more))


def _name(key: Any) -> str:
    return " ".join(key) if isinstance(key, tuple) else str(key)


def accepted(books: Books) -> Iterable[Line]:
    """An execution for each event that was accepted, the event's own or, of a status, a later one's; and no other execution."""
    by_id = {it.id: it for it in books.executions}
    opted = {(it["sid"],) for it in books.messages if it["direction"] == "inbound" and it["body"] in KEYWORDS}
    for flow in (*NAMES, EVENT):
        letters, made = books.letters(flow), books.of(flow)
        owed = {it.event: it for it in letters if it.executions != {""}}
        answered = {id_ for it in letters for id_ in it.executions} - {""}
        silent = {it.event for it in letters if "" in it.executions}
        wrong = [f"{_name(it)} started nothing" for it in silent if flow != OPT_OUT or it in opted]
        wrong += [f"{it} was never answered" for it in {it.id for it in made} - answered]
        wrong += [f"{it} is gone" for it in answered - by_id.keys()]
        wrong += [
            f"{_name(event)} twice"
            for event, often in Counter(named_by_host(flow, it.event) for it in made).items()
            if often > 1
        ]
        for event, letter in owed.items():
            for id_ in letter.executions & by_id.keys():
                seen = named_by_host(flow, by_id[id_].event)
                if seen != event and not _overtook(flow, seen, event):
                    wrong.append(f"{_name(event)} was answered as {_name(seen)}")
            if len(letter.executions) > 1:
                wrong.append(f"{_name(event)} has {len(letter.executions)} executions")
        yield Line(f"{flow}: accepted = executions", len(owed), len(made), tuple(wrong))


def _overtook(flow: str, later: tuple[str, ...], event: tuple[str, ...]) -> bool:
    if later[0] != event[0]:
        return False
    if flow == "Status":
        return STATUSES.index(later[1]) > STATUSES.index(event[1])
    return flow == "Call status" and int(later[1]) > int(event[1])


def handed_in(books: Books) -> Iterable[Line]:
    """What Twilio's records say that it told reached the post: the post's book is no smaller than Twilio's."""
    for flow in ("Text", "Answer", "Opt-out"):
        inbound = [it["sid"] for it in books.messages if it["direction"] == "inbound" and it["to"] == NUMBERS[flow]]
        yield same(f"{flow}: texts = webhooks", inbound, {it.event[0] for it in books.letters(flow)})
    called = [it["sid"] for it in books.calls if it["direction"] == "inbound"]
    yield same("Call: calls = webhooks", called, {it.event[0] for it in books.letters("Call")})
    ended = {it.event[0] for it in books.letters("Call status")}
    yield same("Call status: calls = calls told of", [it["sid"] for it in books.calls], ended)
    recorded = [it["sid"] for it in books.recordings]
    yield same("Recording: recordings = webhooks", recorded, {it.event[0] for it in books.letters("Recording")})
    words = [it["sid"] for it in books.transcriptions]
    yield same("Transcription: words = webhooks", words, {it.event[0] for it in books.letters("Transcription")})
    alerts = [it["sid"] for it in books.alerts if not it["resource_sid"].startswith("NO")]
    yield same("Alert: alerts = webhooks", alerts, {it.event[0] for it in books.letters("Alert")})


def replies(books: Books) -> Iterable[Line]:
    """One reply to each text, and nothing else sent."""
    due = [(it.event["from"], f"reply to {it.event['body']}") for it in books.of("Text")]
    sent = [(it["to"], it["body"]) for it in books.messages if it["direction"] == "outbound-api"]
    yield same("one reply each, no send twice", due, sent)
    person = {it["sid"]: it["from"] for it in books.messages if it["direction"] == "inbound"}
    told = [person[it.event[0]] for it in books.letters("Answer") if it.told and "<Message>" in it.told]
    heard = [
        it["to"] for it in books.messages if it["direction"] == "outbound-reply" and it["body"].startswith("answer to")
    ]
    yield same("answers in time = answers sent", told, heard)


def statuses(books: Books) -> Iterable[Line]:
    """Each message's and each call's statuses are seen in the order of its life, to the last."""
    seen = defaultdict(list)
    for line in _first_times(books.diary):
        if line["flow"] == "Status":
            seen[line["event"]["messageSid"]].append(line["event"]["status"])
        elif line["flow"] == "Call status":
            seen[line["event"]["callSid"]].append(line["event"]["sequenceNumber"])
    sent = [it for it in books.messages if it["direction"] == "outbound-api"]
    back = [
        f"{sid}: {', '.join(life)}" for sid in (it["sid"] for it in sent) if _goes_back(life := seen[sid], STATUSES)
    ]
    yield Line(
        "message statuses, none after a later one", len(sent), sum(len(seen[it["sid"]]) for it in sent), tuple(back)
    )
    last = [(it["sid"], (seen[it["sid"]] or ["none"])[-1]) for it in sent]
    yield same("last status of each message", [(it["sid"], it["status"]) for it in sent], last)
    calls = [it["sid"] for it in books.calls]
    numbers = tuple(range(100))
    wrong = [f"{sid}: {seen[sid]}" for sid in calls if _goes_back(seen[sid], numbers) or not seen[sid]]
    yield Line("call statuses, none after a later one", len(calls), sum(len(seen[sid]) for sid in calls), tuple(wrong))


def _first_times(diary: Sequence[Json]) -> Iterable[Json]:
    """A step that ran again after a death wrote its line again."""
    known: set[str] = set()
    for line in diary:
        if line["execution"] not in known:
            known.add(line["execution"])
            yield line


def _goes_back(life: Sequence[Any], order: Sequence[Any]) -> bool:
    places = [order.index(it) for it in life]
    return places != sorted(places)


def events(books: Books) -> Iterable[Line]:
    """Event Streams: each message's and call's events once. However a call ends, it is completed for these."""
    prefix = "com.twilio.messaging"
    due = [(it["sid"], "com.twilio.voice.status-callback.call.completed") for it in books.calls]
    for it in books.messages:
        if it["direction"] == "inbound":
            due.append((it["sid"], f"{prefix}.inbound-message.received"))
        else:
            due += [(it["sid"], f"{prefix}.message.{status}") for status in ("queued", "sent", it["status"])]
    heard = [event for it in books.of("Event") for event in it.event["events"]]
    found = [(str(it["data"].get("messageSid") or it["data"].get("sid")), it["type"]) for it in heard]
    yield same("events of messages and calls, each once", due, found)


def watchers(books: Books) -> Iterable[Line]:
    """Every record comes once."""
    kept: Mapping[str, Sequence[Json]] = {
        "messages": books.messages,
        "calls": books.calls,
        "recordings": books.recordings,
        "transcriptions": books.transcriptions,
        "alerts": books.alerts,
        "numbers": books.numbers,
    }
    for name, records in kept.items():
        given = [item["sid"] for it in books.of(f"Watch {name}") for item in it.event["items"]]
        yield same(f"watched {name}, each once", [it["sid"] for it in records], given)
    changes = [it.event for it in books.of("Watch changes")]
    created = [item["sid"] for it in changes for item in it["created"]]
    yield same("polled messages, each created once", [it["sid"] for it in books.messages], created)
    last = {(it["sid"], it["status"]) for it in books.messages}
    seen = {(item["sid"], item["status"]) for it in changes for item in (*it["created"], *it["updated"])}
    yield same("polled messages, last status seen", last, last & seen)


def schedule(books: Books) -> Iterable[Line]:
    """A time gives one execution; by wrong clocks there may be fewer minutes, and none of them twice.

    Which time is what the schedule meant: the clock of who made the execution may have been set back meanwhile.
    """
    minutes = Counter(it.minute for it in books.of("Schedule"))
    twice = [f"{minute} {often} times" for minute, often in minutes.items() if often > 1]
    yield Line("schedule, no minute twice", "", minutes.total(), tuple(twice if minutes else ["it never ran"]))


def ended(books: Books) -> Iterable[Line]:
    """Nothing is left, nothing failed, and every flow that succeeded saw its event."""
    left = [f"{it.id} {it.flow} {it.status}" for it in books.executions if it.status in OPEN]
    yield Line("left running", "", len(left), tuple(left))
    failed = [f"{it.id} {it.flow}: {it.error}" for it in books.executions if it.status in {"failed", "cancelled"}]
    yield Line("failed", "", len(failed), tuple(failed))
    noted = {line["execution"] for line in books.diary}
    unseen = [f"{it.id} {it.flow}" for it in books.executions if it.status == "succeeded" and it.id not in noted]
    yield Line("seen by their flows", "", len(noted), tuple(unseen))


def forged(books: Books) -> Iterable[Line]:
    """No forged webhook was let in."""
    answers = [(it, status) for it in books.delivered for status in it.forged]
    let_in = [f"{_name(it.event)}: {status}" for it, status in answers if status != FORBIDDEN]
    yield Line("forged webhooks, all refused", len(answers), len(let_in), tuple(let_in))


RULES: Sequence[Callable[[Books], Iterable[Line]]] = (
    handed_in,
    accepted,
    replies,
    statuses,
    events,
    watchers,
    schedule,
    forged,
    ended,
)
