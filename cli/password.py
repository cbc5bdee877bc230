"""``password``: that of the pages. It comes by standard input or is asked for, never as an argument."""

import sys

import typer

from .options import Data

app = typer.Typer(help="The password of the pages.", no_args_is_help=True, rich_markup_mode=None)


@app.command("set")
def set_password(data: Data = None) -> None:
    """Set it, new or in place of the old: asked for, or from standard input. Everybody is signed out."""
    from .opened import opened
    from .secret import asked, read

    text = asked("the pages' password") if sys.stdin.isatty() else read("password")
    with opened(data) as host:
        host.credentials.set_password(text)
    typer.echo("set; whoever was signed in signs in again")


@app.command()
def remove(data: Data = None) -> None:
    """Remove it: the pages are reached by the link that serve prints. Everybody is signed out."""
    from .opened import opened

    with opened(data) as host:
        typer.echo("removed" if host.credentials.remove_password() else "there was none")
