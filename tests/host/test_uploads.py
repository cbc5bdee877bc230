"""Whatever an upload says of itself, nothing is written outside of its folder, and never more than fits."""

import io
import stat
import zipfile
from pathlib import Path
from warnings import catch_warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.uploads import MOST_FILES, folder_of, unzipped

LIMIT = 10_000
PARTS = st.one_of(st.sampled_from(["..", ".", "", "a", "b.yaml", "~", "/", "\\", "C:"]), st.text(max_size=4))


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.lists(PARTS, min_size=1, max_size=4).map("/".join), st.binary(max_size=8), max_size=4))
def test_every_file_lies_in_the_folder_as_it_was_given_or_nothing_does(tmp_path_factory, files):
    try:
        with folder_of(files | {"main.yaml": b"x"}, "main.yaml", LIMIT) as main:
            assert {p.relative_to(main.parent).as_posix(): p.read_bytes() for p in main.parent.rglob("*") if p.is_file()} == {
                **files, "main.yaml": b"x"
            }  # fmt: skip
    except InvalidInput:
        pass
    else:
        assert not main.parent.exists()


def zipped(*entries):
    buffer = io.BytesIO()
    with catch_warnings(action="ignore"), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in entries:
            archive.writestr(entry, content)
    return buffer.getvalue()


def test_a_folder_and_its_files_are_read():
    assert unzipped(zipped(("a/", ""), ("a/b.yaml", "x")), LIMIT) == {"a/b.yaml": b"x"}


def link():
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "cannot be read"),
        (b"PK\x03\x04nothing", "cannot be read"),
        (zipped(("a", b"\0" * (LIMIT + 1))), "more than 10000 bytes"),
        (zipped(("a", b"\0" * 6000), ("b", b"\0" * 6000)), "more than 10000 bytes"),
        (zipped((link(), "/etc/passwd")), "is a link"),
        (zipped(("a", "1"), ("a", "2")), "there twice"),
        (zipped(*((str(n), "") for n in range(MOST_FILES + 1))), "more than 1000"),
        (zipped(("a", "x" * 100))[:-30], "cannot be read"),
    ],
    ids=["nothing", "no zip", "a bomb", "a bomb of two", "a link", "twice", "too many", "cut off"],
)
def test_a_zip_file_that_is_bad_is_refused(data, said):
    with pytest.raises(InvalidInput, match=said):
        unzipped(data, LIMIT)


def test_a_zip_file_that_lies_about_its_sizes_is_found_out():
    data = bytearray(zipped(("a", b"\0" * 50_000)))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(InvalidInput):
        unzipped(bytes(data), LIMIT)


@pytest.mark.parametrize(
    ("paths", "wanted", "found"),
    [
        (["i.yaml"], "", "i.yaml"),
        (["f/i.yaml", "f/README.md", "f/deep/x.yaml"], "", "f/i.yaml"),
        (["a.yaml", "b.yaml"], "b.yaml", "b.yaml"),
        (["a.yaml", "b.yaml"], "", None),
        (["a.txt"], "", None),
        (["a.yaml"], "c.yaml", None),
        ([], "", None),
    ],
)
def test_the_definition_is_the_one_that_is_named_or_the_only_one(paths, wanted, found):
    files = dict.fromkeys(paths, b"x")
    if found is None:
        with pytest.raises(InvalidInput) as refused, folder_of(files, wanted, LIMIT):
            pass
        assert refused.value.field == "file"
        return
    with folder_of(files, wanted, LIMIT) as path:
        assert path.as_posix().endswith(found)
        assert isinstance(path, Path)


@pytest.mark.parametrize("files", [{"a": b"", "a/b.yaml": b""}, {"x" * 256: b""}, {"a\nb": b""}])
def test_names_that_no_folder_can_hold_together_are_refused(files):
    with pytest.raises(InvalidInput), folder_of(files | {"m.yaml": b""}, "m.yaml", LIMIT):
        pass
