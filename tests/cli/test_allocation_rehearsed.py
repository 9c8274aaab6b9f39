"""`entact allocation hand-over`: the list of a rehearsal in the hands of those who will hold the study's."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.cli.keyed import HOLDS, run_as, signer_of
from tests.cli.test_allocation_keys import given

PEOPLE = ("stat", "pia", "ada", "ben", "cleo")


@pytest.fixture
def keys(own: str, tmp_path: Path) -> Path:
    """The keys of a committee in a rehearsal of two."""
    from entact.cli.custody import make_key

    folder = tmp_path / "keys"
    folder.mkdir()
    for name in PEOPLE:
        (folder / f"{name}.words").write_text(f"the long words of {name}\n")
        vouchers = [] if name == "stat" else [signer_of(own, folder, "stat")]
        make_key(own, name, "committee", HOLDS, folder / f"{name}.key", folder / f"{name}.words", vouchers)
    words = folder / "tom.words"
    words.write_text("the long words of tom\n")
    make_key(own, "tom", "therapist", HOLDS, folder / "tom.key", words, [signer_of(own, folder, "stat")])
    return folder


@pytest.fixture
def rehearsed(rehearsal: str) -> Path:
    """The file in which the rehearsal holds its list."""
    return Path(os.environ["ENTACT_DATA"]) / rehearsal / "allocation.json"


@pytest.mark.requirement("R10")
def test_the_list_of_a_rehearsal_is_handed_over_and_a_closed_report_is_made_by_two_of_three(
    own: str, keys: Path, rehearsed: Path, run: Run, tmp_path: Path
) -> None:
    out, meet, page = tmp_path / "list", tmp_path / "meet", tmp_path / "closed.html"
    who = ["--holder", "pia", "--custodian", "ada", "--custodian", "ben", "--custodian", "cleo"]
    done = run_as(run, own, keys, "stat", "hand-over", rehearsed, *who, "--out", out)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("SIMULATED DATA: ")
    listed = ["--list", out / "sealed-list.json"]
    verified = run("allocation", "verify", *listed, "--database", own)
    assert (verified.code, "2 of " in verified.out) == (0, True)
    with given(meet, out, own, keys, "closed_report", "ada", "cleo") as refused:
        made = run_as(
            run, own, keys, "pia", "report", *listed, "--meet", meet, "--for", "stat", "--out", page
        )
    assert (made.code, refused) == (0, [])
    assert "Closed report for stat by pia, from 2 rows" in page.read_text()
    said = json.loads(rehearsed.read_text())
    arms = {one["number"]: one["arm"] for one in said["list"]}
    held = [*listed, "--openings", out / "openings-pia.json"]
    opened = run_as(run, own, keys, "pia", "open", _number(own), *held, "--json")
    assert opened.json["arm"] == arms[opened.json["number"]]
    again = run_as(run, own, keys, "stat", "hand-over", rehearsed, *who, "--out", tmp_path / "again")
    assert "custodians have it already" in again.err
    assert not (tmp_path / "again").exists()


def test_no_list_of_people_another_record_s_or_for_blinded_hands_is_handed_over(
    own: str, keys: Path, rehearsed: Path, run: Run, tmp_path: Path
) -> None:
    out, said = tmp_path / "list", json.loads(rehearsed.read_text())

    def refused(file: Path, holder: str) -> str:
        done = run_as(run, own, keys, "stat", "hand-over", file, "--holder", holder, "--out", out)
        assert (done.code, out.exists()) == (2, False)
        return done.err

    other = tmp_path / "other.json"
    other.write_text(json.dumps(said | {"simulated": False}))
    assert "the list of a rehearsal alone" in refused(other, "pia")
    other.write_text(json.dumps(said | {"sealed_list": said["sealed_list"] | {"root": "00" * 32}}))
    assert "this record committed" in refused(other, "pia")
    other.write_text("[]")
    assert "is no allocation of a rehearsal" in refused(other, "pia")
    assert "cannot be read" in refused(tmp_path / "none.json", "pia")
    assert "from whom the study hides" in refused(rehearsed, "tom")


def _number(own: str) -> str:
    """Somebody who is randomised there."""
    from entact.store.list_use import used_numbers

    return used_numbers()[0].ledger
