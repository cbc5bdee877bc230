"""``import app-services``: write the integration, and say what it lacks."""

import shutil
from pathlib import Path

from ...connector.errors import InvalidInput
from . import integration
from .export import read


def import_app_services(folder: Path, into: Path | None) -> None:
    """Raises InvalidInput for an export that cannot be read, and for a folder that is there already."""
    app = read(folder)
    out = into or Path(f"{folder.resolve().name}-integration")
    files, flows = integration.files(app), integration.flows(app)
    _write(out, files)
    print(
        f"{out}: {len(flows)} flow{'s' * (len(flows) != 1)} from {', '.join(service.name for service in app.services)}"
    )
    for path in files:
        print(f"  {path}")
    left = integration.left(app, flows)
    print("Not carried over:" if left else "All of it was carried over.")
    for line in left:
        print(f"  {line}")
    print(f"What is to do now: {out / 'IMPORTED.md'}", flush=True)


def _write(out: Path, files: dict[str, str]) -> None:
    """All files or none."""
    try:
        out.mkdir(parents=True)
    except FileExistsError:
        problem = f"{out} is there already and stays as it is; name a new folder with --into"
        raise InvalidInput(problem, field="into") from None
    except OSError as error:
        raise InvalidInput(f"{out} cannot be made: {error.strerror}; name another with --into", field="into") from None
    try:
        for path, text in files.items():
            (out / path).parent.mkdir(exist_ok=True)
            (out / path).write_text(text, encoding="utf-8", newline="\n")
    except BaseException:
        shutil.rmtree(out)
        raise
