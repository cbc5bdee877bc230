"""How the API turns a request down: raised where that is found, answered as one of its problems."""

from collections.abc import Mapping


class Refusal(Exception):
    """A request that the API itself turns down; ``kind`` is one of the mends'."""

    def __init__(
        self, status: int, kind: str, detail: str, *, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.field, self.headers = status, kind, field, dict(headers or {})
