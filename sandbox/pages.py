from __future__ import annotations

from starlette.routing import Route

from .state import State


class Pages:
    def __init__(self, state: State) -> None: ...
    def routes(self) -> list[Route]:
        return []

    def close(self) -> None: ...
