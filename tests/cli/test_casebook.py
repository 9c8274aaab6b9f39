"""`entact casebook`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def test_everybody_has_a_casebook_in_a_folder(run: Run, rehearsal: str, tmp_path: Path) -> None:
    done = run("casebook", "--database", rehearsal, "--out", tmp_path, "--json")
    assert (done.code, done.err) == (0, "")
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == sorted(f"{one['participant']}.pdf" for one in done.json)
    assert len(files) >= 2
    assert all(path.read_bytes().startswith(b"%PDF-") for path in tmp_path.iterdir())


def test_one_casebook_is_a_file_and_the_same_each_time(run: Run, rehearsal: str, tmp_path: Path) -> None:
    number = run("casebook", "--database", rehearsal, "--out", tmp_path / "all", "--json").json[0][
        "participant"
    ]
    for name in ("first.pdf", "second.pdf"):
        done = run("casebook", number, "--database", rehearsal, "--out", tmp_path / name)
        assert (done.code, done.err) == (0, "")
        assert done.out.split()[0] == number
    assert (tmp_path / "first.pdf").read_bytes() == (tmp_path / "second.pdf").read_bytes()


def test_what_cannot_be_written_is_said(run: Run, rehearsal: str, tmp_path: Path) -> None:
    for words, said in (
        (["P-none"], "no participant of this record has the number P-none"),
        (["--out", tmp_path / "all.pdf"], "is one file, and a casebook is of one participant"),
        (["--role", "rater"], "the role rater sees no participants"),
        (["--role", "wizard"], "no role 'wizard'"),
    ):
        done = run("casebook", "--database", rehearsal, *words)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
