"""The shelves of the local Twilio, one for each kind of record that is not a message, a number or an account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .ledger import Ledger
from .products import (
    Application,
    Content,
    PhoneCall,
    Recording,
    Sender,
    Service,
    Sink,
    SubscribedEvent,
    Subscription,
    Transcription,
    Verification,
    VerifyService,
)
from .records import Alert
from .shelf import Shelf


class Shelves:
    """What a state keeps on shelves."""

    def _shelve(self, many: int, few: int, shelf: Callable[[int], Shelf[Any]]) -> None:
        """Put up empty shelves, for `many` records or for `few`."""
        self.ledger = Ledger()
        self.calls: Shelf[PhoneCall] = shelf(many)
        self.recordings: Shelf[Recording] = shelf(many)
        self.transcriptions: Shelf[Transcription] = shelf(many)
        self.debugger: Shelf[Alert] = shelf(few)
        self.applications: Shelf[Application] = shelf(many)
        self.services: Shelf[Service] = shelf(many)
        self.senders: Shelf[Sender] = shelf(many)
        self.contents: Shelf[Content] = shelf(many)
        self.verify_services: Shelf[VerifyService] = shelf(many)
        self.verifications: Shelf[Verification] = shelf(many)
        self.sinks: Shelf[Sink] = shelf(many)
        self.subscriptions: Shelf[Subscription] = shelf(many)
        self.subscribed_events: Shelf[SubscribedEvent] = shelf(many)
