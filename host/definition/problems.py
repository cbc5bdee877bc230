"""What is wrong with an integration file: all of it at once, each with file, line, key and mend."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ...connector.errors import ConnectorError


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file: the line, from 1, and the key path, such as ``flows[0].steps[2].inputs.to``.

    ``lines`` has those of the keys under it.
    """

    line: int
    path: str = ""
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)

    def key(self, name: str, line: int | None = None) -> "Where":
        """The place of a key under this one."""
        return Where(line or self.lines.get(name, self.line), f"{self.path}.{name}" if self.path else name)

    def item(self, index: int, line: int | None = None) -> "Where":
        """The place of a list's item."""
        return Where(line or self.line, f"{self.path}[{index}]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}: {self.path}: {self.message}"
            if self.path
            else f"{self.file}:{self.line}: {self.message}"
        )


class IntegrationInvalid(ConnectorError):
    """An integration file that cannot be run as it stands. ``problems`` are in the order of the file."""

    kind = "integration"
    exit_status = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.file, problem.line)))
        super().__init__("\n".join(map(str, self.problems)))
        self.field = self.problems[0].path if self.problems else None

    def __reduce__(self) -> tuple[type["IntegrationInvalid"], tuple[tuple[Problem, ...]]]:
        """Survive pickling with the problems."""
        return type(self), (self.problems,)
