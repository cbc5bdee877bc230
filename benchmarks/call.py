"""One call: a message sent, over TLS, on a kept connection and on a new one. ``python benchmarks/call.py``.

Ours is the whole action as a host runs it (the connection and the inputs checked each time, the message claimed, so it goes
out once); the SDK's is ``messages.create`` on a client that is ready. CPU time of the client's process alone.
"""

from loopback import serving
from measure import Row, cpu, row, show, tiny, turns
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext

TEXT = {"to": "+15551234567", "from": "+15557654321", "message": "Your table is ready."}


def rows(times: int = 200) -> list[Row]:
    """Costs of one call."""
    with serving() as there:
        send = load("twilio_connector").actions["sendSMS"]
        values = TEXT | {"twilioConnection": there.connection}
        context, fresh, client = ActionContext(), ActionContext(), there.sdk()

        def ours() -> None:
            assert send.perform(context, values).data["sid"]

        def theirs() -> None:
            assert client.messages.create(to=TEXT["to"], from_=TEXT["from"], body=TEXT["message"]).sid

        def ours_anew() -> None:
            """What the pool does where all its connections are in use, or were closed by the server."""
            assert send.perform(fresh, values).data["sid"]
            fresh.transport._ready().close()  # noqa: SLF001

        def theirs_anew() -> None:
            theirs()
            client.http_client.session.adapters["https://"].poolmanager.clear()

        kept = turns([cpu(ours, times), cpu(theirs, times)])
        anew = turns([cpu(ours_anew, max(times // 10, 2)), cpu(theirs_anew, max(times // 10, 2))])
        context.transport.close()
        fresh.transport.close()
        client.http_client.session.close()
    beside = "SDK's `messages.create`"
    return [
        row("one call, keep-alive, TLS: CPU", beside, *kept, most=0.6, unit="µs"),
        row("one call on a new connection, TLS: CPU", beside, *anew, most=0.2, unit="ms"),
    ]


if __name__ == "__main__":
    show(rows(20 if tiny() else 200))
