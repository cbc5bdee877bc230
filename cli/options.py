"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path | None, typer.Option("--data", help="Where keys, SQLite files and integrations are kept.")]
PublicUrl = Annotated[str | None, typer.Option("--public-url", help="The servers' address that senders see and sign.")]
