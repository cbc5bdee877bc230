"""Integrations: publish their files as a version, see which there are and what one asks for."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from ....connector.errors import InvalidInput
from ...integrations.uploads import LONGEST_PATH, MOST_FILES, unzipped
from ...store.integrations import VersionRecord
from .problems import missing
from .route import Call, Route
from .shapes import Page, Shape, Text


class Version(Shape):
    """``id`` is made from the content: the same files are the same version."""

    id: str
    integration_id: str
    integration: str
    number: int
    file_name: str
    created_at: datetime


class ConfigVar(Shape):
    """What a deployment may be asked for; required where ``default`` is empty."""

    key: str
    data_type: str
    description: str
    default: Any
    pick_list: list[str]
    connection: str | None


class VersionDetail(Version):
    """With its flows, its files' paths, and what it is configured with."""

    flows: list[str]
    files: list[str]
    config_vars: list[ConfigVar]


class Buffer(Shape):
    """Bytes as the platform has them in JSON."""

    type: Literal["Buffer"]
    data: list[Annotated[int, Field(ge=0, le=255)]]


class Files(Shape):
    """A folder's files by path.

    ``file`` is the definition's; left out, it is the one YAML file nearest to the top, or the integration.yaml there.
    """

    file: Annotated[str, Field(max_length=LONGEST_PATH)] = ""
    files: Annotated[dict[str, str | Buffer], Field(min_length=1, max_length=MOST_FILES)]


class AskedFile(Shape):
    """For a ZIP file."""

    file: Annotated[str, Field(max_length=LONGEST_PATH, description="The definition in a ZIP file; see Files.")] = ""


class AskedVersions(Shape):
    """Which versions."""

    integration: Text = ""


def listing(call: Call) -> dict[str, Any]:
    name = call.query.integration
    return {"items": [v for v in call.host.store.integrations.all() if not name or v.integration == name]}


def publish(call: Call) -> VersionRecord:
    if isinstance(call.body, bytes):
        return call.host.integrations.publish_upload(
            unzipped(call.body, call.host.settings.limits.definition), call.query.file
        )
    files = {path: _bytes(content) for path, content in call.body.files.items()}
    return call.host.integrations.publish_upload(files, call.body.file or call.query.file)


def detail(call: Call) -> VersionDetail:
    try:
        version = call.host.store.integrations.version(call.path["id"])
    except InvalidInput:
        raise missing("version") from None
    integration = call.host.versions.load(version.id)
    return VersionDetail(
        **Version.model_validate(version).model_dump(),
        flows=[flow.name for flow in integration.flows],
        files=sorted(call.host.store.integrations.files(version.id)),
        config_vars=[_config_var(var) for var in integration.config_vars],
    )


def _config_var(var: Any) -> ConfigVar:
    wanted = var.connection
    return ConfigVar(
        key=var.key,
        data_type=var.data_type,
        description=var.description,
        default=var.default,
        pick_list=list(var.pick_list),
        connection=f"{wanted.component.key}.{wanted.key}" if wanted else None,
    )


def _bytes(content: str | Buffer) -> bytes:
    return content.encode() if isinstance(content, str) else bytes(content.data)


TAG = "integrations"
ROUTES = (
    Route(
        method="GET",
        path="/integrations",
        handle=listing,
        asks=AskedVersions,
        gives=Page[Version],
        summary="List all versions, the newest of each integration first",
        tag=TAG,
    ),
    Route(
        method="POST",
        path="/integrations",
        handle=publish,
        takes=Files,
        asks=AskedFile,
        gives=Version,
        uploads=True,
        status=201,
        summary="Publish files as a version",
        tag=TAG,
    ),
    Route(
        method="GET",
        path="/integrations/versions/{id}",
        handle=detail,
        gives=VersionDetail,
        summary="A version, and what it is configured with",
        tag=TAG,
    ),
)
