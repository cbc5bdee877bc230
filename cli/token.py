"""``token``: by which programs use the API."""

from datetime import datetime
from typing import Annotated, Literal

import typer

from .options import Data

app = typer.Typer(help="Tokens by which programs use the API.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="What it is for, such as billing.", metavar="NAME")]


@app.command()
def create(
    name: Name,
    scope: Annotated[Literal["read", "write"], typer.Option(help="write may change things and run actions.")] = "read",
    expires: Annotated[str, typer.Option(help="After how long, such as 12h, 90d or 52w; never unless given.")] = "",
    data: Data = None,
) -> None:
    """Make a token and print it, this once: only its SHA-256 is kept."""
    from ..connector.context import utc_now
    from ..host.administration.credentials import expiry
    from .opened import opened

    expires_at = expiry(expires, utc_now()) if expires else None
    with opened(data) as host:
        token = host.credentials.create_token(name, scope, expires_at)
    typer.echo(token)
    until = f"until {expires_at:%Y-%m-%d %H:%M} UTC" if expires_at else "until it is revoked"
    typer.echo(f"{name}: {scope}, {until}. It is not shown again; send it as Authorization: Bearer …", err=True)


@app.command("list")
def list_tokens(data: Data = None) -> None:
    """Names, how each begins, what it may do, when it was used last and when it is over."""
    from ..connector.context import utc_now
    from .opened import opened

    with opened(data) as host:
        for token in host.store.tokens.all():
            used = f"used {_at(token.used_at)}" if token.used_at else "never used"
            over = "over since" if token.is_over(utc_now()) else "until"
            ends = f"{over} {_at(token.expires_at)}" if token.expires_at else "until it is revoked"
            typer.echo(f"{token.name}  {token.prefix}…  {token.scope}  {used}  {ends}")


@app.command()
def revoke(name: Name, data: Data = None) -> None:
    """Remove a token: it is refused from now on, by hosts that run too."""
    from .opened import opened

    with opened(data) as host:
        host.credentials.revoke_token(name)
    typer.echo("revoked")


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
