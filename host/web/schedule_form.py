"""The fields of a schedule, wherever one is asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..definition.timetable import zones


def inputs_of(
    key: str, label: str, zone_label: str, *, required: bool = True, comments: str = ""
) -> Sequence[Mapping[str, Any]]:
    """The two fields of a schedule: its times and its zone."""
    said = (
        "A cron line such as 0 9 * * 1-5 (minute, hour, day, month, weekday), or every 15 minutes, 2 hours or 3 days."
    )
    return [
        {
            "key": key,
            "label": label,
            "required": required,
            "comments": f"{comments} {said}".strip(),
            "placeholder": "0 9 * * 1-5",
        },
        {
            "key": f"{key}-zone",
            "label": zone_label,
            "comments": "In which a cron line is read; UTC unless given.",
            "model": [{"label": zone, "value": zone} for zone in zones()],
        },
    ]


def text_of(values: Mapping[str, Any], key: str) -> str:
    """The two fields as one text, as a timetable is written; empty where the times are."""
    line, zone = str(values.get(key, "")).strip(), values.get(f"{key}-zone", "")
    return f"CRON_TZ={zone} {line}" if line and zone else line
