"""`entact export --as registries`."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path

from lxml import etree
from tests.cli.conftest import Run

MINI = Path(__file__).parents[1] / "studies" / "mini"


def test_a_protocol_goes_out_before_there_is_a_record(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run("export", MINI, "--as", "clinicaltrials", "--blinded", "--out", out)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("mini · protocol alone\nclinicaltrials.xml: SHA-256 ")
    assert "missing: the sponsor (sponsors/lead_sponsor/agency)\n" in done.out
    assert sorted(one.name for one in out.iterdir()) == ["clinicaltrials.xml", "manifest.json"]
    again = run("export", MINI, "--as", "registries", "--blinded", "--out", tmp_path / "again")
    assert again.code == 0
    assert (tmp_path / "again/clinicaltrials.xml").read_bytes() == (out / "clinicaltrials.xml").read_bytes()


def test_results_go_out_with_arms_and_the_same_numbers_as_the_report(
    run: Run, rehearsal: str, own: str, tmp_path: Path
) -> None:
    """With the arms swapped where they lie, results differ, and what is blinded does not."""
    beside = Path(os.environ["ENTACT_DATA"]) / own / "allocation.json"
    beside.parent.mkdir(exist_ok=True)
    source = next(Path(os.environ["ENTACT_DATA"]).glob("seen_*/allocation.json")).read_text()
    mark = '"arm": "'
    swapped = source.replace(f'{mark}mdma"', f'{mark}§"').replace(f'{mark}placebo"', f'{mark}mdma"')
    swapped = swapped.replace(f'{mark}§"', f'{mark}placebo"')
    found: dict[str, dict[str, bytes]] = {}
    try:
        for name, text in (("one", source), ("other", swapped)):
            beside.write_text(text)
            for kind, options in (("blinded", ["--blinded"]), ("open", [])):
                out = tmp_path / f"{name}-{kind}"
                done = run("export", "mapp1", "--as", "registries", *options, "--database", own, "--out", out)
                assert done.code == 0, done.err
                found[out.name] = {one.name: one.read_bytes() for one in out.iterdir()}
    finally:
        beside.unlink()
    assert found["one-blinded"] == found["other-blinded"]
    assert all(found["other-open"][name] != raw for name, raw in found["one-open"].items())
    manifest = json.loads(found["one-open"].pop("manifest.json"))
    assert manifest["files"] == {name: sha256(raw).hexdigest() for name, raw in found["one-open"].items()}
    assert found["one-open"].keys() == {
        "SIMULATED-clinicaltrials.xml",
        "SIMULATED-eudract-adverse-events.xml",
        "SIMULATED-summary-of-results.xml",
    }
    one, other = (
        etree.fromstring(found[name]["SIMULATED-clinicaltrials.xml"]) for name in ("one-open", "other-open")
    )
    place = ".//startedMilestone//subjectsAchieve"
    assert [each.text for each in one.iterfind(place)] == [
        each.text for each in reversed(other.findall(place))
    ]
    from entact import store

    assert "registries, clinicaltrials, ctis, with arms" in [*store.lines("system")][-1].text


def test_what_cannot_be_is_refused_and_nothing_is_written(run: Run, own: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for options, said in (
        (["--as", "ctis", "--blinded"], "of a blinded study ctis takes nothing"),
        (["--as", "sdtm,registries"], "registries is no dataset: export it by itself"),
        (["--as", "registries", "--blinded", "--allocation", MINI], "takes no allocation"),
        (["--as", "registries", "--database", own], "the arms are sealed"),
    ):
        refused = run("export", "mapp1", *options, "--out", out)
        assert (refused.code, said in refused.err) == (2, True), refused.err
        assert not out.exists()
    out.mkdir()
    (out / "there").touch()
    refused = run("export", "mapp1", "--as", "registries", "--blinded", "--out", out)
    assert (refused.code, "is not empty" in refused.err) == (2, True)
