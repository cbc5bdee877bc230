"""Applications: URLs under one SID, for calls and for numbers."""

from __future__ import annotations

from ..products import Application
from ..rest import ACCOUNT, Operation, Resource, equal

APPLICATIONS = Resource(
    product="api",
    path=f"{ACCOUNT}/Applications",
    items="applications",
    element="Application",
    prefix="AP",
    record=Application,
    shelf=lambda state: state.applications,
    permission="applications",
    filters={"FriendlyName": equal("friendly_name")},
    writable=(
        "friendly_name",
        "message_status_callback",
        "sms_fallback_method",
        "sms_fallback_url",
        "sms_method",
        "sms_status_callback",
        "sms_url",
        "status_callback",
        "status_callback_method",
        "voice_caller_id_lookup",
        "voice_fallback_method",
        "voice_fallback_url",
        "voice_method",
        "voice_url",
        "public_application_connect_enabled",
    ),
)
ROUTES: dict[str, dict[str, Operation]] = APPLICATIONS.routes(
    list=APPLICATIONS.list,
    create=APPLICATIONS.create,
    fetch=APPLICATIONS.fetch,
    update=APPLICATIONS.update,
    delete=APPLICATIONS.delete,
)
