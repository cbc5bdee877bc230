"""The subcommands. Each imports what it needs when it runs, so that a small one starts fast."""

import logging
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from . import password, secret, token, vault
from .options import Data, PublicUrl

app = typer.Typer(
    help="A Twilio connector for integration platforms: use it from the shell, host it, try it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Source = Annotated[str, typer.Option("--component", help="An installed package or a folder.", metavar="NAME|FOLDER")]
ConnectionFile = Annotated[
    Path | None,
    typer.Option("--connection", metavar="FILE", help='{"key": "apiKeySecret", "fields": {…}}; - is standard input.'),
]


class LogFormat(StrEnum):
    """How lines of the log are written."""

    TEXT = "text"
    JSON = "json"


MetricsPort = Annotated[
    int | None,
    typer.Option(help="Count, and serve /metrics and /health on this port; 0 is a free one.", min=0, max=65535),
]
MetricsHost = Annotated[
    str, typer.Option(help="The address for --metrics-port. Beyond this machine /metrics takes an API token.")
]

imports = typer.Typer(help="Make an integration of what another platform exports.", no_args_is_help=True)
app.add_typer(imports, name="import")


@app.callback()
def frame(
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log to standard error.")] = False,
    log_format: Annotated[LogFormat, typer.Option(help="Lines of text, or of JSON.")] = LogFormat.TEXT,
) -> None:
    """What holds for every subcommand."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    if log_format is LogFormat.JSON:
        from ..host.operating.logs import JsonLines

        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonLines())


@app.command()
def manifest(component: Source = "twilio_connector") -> None:
    """Print the resolved manifest, in the platform's stored-definition shape."""
    from ..connector.component import load
    from .output import write_json

    write_json(load(component).manifest(), indent=2)


@app.command()
def docs(component: Source = "twilio_connector") -> None:
    """Print the reference of a component, in Markdown: every unit, its inputs, what it gives."""
    from ..connector.component import load
    from .reference import page

    typer.echo(page(load(component)), nl=False)


@app.command()
def invoke(
    action: Annotated[str, typer.Argument(help="The action's key, such as sendSMS.")],
    connection: ConnectionFile = None,
    inputs: Annotated[str, typer.Option(metavar="JSON|@FILE|-", help="The inputs: JSON, a file of it, or -.")] = "{}",
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the result's bytes here.")] = None,
    component: Source = "twilio_connector",
) -> None:
    """Run an action; print {"data": …}."""
    from .units import invoke

    invoke(component, action, connection, inputs, save)


@app.command()
def send(
    recipients: Annotated[Path, typer.Argument(help="CSV with a column to; the others fill {{places}} of the text.")],
    body: Annotated[str, typer.Option(metavar="TEXT", help='Such as "Hi {{name}}".')] = "",
    sender: Annotated[str, typer.Option("--from", metavar="SENDER", help="Number, short code, name or address.")] = "",
    messaging_service: Annotated[str, typer.Option(metavar="MG…", help="The messaging service that sends.")] = "",
    connection: ConnectionFile = None,
    inputs: Annotated[str, typer.Option(metavar="JSON|@FILE", help="More inputs of sendBulk: mediaUrl …")] = "{}",
    rate: Annotated[float | None, typer.Option(help="Messages a second at most.", min=0.001)] = None,
    concurrency: Annotated[int, typer.Option(help="How many to send at once.", min=1, max=100)] = 8,
    results: Annotated[Path | None, typer.Option(metavar="FILE", help="CSV; default RECIPIENTS.results.csv.")] = None,
    price: Annotated[
        float | None, typer.Option(help="Of a segment, for --dry-run; default: as it cost lately.", min=0)
    ] = None,
    *,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what was interrupted.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send nothing; count segments and their price.")] = False,
    stop_on_error: Annotated[bool, typer.Option("--stop-on-error", help="Send to nobody else after an error.")] = False,
    component: Source = "twilio_connector",
) -> None:
    """Send to everybody in a CSV file, to nobody twice; print a summary, write a result for each."""
    from .send import Sending, estimate, send
    from .units import action_values, unit_of

    unit = unit_of(component, "sendBulk")
    given = {"body": body, "from": sender, "messagingServiceSid": messaging_service, "concurrency": concurrency}
    given |= {"rate": rate, "stopOnError": stop_on_error, "dryRun": dry_run}
    values = action_values(unit, connection, inputs) | {name: value for name, value in given.items() if value}
    sending = Sending(unit, values, recipients, results)
    if dry_run:
        estimate(sending, price)
    else:
        raise typer.Exit(send(sending, resume=resume))


@app.command()
def receive(
    trigger: Annotated[str, typer.Argument(help="The trigger's key, such as webhook.")],
    url: Annotated[str, typer.Option(help="The public URL that was called, with its query.")],
    connection: ConnectionFile = None,
    method: Annotated[str, typer.Option(help="The request's method.")] = "POST",
    header: Annotated[list[str] | None, typer.Option(metavar="'K: V'", help="A header; give as many as came.")] = None,
    body: Annotated[str | None, typer.Option(metavar="FILE|-", help="The request's bytes.")] = None,
    inputs: Annotated[str, typer.Option(metavar="JSON|@FILE", help="The trigger's other inputs.")] = "{}",
    component: Source = "twilio_connector",
) -> None:
    """Give a trigger a request; print the payload, or say why it was refused (status 4)."""
    from .units import receive

    receive(component, trigger, connection, url, method, header or [], body, inputs)


@app.command()
def validate(
    file: Annotated[Path, typer.Argument(help="An integration file.")],
    components: Annotated[
        list[Path] | None,
        typer.Option(help="More folders of components than TWILIO_CONNECTOR_COMPONENTS names.", metavar="FOLDER"),
    ] = None,
) -> None:
    """Check an integration file: every problem, with its line and what to do (status 2)."""
    import os

    from ..host.definition.check import load
    from ..host.registry import components as known
    from ..host.settings import Settings

    folders = dict.fromkeys([*Settings.load(os.environ).components, *(components or ())])
    integration = load(file, known(folders))
    steps = sum(len(list(flow.walk())) for flow in integration.flows)
    typer.echo(f"{file}: {integration.name}: {len(integration.flows)} flows, {steps} steps: can be deployed")


@imports.callback()
def frame_of_imports() -> None:
    """Typer would fold a group of one command into that command; a callback keeps ``import app-services`` two words."""


@imports.command("app-services")
def app_services(
    folder: Annotated[Path, typer.Argument(help="An exported App Services or Stitch application.", metavar="DIR")],
    into: Annotated[Path | None, typer.Option(metavar="OUT", help="A new folder; default: DIR-integration.")] = None,
) -> None:
    """Make an integration of its Twilio service; list what could not be carried over."""
    from .app_services.command import import_app_services

    import_app_services(folder, into)


@app.command()
def deploy(
    folder: Annotated[
        Path, typer.Argument(help="It holds connections, customers, integrations, instances.", metavar="DIR")
    ],
    name: Annotated[str, typer.Option(help="What it made bears this name; default: the folder's own.")] = "",
    data: Data = None,
    public_url: PublicUrl = None,
    *,
    prune: Annotated[bool, typer.Option("--prune", help="Remove what it made and declares no more.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would be done.")] = False,
) -> None:
    """Make the host as a folder of files says, which a team may keep in git: what is missing, what differs."""
    from .deploy import deploy

    raise typer.Exit(deploy(folder, name, data, public_url, prune=prune, dry_run=dry_run))


@app.command()
def log(
    data: Data = None,
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=100_000)] = 50,
    subject: Annotated[str, typer.Option(help="Only of this one, by its id.")] = "",
    what: Annotated[str, typer.Option(help="Such as connection.update, or connection for all of them.")] = "",
    who: Annotated[str, typer.Option(help="Any part of it, such as page or api:billing.")] = "",
) -> None:
    """Who changed what, and who ran which action, the newest first."""
    from .deploy import log

    log(data, limit, {"subject": subject, "what": what, "who": who})


