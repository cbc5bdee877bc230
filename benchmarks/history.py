"""The executions page with a history of 1,000,000 beside one of 1,000. ``python benchmarks/history.py``.

Two hosts, asked in turn. Each has a text that it accepted, and as many copies of it as its history is long: one a second, a
hundred of each person, one in ten failed. Every one can be found by its words and numbers. The long history takes gigabytes of
disk, and a minute or two to make.
"""

import asyncio
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import load
from measure import Row, row, show, tiny, turns
from processes import Server, deployed, loopback, serving
from twilio_connector.connector.payload import WebhookRequest

PAGES = (
    ("the newest", "/executions"),
    ("those that failed", "/executions?status=failed"),
    ("a word that all have", "/executions?q=hello"),
    ("a person's number", "/executions?q=%2B14150000007"),
    ("those of long ago", "/executions?before={middle}"),
)
EACH = 100
"""How many a person has, which is more than a page holds."""
TERMS = ("'hello'", "'how'", "'are'", "'you'", "lower(sid)", "'1415' || person", "'415' || person", "person")
"""What each is found by, as the host writes it down for such a text."""
COPIED = {
    "id": "n.id", "created_at": "n.at", "available_at": "n.at", "started_at": "n.at", "ended_at": "n.at",
    "status": "n.status", "subject": "'+1415' || n.person || ' → +14155550100: Hello! How are you?'",
}  # fmt: skip
"""What a copy has of its own."""
_NUMBERED = """
create temporary table numbered as
with recursive counted(i) as (select 1 union all select i + 1 from counted where i < {count})
select i,
       printf('%08x-%04x-7000-8000-%012x', (({begun} + i) * 1000) >> 16, (({begun} + i) * 1000) & 65535, i) id,
       strftime('%Y-%m-%dT%H:%M:%S.000Z', {begun} + i, 'unixepoch') at,
       printf('%07d', i % {people}) person,
       printf('SM%032x', i) sid,
       iif(i % 10 = 0, 'failed', 'succeeded') status
from counted
"""


@contextmanager
def host(folder: Path, executions: int) -> Iterator[tuple[Server, str, str]]:
    """One that serves, with a session's cookie and the id in the middle of its history."""
    base = loopback()
    deployed(folder, base, "receive", _accept)
    middle = fill(folder / "host.sqlite", executions)
    with serving(folder, base, "--no-work") as server:
        yield server, session(server), middle


def _accept(host: Any, url: str) -> None:
    headers, body = load.signed(url, "SM" + "f" * 32)
    request = WebhookRequest(url=url, headers=tuple(headers.items()), body=body)
    asyncio.run(host.receive(url.rpartition("/")[2], request))


def fill(database: Path, executions: int) -> str:
    """Copy what there is into the past; the id in the middle. Indexes are made afterwards, nothing is journaled: far faster."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for pragma in (
            "journal_mode=delete",
            "journal_mode=off",
            "synchronous=off",
            "cache_size=-1000000",
            "temp_store=file",
        ):
            connection.execute(f"pragma {pragma}")
        begun, people = int(time.time()) - executions, max(8, executions // EACH)
        connection.execute(_NUMBERED.format(count=executions, begun=begun, people=people))
        connection.execute("begin")
        with _without_indexes(connection):
            _copy(connection)
        connection.execute("commit")
        return str(connection.execute("select id from numbered where i = ?", (executions // 2,)).fetchone()[0])


@contextmanager
def _without_indexes(connection: sqlite3.Connection) -> Iterator[None]:
    made = "type = 'index' and sql is not null and tbl_name in ('executions', 'terms')"
    indexes = connection.execute(f"select name, sql from sqlite_master where {made}").fetchall()
    for name, _ in indexes:
        connection.execute(f"drop index {name}")
    yield
    for _, sql in indexes:
        connection.execute(sql)


def _copy(connection: sqlite3.Connection) -> None:
    names = [name for _, name, *_ in connection.execute("pragma table_info(executions)")]
    values = ", ".join(COPIED.get(name, f"o.{name}") for name in names)
    connection.execute("create temporary table one as select * from executions")
    connection.execute(f"insert into executions select {values} from numbered n, one o order by n.i")
    found = " union all ".join(f"select {term} term, id from numbered" for term in TERMS)
    connection.execute(f"insert into terms(term, execution_id) select term, id from ({found}) order by term, id")


def session(server: Server) -> str:
    """The cookie that the printed link gives."""
    found = re.search(r"/login\?token=\S+", server.log.read_text())
    if not found:
        raise SystemExit(f"no link to sign in with: {server.log.read_text()}")
    connection = _connect(server)
    connection.request("GET", found[0])
    return connection.getresponse().headers["set-cookie"].partition(";")[0]


def asking(server: Server, cookie: str, path: str, times: int) -> Callable[[], float]:
    """Measures the seconds of a page, on a connection of the turn's own: the host closes those that are idle."""

    def measure() -> float:
        connection = _connect(server)
        connection.connect()
        began = time.perf_counter()
        for _ in range(times):
            connection.request("GET", path, headers={"Cookie": cookie})
            answer = connection.getresponse()
            if answer.status != HTTPStatus.OK or b"How are you?" not in answer.read():
                raise SystemExit(f"{server.url}: {path} answered {answer.status}, and no executions")
        seconds = (time.perf_counter() - began) / times
        connection.close()
        return seconds

    return measure


def _connect(server: Server) -> HTTPConnection:
    return HTTPConnection(server.url.split("/")[2], timeout=60)


def rows(long: int = 1_000_000, short: int = 1_000, times: int = 20, rounds: int = 7) -> list[Row]:
    """Seconds of each page."""
    with tempfile.TemporaryDirectory() as given, ExitStack() as stack:
        hosts = [stack.enter_context(host(Path(given) / str(size), size)) for size in (long, short)]
        asked = [
            asking(server, cookie, path.format(middle=middle), times)
            for _, path in PAGES
            for server, cookie, middle in hosts
        ]
        taken = turns(asked, rounds)
    return [
        row(f"page of {long:,} executions: {what}", f"the same of {short:,}", *pair, most=1.5, unit="ms")
        for (what, _), pair in zip(PAGES, zip(taken[::2], taken[1::2], strict=True), strict=True)
    ]


if __name__ == "__main__":
    show(rows(2000, 200, 1, 1) if tiny() else rows())
