"""Whatever an upload says of itself, nothing is written outside of its folder, and never more than fits."""

import io
import stat
import zipfile
from contextlib import contextmanager
from pathlib import Path
from warnings import catch_warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.integrations.uploads import MOST_FILES, folder_of, read, unzipped

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


def link(name="link"):
    entry = zipfile.ZipInfo(name)
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
        (["f/integration.yaml", "f/steps.YML"], "", "f/integration.yaml"),
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


# ── as the pages take it ─────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def laid_out(name, data, folder, limit=LIMIT):
    files = read(name, data, limit, "upload")
    with folder_of(files, "", limit, field="upload", chosen_by="upload", within=folder) as path:
        yield path


@pytest.mark.parametrize(
    "names",
    [
        ("integration.yaml", "code/steps.py"),
        ("mine/integration.yaml", "mine/code/steps.py"),
        ("mine/other.yml", "mine/code/steps.py", "mine/.git/config", "__MACOSX/mine/._x"),
    ],
)
def test_a_zip_of_the_folder_or_of_its_content_is_laid_out(tmp_path, names):
    with laid_out("x.ZIP", zipped(*((name, b"a: 1") for name in names)), tmp_path) as path:
        assert path.is_relative_to(tmp_path)
        assert path.is_file()
        assert (path.parent / "code" / "steps.py").is_file()
        assert [*tmp_path.rglob(".git"), *tmp_path.rglob("__MACOSX")] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "entry", ["../out.yaml", "/out.yaml", "a/../../out.yaml", "a\\..\\out.yaml", "C:out.yaml", link("out.yaml")]
)
def test_nothing_is_written_outside(tmp_path, entry):
    folder = tmp_path / "in"
    folder.mkdir()
    packed = zipped(("integration.yaml", b""), (entry, b"/etc/passwd"))
    with pytest.raises(InvalidInput, match=r"no plain file inside"), laid_out("x.zip", packed, folder):
        pass
    assert list(folder.iterdir()) == []
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    ("name", "data", "limit", "said"),
    [
        ("x.zip", zipped(("integration.yaml", b"0" * 1_000_000)), LIMIT, "larger than"),
        ("x.zip", zipped(*((f"{n}", b"") for n in range(MOST_FILES + 1))), 1 << 20, "limit is"),
        ("x.yaml", b"0" * (LIMIT + 1), LIMIT, "larger than"),
    ],
    ids=["a bomb", "too many", "a large file"],
)
def test_a_bomb_is_put_down_unread(tmp_path, name, data, limit, said):
    with pytest.raises(InvalidInput, match=said) as caught, laid_out(name, data, tmp_path, limit):
        pass
    assert caught.value.field == "upload"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([], "no file"),
        ([("readme.md", b"")], "[Tt]here is none"),
        ([("a.yaml", b""), ("b.yaml", b"")], "a.yaml, b.yaml"),
        ([("a", b""), ("a/b", b""), ("integration.yaml", b"")], "cannot be written"),
    ],
)
def test_a_zip_that_is_no_integration_says_what_it_lacks(tmp_path, entries, said):
    with pytest.raises(InvalidInput, match=said) as caught, laid_out("x.zip", zipped(*entries), tmp_path):
        pass
    assert caught.value.field == "upload"


@given(name=st.text(max_size=30), content=st.binary(max_size=300), cut=st.integers(0, 200))
def test_whatever_comes_is_laid_out_inside_or_refused(tmp_path_factory, name, content, cut):
    folder = tmp_path_factory.mktemp("upload") / "in"
    folder.mkdir()
    broken = zipped(("integration.yaml", content))
    for given_name, data in ((name, content), (f"{name}.yaml", content), ("x.zip", content), ("x.zip", broken[cut:])):
        try:
            with laid_out(given_name, data, folder) as path:
                assert path.parent.parent == folder
                assert path.read_bytes() == content
        except InvalidInput:
            continue
    assert list(folder.iterdir()) == []
