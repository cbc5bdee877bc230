from pathlib import Path

ACME = Path(__file__).parents[1] / "host" / "web" / "acme"


def test_the_reference_of_any_component_is_printed(run):
    done = run("docs", "--component", ACME)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("# ")
    assert "## Connections" in done.out


def test_what_is_no_component_is_told(run, tmp_path):
    done = run("docs", "--component", tmp_path)
    assert (done.status, done.out) == (2, "")
    assert "component.yaml" in done.err