@app.command()
def segments(
    text: Annotated[str, typer.Argument(help="The text of an SMS; - is standard input.", metavar="[TEXT|-]")] = "-",
    *,
    smart: Annotated[bool, typer.Option("--smart", help="Encode smartly: replace look-alikes of GSM-7.")] = False,
) -> None:
    """Count the segments of an SMS; name the character that makes it dear."""
    from .segments import segments

    segments(text, smart=smart)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 is a free one.", min=0, max=65535)] = 8000,
    data: Data = None,
    public_url: PublicUrl = None,
    name: Annotated[
        list[str] | None, typer.Option(help="A host name that the pages answer to, beside their own.")
    ] = None,
    *,
    work: Annotated[bool, typer.Option("--work/--no-work", help="Execute, or leave that to workers.")] = True,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = "127.0.0.1",
) -> None:
    """Run the host: pages, API, webhooks and executions. Beyond this machine only with a password or a token."""
    from .serve import serve

    serve(host, port, data, public_url, name or (), works=work, metrics=(metrics_host, metrics_port))


@app.command()
def worker(
    data: Data = None,
    public_url: PublicUrl = None,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = "127.0.0.1",
) -> None:
    """Execute what servers accept; serve no pages. Any number of them, on one database."""
    from .serve import worker

    worker(data, public_url, metrics=(metrics_host, metrics_port))


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder for the copies.")],
    data: Data = None,
) -> None:
    """Copy the SQLite databases, while the host runs. The vault's key is not among them: keep it elsewhere."""
    import os

    from ..host.operating.backup import back_up
    from ..host.settings import Settings

    for path in back_up(Settings.load(os.environ, data=data), folder):
        typer.echo(path)


@app.command()
def restored(
    since: Annotated[datetime, typer.Option(help="When the backup began, in UTC.", formats=["%Y-%m-%dT%H:%M:%SZ"])],
    data: Data = None,
) -> None:
    """Say that the database was restored by pg_restore, before a host starts: no text that went out since goes out again."""
    from ..host.operating.backup import mark
    from .opened import opened

    with opened(data) as host:
        mark(host.store.engine, since.replace(tzinfo=UTC))
    typer.echo("marked; now start the hosts")


@app.command()
def sandbox(port: Annotated[int, typer.Option(help="The port; 0 is a free one.", min=0, max=65535)] = 0) -> None:
    """Run the local Twilio."""
    from .serve import sandbox

    sandbox(port)


@app.command()
def demo(*, once: Annotated[bool, typer.Option("--once", help="End after the first conversation.")] = False) -> None:
    """Show a conversation: the local Twilio, the host, and a flow that answers."""
    from .demo import demo

    demo(once=once)


app.add_typer(vault.app, name="vault")
app.add_typer(secret.app, name="secret")
app.add_typer(password.app, name="password")
app.add_typer(token.app, name="token")
