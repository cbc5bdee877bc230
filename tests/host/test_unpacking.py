"""What is uploaded is laid out inside of its folder, or refused."""

import io
import stat
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host import unpacking

LIMIT = 10_000


def zipped(*entries, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for entry, content in entries:
            archive.writestr(entry, content)
    return buffer.getvalue()


def link(name):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    "names",
    [
        ("integration.yaml", "code/steps.py"),
        ("mine/integration.yaml", "mine/code/steps.py"),
        ("mine/other.yml", "mine/code/steps.py", "mine/.git/config", "__MACOSX/mine/._x"),
    ],
)
def test_a_zip_of_the_folder_or_of_its_content_is_laid_out(tmp_path, names):
    path = unpacking.lay_out("x.ZIP", zipped(*((name, b"a: 1") for name in names)), tmp_path, LIMIT)
    assert path.parent == tmp_path
    assert path.is_file()
    assert (tmp_path / "code" / "steps.py").is_file()
    assert not (tmp_path / ".git").exists()


@pytest.mark.parametrize(
    "entry", ["../out.yaml", "/out.yaml", "a/../../out.yaml", "a\\..\\out.yaml", "C:out.yaml", link("out.yaml")]
)
def test_nothing_is_written_outside(tmp_path, entry):
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(InvalidInput, match=r"no plain file inside"):
        unpacking.lay_out("x.zip", zipped(("integration.yaml", b""), (entry, b"/etc/passwd")), folder, LIMIT)
    assert list(folder.iterdir()) == []
    assert list(tmp_path.iterdir()) == [folder]


def test_a_bomb_is_put_down_unread(tmp_path):
    with pytest.raises(InvalidInput, match="larger than"):
        unpacking.lay_out("x.zip", zipped(("integration.yaml", b"0" * 1_000_000)), tmp_path, LIMIT)
    with pytest.raises(InvalidInput, match="limit is"):
        unpacking.lay_out("x.zip", zipped(*((f"{n}", b"") for n in range(unpacking.MAX_FILES + 1))), tmp_path, 1 << 20)
    with pytest.raises(InvalidInput, match="larger than"):
        unpacking.lay_out("x.yaml", b"0" * (LIMIT + 1), tmp_path, LIMIT)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([], "no file"),
        ([("readme.md", b"")], "there is none"),
        ([("a.yaml", b""), ("b.yaml", b"")], "a.yaml, b.yaml"),
        ([("a", b""), ("a/b", b""), ("integration.yaml", b"")], "cannot be written"),
    ],
)
def test_a_zip_that_is_no_integration_says_what_it_lacks(tmp_path, entries, said):
    with pytest.raises(InvalidInput, match=said) as caught:
        unpacking.lay_out("x.zip", zipped(*entries), tmp_path, LIMIT)
    assert caught.value.field == "upload"


@given(name=st.text(max_size=30), content=st.binary(max_size=300), cut=st.integers(0, 200))
def test_whatever_comes_is_laid_out_inside_or_refused(tmp_path_factory, name, content, cut):
    folder = tmp_path_factory.mktemp("upload") / "in"
    folder.mkdir()
    broken = zipped(("integration.yaml", content))
    for given_name, data in ((name, content), (f"{name}.yaml", content), ("x.zip", content), ("x.zip", broken[cut:])):
        try:
            path = unpacking.lay_out(given_name, data, folder, LIMIT)
        except InvalidInput:
            continue
        assert path.parent == folder
        assert path.read_bytes() == content
        path.unlink()
