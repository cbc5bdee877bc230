"""The pages for people: a phone that texts the numbers here, and an overview. Server-rendered; they work without script."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from . import conversation, faults, pool, presets
from .errors import TwilioError
from .live import PageEvents
from .state import Dropped, State

HERE = Path(__file__).parent
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


class Pages:
    def __init__(self, state: State) -> None:
        self._state = state
        self._events = PageEvents(state)
        self._templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
        self._templates.globals.update(initials=conversation.initials, pictures=PICTURES)
        self._templates.filters["pretty"] = conversation.pretty

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self.overview),
            Route("/phone", self.phone),
            Route("/phone/messages", self.text, methods=["POST"]),
            Route("/phone/calls", self.call, methods=["POST"]),
            Route("/phone/media/{sid}/{media}", self.picture),
            Route("/events", self._events.respond),
            Route("/faults", self.add_fault, methods=["POST"]),
            Route("/faults/clear", self.clear_faults, methods=["POST"]),
            Route("/numbers/{sid}", self.point_number, methods=["POST"]),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ]

    def close(self) -> None:
        self._events.close()

    def _page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        text = self._templates.get_template(template).render(state=self._state, own=self._state.settings, **values)
        return HTMLResponse(text, status, {"Cache-Control": "no-store"})

    async def overview(self, request: Request) -> Response:
        account = self._state.settings.account_sid
        return self._page(
            "overview.html",
            wrong=request.query_params.get("wrong", ""),
            messaging_service=presets.sid("MG", account, "service"),
            verify_service=presets.sid("VA", account, "verify"),
        )

    async def phone(self, request: Request) -> Response:
        return self._phone(request.query_params.get("handset", ""), request.query_params.get("with", ""))

    def _phone(self, handset: str, other: str, wrong: str = "", draft: str = "") -> Response:
        phones = conversation.handsets(self._state)
        handset = _address(handset) or phones[0]
        known = conversation.contacts(self._state, handset)
        other = _address(other) or (known[0].address if known else "")
        bubbles, number = conversation.bubbles(self._state, handset, other), self._state.number(other)
        service = self._state.service_of(number) if number else None
        answers = bool(number and pool.webhooks(self._state, number))
        return self._page(
            "phone.html",
            400 if wrong else 200,
            handset=handset,
            other=other,
            phones=dict.fromkeys([*phones, handset]),
            contacts=known,
            bubbles=bubbles,
            calls=conversation.calls(self._state, handset, other),
            number=number,
            answers=answers,
            dropped=bool(service and service.drops_inbound),
            typing=answers and conversation.is_typing(bubbles),
            wrong=wrong,
            draft=draft,
        )

    async def text(self, request: Request) -> Response:
        """Send a text from the phone; a mistake shows the page again with what was written."""
        form = await _form(request)
        handset, other, body = _address(form.get("handset", "")), form.get("with", ""), form.get("body", "")
        if not handset or not body.strip():
            return self._phone(handset, other, "Write a text first." if handset else "Choose a phone.", body)
        try:
            self._state.receive(handset, other, body.replace("\r\n", "\n"))
        except TwilioError:
            wrong = f"{other} only sends: text one of the phone numbers of this account."
            return self._phone(handset, other, wrong, body)
        except Dropped as dropped:
            return self._phone(handset, other, str(dropped), body)
        return RedirectResponse(f"/phone?{urlencode({'handset': handset, 'with': other})}#latest", 303)

    async def call(self, request: Request) -> Response:
        """Call from the phone, which presses and says what the form holds; a mistake shows the page again."""
        form = await _form(request)
        handset, other = _address(form.get("handset", "")), _address(form.get("with", ""))
        if not handset:
            return self._phone(handset, other, "Choose a phone.")
        try:
            self._state.hold(handset, _address(form.get("digits", "")), form.get("speech", "").strip())
            self._state.ring(handset, other)
        except ValueError as wrong:
            return self._phone(handset, other, str(wrong))
        except TwilioError:
            return self._phone(
                handset, other, f"{other} takes no calls: call one of the phone numbers of this account."
            )
        return RedirectResponse(f"/phone?{urlencode({'handset': handset, 'with': other})}#call", 303)

    async def picture(self, request: Request) -> Response:
        """Show a picture that is kept here; nothing else, so that no page can be put among the pictures."""
        message = self._state.message(request.path_params["sid"])
        for media in message.media if message else ():
            if media.sid == request.path_params["media"] and media.content_type in PICTURES and media.data:
                return Response(media.data, media_type=media.content_type)
        return Response("No such picture.\n", 404, media_type="text/plain")

    async def add_fault(self, request: Request) -> Response:
        form = await _form(request)
        kind, _, status = form.get("kind", "").partition(":")
        try:
            self._state.faults.insert(faults.parse({"kind": kind, **_fault_options(form, status)}))
        except ValueError as wrong:
            return RedirectResponse(f"/?{urlencode({'wrong': str(wrong)})}#faults", 303)
        return RedirectResponse("/#faults", 303)

    async def clear_faults(self, _: Request) -> Response:
        self._state.faults.clear()
        return RedirectResponse("/#faults", 303)

    async def point_number(self, request: Request) -> Response:
        sid, url = request.path_params["sid"], (await _form(request)).get("sms_url", "").strip()
        if url and not url.startswith(("http://", "https://")):
            return RedirectResponse(f"/?{urlencode({'wrong': 'A webhook is an http or https URL.'})}#numbers", 303)
        if sid in self._state.numbers:
            self._state.change_number(sid, sms_url=url)
        return RedirectResponse("/#numbers", 303)


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def _address(text: str) -> str:
    """Take the blanks out of a number that a person typed."""
    text = text.strip()[:64]
    return text.replace(" ", "") if any(c.isdigit() for c in text) else text


def _fault_options(form: dict[str, str], status: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if form.get("times", "1") != "always":
        options["times"] = _number("times", form.get("times", "1"))
    else:
        options["times"] = None
    if status:
        options["status"] = _number("status", status)
    if status == "429":
        options["retry_after"] = 1
    if form.get("kind") == "slow":
        options["seconds"] = _number("seconds", form.get("seconds") or "3")
    if form.get("method", "*") != "*":
        options["method"] = form["method"]
    return options


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{name}: {text!r} is no number")
    return int(text)
