"""Published versions, ready to run: parsed once, their files unpacked where code steps find them."""

import os
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

from ..definition import parse
from ..definition.model import ConfigVar, Flow, Integration, Renames
from ..store import Store

_KEPT = 64


@dataclass(frozen=True)
class Versions:
    """``folder`` holds one folder a version, named by its content hash, so what is there is right."""

    store: Store
    folder: Path
    _loaded: dict[str, Integration] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def load(self, version_id: str) -> Integration:
        """Raises InvalidInput when there is no such version, IntegrationInvalid when this program cannot read it."""
        with self._lock:
            if version_id not in self._loaded:
                while len(self._loaded) >= _KEPT:
                    del self._loaded[next(iter(self._loaded))]
                self._loaded[version_id] = self._load(version_id)
            return self._loaded[version_id]

    def _load(self, version_id: str) -> Integration:
        record = self.store.integrations.version(version_id)
        files = self.store.integrations.files(version_id)
        folder = self._unpack(version_id, files)
        return parse(files[record.file_name], file=record.file_name, folder=folder)

    def _unpack(self, version_id: str, files: dict[str, bytes]) -> Path:
        target = self.folder / version_id
        if target.is_dir():
            return target
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = Path(mkdtemp(dir=self.folder, prefix="draft-"))
        for path, content in files.items():
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            (draft / path).write_bytes(content)
        try:
            os.rename(draft, target)  # noqa: PTH104 (whole or not at all; another process may be first)
        except OSError:
            shutil.rmtree(draft)
        return target


def renamed(old: Integration, new: Integration) -> Renames:
    """What a newer version calls otherwise: by its ``renameAttributes``, or by the stable keys that both have."""
    return Renames(
        flows=_moved(old.flows, new.flows, lambda flow: flow.name, new.renames.flows),
        config_vars=_moved(old.config_vars, new.config_vars, lambda var: var.key, new.renames.config_vars),
    )


T = TypeVar("T", Flow, ConfigVar)


def _moved(old: Iterable[T], new: Iterable[T], name: Callable[[T], str], said: Mapping[str, str]) -> dict[str, str]:
    names, gone = {name(item) for item in new}, {name(item): item.stable_key for item in old}
    by_key = {item.stable_key: name(item) for item in new if item.stable_key}
    moved = {before: said.get(before) or by_key.get(key, "") for before, key in gone.items() if before not in names}
    one_each = {after: before for before, after in reversed(moved.items()) if after in names and after not in gone}
    return {before: after for after, before in one_each.items()}
