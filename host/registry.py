"""The components of a host: installed ones, its own and those of mounted folders, by key; units are imported when used."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..connector.component import Component, discover

OWN = Path(__file__).with_name("components")
Registry = Mapping[str, Component]


def components(mounted: Iterable[Path] = ()) -> Registry:
    """Raises InvalidComponent for a manifest that is wrong and for two components with one key."""
    return discover([*_folders(OWN), *mounted])


def _folders(parent: Path) -> list[Path]:
    return sorted(manifest.parent for manifest in parent.glob("*/component.yaml"))
