"""``vault``: the keys that everything stored is sealed with."""

import typer

from .options import Data

app = typer.Typer(
    help="The keys that connections and secrets are sealed with.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def status(data: Data = None) -> None:
    """Where the keys are, and how many values each seals."""
    from .opened import opened

    with opened(data) as host:
        counts = host.custody.census()
        typer.echo(f"Keys       {host.vault.source.name}")
        for index, (name, count) in enumerate(counts.items()):
            typer.echo(f"{name or '—':<10} {count:>6} sealed  {_role(name, index, count)}")


@app.command()
def rotate(data: Data = None) -> None:
    """Make a new key and seal everything with it, while hosts run. Cut short, run it again: it goes on."""
    from .opened import opened

    with opened(data) as host:
        done = host.custody.rotate()
        began = "a new key" if done.new else "the rotation that was begun before, or a key that you put first,"
        typer.echo(f"{done.key}: {began} seals all {done.sealed} values now")
        for subject in done.unreadable:
            typer.echo(f"{subject}: no key opens it, so it was left as it is; enter it again", err=True)
        old = len(host.vault.key_names) - 1
        if old:
            typer.echo(f"{old} older {'key stays' if old == 1 else 'keys stay'} until nothing needs it: vault forget")
    if done.unreadable:
        raise typer.Exit(3)


@app.command()
def forget(data: Data = None) -> None:
    """Remove the keys that seal nothing any more in this database; a key file that serves others, too, look there first."""
    from .opened import opened

    with opened(data) as host:
        gone = host.custody.forget()
        typer.echo(f"removed: {', '.join(gone)}" if gone else "nothing to remove")
        for name, count in list(host.custody.census().items())[1:]:
            if name and count:
                typer.echo(f"{name} stays: it seals {count} values; rotate, or let the executions that run end")


def _role(name: str | None, index: int, count: int) -> str:
    if name is None:
        return "no key opens them: put the old key back, or enter them again"
    if index == 0:
        return "seals what is new"
    return "needed still" if count else "not needed: vault forget"
