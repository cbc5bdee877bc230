"""``secret``: values that connections call by name. A value comes by standard input or is asked for, never as an argument."""

import sys
from typing import Annotated

import typer

from .options import Data

app = typer.Typer(help="Secrets that connections call by name.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="Letters, digits, - and _, such as twilio-auth-token.", metavar="NAME")]


@app.command("set")
def set_secret(name: Name, data: Data = None) -> None:
    """Put a secret into the vault, new or in place of the old: asked for, or from standard input."""
    from ..connector.errors import InvalidInput
    from ..host.secrets.named_secrets import NAME_RULE, is_name
    from .opened import opened

    if not is_name(name):
        raise InvalidInput(f"name: {NAME_RULE}", field="name")
    value = asked(f"value of {name}") if sys.stdin.isatty() else read("value")
    with opened(data) as host:
        new = host.custody.set_secret(name, value)
    typer.echo(f"{name}: {'stored' if new else 'changed; connections that call it use it within seconds'}")


@app.command("list")
def list_secrets(data: Data = None) -> None:
    """Names, when each was set, and the connections that call it; no value."""
    from .opened import opened

    with opened(data) as host:
        for name, at in host.store.named_secrets.all().items():
            users = ", ".join(host.custody.users_of(name)) or "no connection"
            typer.echo(f"{name}  {at:%Y-%m-%d %H:%M} UTC  called by {users}")


@app.command()
def remove(name: Name, data: Data = None) -> None:
    """Remove a secret from the vault, unless a connection calls it."""
    from .opened import opened

    with opened(data) as host:
        host.custody.remove_secret(name)
    typer.echo("removed")


def asked(what: str) -> str:
    """Typed twice, unseen."""
    value: str = typer.prompt(f"{what[:1].upper()}{what[1:]}", hide_input=True, confirmation_prompt=True)
    return value


def read(field: str) -> str:
    """Standard input as text, without a last line end. Raises InvalidInput."""
    from ..connector.errors import InvalidInput
    from ..host.secrets.named_secrets import MAX_BYTES

    data = sys.stdin.buffer.read(MAX_BYTES + 3)
    try:
        return data.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise InvalidInput(f"{field}: is not UTF-8 text", field=field) from None
