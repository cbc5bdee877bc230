"""What people do with one flow of an instance: its address, its keys, its times, its webhook. Every change is noted."""

from collections.abc import Callable
from dataclasses import dataclass

from ...connector.context import utc_now
from ..definition.timetable import Timetable
from ..operating.changes import Changes
from ..store import Store
from .registrations import Registrations


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """``changed`` is called when what was read before may be another now."""

    store: Store
    registrations: Registrations
    changes: Changes
    address: Callable[[str], str]
    changed: Callable[[], None]

    def addresses(self, instance_id: str) -> dict[str, str]:
        """Webhook URL by flow."""
        return {e.flow: self.address(e.id) for e in self.store.instances.endpoints(instance_id)}

    def register_again(self, endpoint_id: str) -> None:
        """Register the webhook of a flow anew, or put it back if it is to go. Raises what keeps it from that."""
        self.changed()
        self.changes.note("webhook.register", f"{endpoint_id[:6]}…")
        self.registrations.again(endpoint_id)

    def set_schedule(self, endpoint_id: str, timetable: Timetable | None) -> None:
        """Start the flow at times of this instance's own, from now; None: at those of the integration file."""
        self.store.schedules.override(endpoint_id, timetable, utc_now())
        times = str(timetable) if timetable else "as in the integration"
        self.changes.note("schedule.set", f"{endpoint_id[:6]}…", times)

    def run_now(self, endpoint_id: str) -> None:
        """Start the flow once more, beside its times. Raises InvalidInput while it cannot be."""
        self.store.schedules.run_now(endpoint_id, utc_now())
        self.changes.note("schedule.run", f"{endpoint_id[:6]}…")

    def add_key(self, endpoint_id: str) -> str:
        """A new API key of the endpoint, to be shown once."""
        key = self.store.instances.add_key(endpoint_id)
        self.changed()
        self.changes.note("key.add", f"{endpoint_id[:6]}…")  # whole, it is itself a permission
        return key

    def remove_key(self, key_id: str) -> None:
        self.store.instances.remove_key(key_id)
        self.changed()
        self.changes.note("key.remove", key_id)
