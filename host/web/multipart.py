"""A form with files."""

from collections.abc import AsyncGenerator

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from .body import BodyRefused
from .forms import Form, Upload

MULTIPART = "multipart/form-data"
MAX_FILES, MAX_FIELDS = 4, 100


async def multipart(headers: Headers, body: bytes) -> Form:
    """Read a form that was sent whole. A file field that was left empty brings no file. Raises BodyRefused."""
    parser = MultiPartParser(headers, _once(body), max_files=MAX_FILES, max_fields=MAX_FIELDS)
    try:
        data = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError) as error:  # KeyError: without a boundary
        raise BodyRefused(400, f"the form cannot be read: {error}") from None
    try:
        pairs = tuple((name, value) for name, value in data.multi_items() if isinstance(value, str))
        files = {
            name: Upload(value.filename or "", await value.read())
            for name, value in data.multi_items()
            if isinstance(value, UploadFile)
        }
    finally:
        await data.close()
    return Form(pairs, {name: file for name, file in files.items() if file.name})


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
    yield b""
