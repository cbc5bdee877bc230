"""The command's frame: what there is, and how errors become exit statuses.

Diagnostics go to standard error, results to standard output. Exit status: 0 done; 2 bad input; 3 connection; 4 refused by the
service; 5 try later; 6 outcome unknown; 1 a fault of ours.
"""

import sys
from errno import EDQUOT, EFBIG, EIO, ENOSPC

from ..connector.errors import INSTALL, ConnectorError
from .output import plain

FULL = frozenset({EDQUOT, EFBIG, EIO, ENOSPC})
"""What says that a result cannot be written."""


def main() -> None:
    """Run the command; never returns."""
    try:
        from .commands import app
    except ModuleNotFoundError as error:
        sys.exit(f"twilio-connector: {error.name} is missing: {INSTALL}")
    try:
        app(prog_name="twilio-connector")
    except ConnectorError as error:
        sys.exit(_tell(error))
    except ModuleNotFoundError as error:
        sys.exit(f"error: {error.name} is missing: {INSTALL}")
    except BrokenPipeError:
        sys.stdout = None  # nobody reads on: the interpreter must not flush into the closed pipe again
        sys.exit(1)
    except OSError as error:
        if error.errno not in FULL:
            raise
        sys.stdout = None
        where = f"{error.filename}: " if error.filename else "standard output: "
        sys.exit(f"error: {where}cannot be written: {error.strerror}; what the command did stays done")
    except Exception as error:
        if (lost := _lost_database(error)) is None:
            raise
        sys.exit(_tell(lost))


def _lost_database(error: Exception) -> ConnectorError | None:
    """What to say where the host's database went away under a command. One that has none did not load SQLAlchemy."""
    if "sqlalchemy" not in sys.modules:
        return None
    from ..host.store.database import lost

    return lost(error)


def _tell(error: ConnectorError) -> int:
    print(plain(f"error: {error}"), file=sys.stderr)
    facts = [f"{name.replace('_', ' ')}: {value}" for name, value in error.details.items() if name != "field"]
    if facts:
        print(plain("  " + ", ".join(facts)), file=sys.stderr)
    return error.exit_status
