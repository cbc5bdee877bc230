"""Messaging services: which sender of its pool a service chooses, and which webhooks hear of what comes in."""

from __future__ import annotations

from .parameters import geography
from .products import Sender, Service
from .records import Message, Number
from .sending import WHATSAPP
from .state import State


def senders(state: State, service_sid: str) -> list[Sender]:
    """Return a service's pool, in the order in which it was filled."""
    return [sender for sender in reversed(state.senders.newest()) if sender.service_sid == service_sid]


def choose(state: State, message: Message) -> str | None:
    """Return who sends: whoever wrote to this recipient last, else one of its country, else the first that can.

    To a recipient on WhatsApp it sends on WhatsApp.
    """
    service = state.services.get(message.messaging_service_sid or "")
    addresses = [sender.address for sender in senders(state, service.sid)] if service else []
    if message.to.startswith(WHATSAPP):
        addresses = [f"{WHATSAPP}{address}" for address in addresses if address.startswith("+")]
    if not service or not addresses:
        return None
    country, usual = _country(message.to), state.usual_sender(service.sid, message.to)
    if service.sticky_sender and usual in addresses:
        return usual
    chosen = next((address for address in addresses if _country(address) == country), addresses[0])
    state.remember_sender(service.sid, message.to, chosen)
    return chosen


def _country(address: str) -> str:
    return geography("To", address)[0][1]


def webhooks(state: State, number: Number) -> list[tuple[str, str]]:
    """Return URL and method of whom an inbound text is told to: the service's or the number's own, then its fallback.

    A service asks the number only if it is told to; without a URL of its own it drops the text.
    """
    service, application = state.service_of(number), state.applications.get(number.sms_application_sid)
    if service and not service.use_inbound_webhook_on_number:
        pairs = _of_service(service)
    elif application:
        pairs = [(application.sms_url, application.sms_method), (application.sms_fallback_url, "POST")]
    else:
        pairs = [(number.sms_url, number.sms_method), (number.sms_fallback_url, number.sms_fallback_method)]
    return [(url, method) for url, method in pairs if url] if pairs[0][0] else []


def _of_service(service: Service) -> list[tuple[str | None, str]]:
    return [(service.inbound_request_url, service.inbound_method), (service.fallback_url, service.fallback_method)]
