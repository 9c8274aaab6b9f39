"""`entact allocation keys`: custodians come together, and one row opens that the record was told of first."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from tests.cli.conftest import Run
from tests.cli.keyed import HOLDS, opened_with, run_as, signer_of
from tests.cli.test_allocation import ANNA, BO, enter, randomise

from entact.store import StoreError

CUSTODIANS = ("ada", "ben", "cleo")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the people's keys and passphrases."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def opened(worker_id: str, keys: Path) -> Iterator[str]:
    """A training record of mapp1 with a list maker, a pharmacist who holds nothing, and people for shares."""
    people = dict.fromkeys(("stat", "pia", *CUSTODIANS, "dora"), ("committee", HOLDS))
    people |= {
        "stat": ("committee", [*HOLDS, "cut"]),
        "tom": ("therapist", HOLDS),
        "finn": ("committee", ["cut"]),
    }
    with opened_with("mapp1", f"shares_{worker_id}", keys, people) as database:
        yield database


@pytest.fixture(scope="module")
def made(opened: str, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a list that three custodians have alone, of whom two open a row; Anna has its first."""
    out = tmp_path_factory.mktemp("files") / "list"
    told = _make(opened, keys, out, CUSTODIANS, 2)
    assert (told["holders"], told["threshold"]) == ([], 2)
    randomise(ANNA, "S01-001")
    return out


def _make(opened: str, keys: Path, out: Path, names: tuple[str, ...], threshold: int) -> dict[str, Any]:
    from entact.cli.allocation import make_list

    return make_list(
        opened, ["S01"], 4, [2, 4], None, [], out, signer_of(opened, keys, "stat"), names, threshold
    )


@contextmanager
def given(
    folder: Path, files: Path, opened: str, keys: Path, purpose: str, *names: str
) -> Iterator[list[str]]:
    """Custodians give their shares once a process asks; what was refused them is said."""
    from django.db import connection

    from entact.cli.allocation_keys import give_shares

    signers, refused = {name: signer_of(opened, keys, name) for name in names}, list[str]()

    def come() -> None:
        until = time.monotonic() + 120
        while not (folder / "request.json").exists() and time.monotonic() < until:
            time.sleep(0.02)
        for name, one in signers.items():
            try:
                give_shares(folder, files / "sealed-list.json", files / f"shares-{name}.json", purpose, one)
            except StoreError as error:
                refused.append(str(error))
        connection.close()

    thread = threading.Thread(target=come)
    thread.start()
    try:
        yield refused
    finally:
        thread.join(30)


def test_nobody_is_a_custodian_whom_the_study_hides_the_arm_from(
    opened: str, keys: Path, tmp_path: Path
) -> None:
    for names, threshold, said in (
        (("ada", "tom"), 2, "tom is therapist, from whom the study hides the allocation"),
        (("ada", "ben"), 3, "3 of 2 custodians is no sharing"),
        (("ada", "eva"), 2, "eva has no key with the power `allocation`"),
        ((), 2, "nobody would hold the list"),
    ):
        with pytest.raises(StoreError, match=said):
            _make(opened, keys, tmp_path / "list", names, threshold)
        assert not (tmp_path / "list").exists()


@pytest.mark.requirement("R08")
@pytest.mark.requirement("R11")
def test_two_custodians_open_one_row_which_is_entered_first(
    made: Path, run: Run, opened: str, keys: Path, tmp_path: Path
) -> None:
    """R08, R11: the record says who opens and who gave; the process that opened has no key left."""
    from entact import store
    from entact.course import read
    from entact.store import acts

    meet, files = tmp_path / "meet", ["--list", made / "sealed-list.json"]
    with given(meet, made, opened, keys, "preparation", "ada", "ben") as refused:
        done = run_as(run, opened, keys, "pia", "open", ANNA, *files, "--meet", meet, "--json")
    assert refused == []
    assert done.code == 0
    assert done.json["arm"] in ("mdma", "placebo")
    assert "waiting at" in done.err
    note = next(
        one for one in map(read, (line.text for line in store.lines(ANNA))) if one.kind == "row_opened"
    )
    gave = [(entry.by, entry.data["entry"], entry.data["rows"]) for entry in acts.entries(("shares_given",))]
    assert gave == [("ada", note.id, 1), ("ben", note.id, 1)]
    assert not (meet / "request.json").exists()
    for left in meet.iterdir():  # what was given is sealed to a key that nobody has any more
        shown = left.read_text()
        assert "mdma" not in shown
        assert "placebo" not in shown
    again = run_as(run, opened, keys, "pia", "open", ANNA, *files, "--meet", meet, "--minutes", 0)
    assert (again.code, again.out) == (2, "")
    assert "given-ada.json is there already" in again.err


def test_with_too_few_nothing_is_opened_and_it_is_said_who_is_missing(
    made: Path, run: Run, opened: str, keys: Path, tmp_path: Path
) -> None:
    meet, files = tmp_path / "meet", ["--list", made / "sealed-list.json"]
    with given(meet, made, opened, keys, "preparation", "cleo"):
        done = run_as(run, opened, keys, "pia", "open", ANNA, *files, "--meet", meet, "--minutes", 0.05)
    assert (done.code, done.out) == (2, "")
    assert (
        "nothing was opened after 0.05 minutes: cleo gave a share, and 1 more of ada, ben has to" in done.err
    )
    nobody = run_as(run, opened, keys, "pia", "open", ANNA, *files)
    assert "say who opens the list: --openings FILE of whoever holds it, or --meet FOLDER" in nobody.err


def test_a_custodian_gives_nothing_for_what_the_record_does_not_say(
    made: Path, run: Run, opened: str, keys: Path, tmp_path: Path
) -> None:
    """For another purpose, for a row that is somebody else's, all before the lock, a forged request."""
    from entact.cli.allocation_keys import give_shares
    from entact.store import acts

    files, meet = ["--list", made / "sealed-list.json"], tmp_path / "meet"
    before = len(acts.entries(("shares_given",)))
    with given(meet, made, opened, keys, "second_check", "ada") as refused:
        run_as(run, opened, keys, "pia", "open", ANNA, *files, "--meet", meet, "--minutes", 0.02)
    assert "the record says that pia opens rows for preparation, not for second_check" in refused[0]

    def asked(**change: object) -> str:
        own = {"entact": "entact request for shares 1", "root": root, "by": "pia", "key": "00" * 32}
        (tmp_path / "request.json").write_text(json.dumps(own | {"signature": "", "entry": ""} | change))
        shares = made / "shares-ada.json"
        with pytest.raises(StoreError) as error:
            give_shares(
                tmp_path, made / "sealed-list.json", shares, "preparation", signer_of(opened, keys, "ada")
            )
        return str(error.value)

    root = json.loads((made / "sealed-list.json").read_text())["root"]
    assert "is not signed by pia: give nothing" in asked()
    assert "is not signed by nobody: give nothing" in asked(by="nobody")

    def signed(entry: str, by: str = "pia") -> dict[str, object]:
        from nacl.signing import SigningKey

        from entact.store.meeting import Request

        key = SigningKey(signer_of(opened, keys, by).seed)
        one = Request("entact request for shares 1", root, entry, by, "00" * 32)
        return {"by": by, "entry": entry, "signature": key.sign(one.statement).signature.hex()}

    assert "is not signed by finn: give nothing" in asked(**signed("nowhere", "finn"))  # whose key signs cuts
    assert "the record has no entry nowhere" in asked(**signed("nowhere"))
    strange = enter(BO, "row_opened", {"number": "S01-001", "purpose": "preparation"})
    assert "pia asks for what carla entered: give nothing" in asked(**signed(strange))
    assert len(acts.entries(("shares_given",))) == before


@pytest.mark.parametrize("left", ["request.json", "given-ada.json"])
def test_what_another_meeting_left_behind_is_refused_before_anything_is_entered(
    made: Path, run: Run, opened: str, keys: Path, tmp_path: Path, left: str
) -> None:
    from entact import store

    (tmp_path / left).write_text("{}")
    before = len(list(store.lines(ANNA)))
    files = ["--list", made / "sealed-list.json", "--meet", tmp_path]
    done = run_as(run, opened, keys, "pia", "open", ANNA, *files)
    assert (done.code, done.out) == (2, "")
    assert f"{tmp_path / left} is there already" in done.err
    assert len(list(store.lines(ANNA))) == before
    assert (tmp_path / left).exists()


def test_sheets_are_printed_and_typed_again_when_a_file_or_key_is_lost(
    made: Path, run: Run, opened: str, keys: Path, tmp_path: Path
) -> None:
    from entact.cli.allocation_keys import _own_words

    files = ["--list", made / "sealed-list.json", "--shares", made / "shares-ben.json"]
    sheets = tmp_path / "sheets.pdf"
    done = run_as(run, opened, keys, "ben", "keys", "print", *files, "--out", sheets)
    assert (done.code, done.err) == (0, "")
    assert sheets.read_bytes().startswith(b"%PDF")
    assert sheets.stat().st_mode & 0o077 == 0
    checked = run_as(run, opened, keys, "ben", "keys", "check", *files)
    assert "ben has a share of each of 6 rows, and every one is the one that was made" in checked.out
    stolen = run_as(run, opened, keys, "ada", "keys", "print", *files, "--out", tmp_path / "other.pdf")
    assert "is sealed to ben, whose key is not the one that is open" in stolen.err
    _, words = _own_words(made / "sealed-list.json", made / "shares-ben.json", signer_of(opened, keys, "ben"))
    meet = tmp_path / "meet"
    meet.mkdir()
    (meet / "from the safe.txt").write_text(f"S01-001: {words[0]}\n")
    with given(meet, made, opened, keys, "preparation", "cleo"):
        opened_row = run_as(
            run,
            opened,
            keys,
            "pia",
            "open",
            ANNA,
            "--list",
            made / "sealed-list.json",
            "--meet",
            meet,
            "--json",
        )
    assert opened_row.json["arm"] in ("mdma", "placebo")


def test_a_word_typed_wrongly_ends_no_meeting(
    made: Path, run: Run, opened: str, keys: Path, tmp_path: Path
) -> None:
    """What another gave would be given in vain, and a row entered as opened once more."""
    from entact.cli.allocation_keys import _own_words

    _, words = _own_words(made / "sealed-list.json", made / "shares-ben.json", signer_of(opened, keys, "ben"))
    meet = tmp_path / "meet"
    meet.mkdir()
    sheet = meet / "from the safe.txt"
    sheet.write_text(f"\ufeffS01-001: {words[0].split()[0]} acadmic")  # half typed; some editors begin so
    opens = ["open", ANNA, "--list", made / "sealed-list.json", "--meet", meet]
    late = run_as(run, opened, keys, "pia", *opens, "--minutes", 0)
    assert "nothing was opened after 0 minutes: nobody gave a share" in late.err
    assert "from the safe.txt, line 1, S01-001: word 2, 'acadmic', is none of the list" in late.err

    def mend() -> None:
        until = time.monotonic() + 60
        while not (meet / "given-cleo.json").exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(2)  # the process has looked at both by then
        sheet.write_text(f"\ufeffS01-001: {words[0].upper()}")

    threading.Thread(target=mend).start()
    with given(meet, made, opened, keys, "preparation", "cleo"):
        done = run_as(run, opened, keys, "pia", *opens, "--json")
    assert "'acadmic', is none of the list" in done.err
    assert done.json["arm"] in ("mdma", "placebo")


def test_code_breaks_and_the_gate_where_custodians_alone_have_the_list(
    made: Path, run: Run, opened: str, keys: Path, tmp_path: Path
) -> None:
    from entact.store.meeting import custody_now

    now = custody_now()
    assert now is not None
    assert now.alone
    shown = run("allocation", "keys", "show", "--list", made / "sealed-list.json", "--database", opened)
    assert "2 of 3 open a row together: ada, ben, cleo" in shown.out
    assert "in an emergency there are the code-breaks alone" in shown.out
    meet, breaks = tmp_path / "meet", tmp_path / "breaks.pdf"
    with given(meet, made, opened, keys, "code_breaks", "ada", "cleo") as refused:
        done = run_as(
            run, opened, keys, "pia", "codebreaks", "--list", made / "sealed-list.json", "--meet", meet,
            "--out", breaks,
        )  # fmt: skip
    assert (done.code, refused) == (0, [])
    assert breaks.read_bytes().startswith(b"%PDF")


@pytest.mark.requirement("R10")
def test_the_committee_opens_into_a_process_and_only_its_page_leaves(
    made: Path, run: Run, opened: str, keys: Path, tmp_path: Path
) -> None:
    meet, page = tmp_path / "meet", tmp_path / "blinding.html"
    with given(meet, made, opened, keys, "blinding", "ben", "cleo") as refused:
        done = run_as(
            run, opened, keys, "pia", "measure", "--list", made / "sealed-list.json", "--meet", meet,
            "--for", "stat", "--out", page,
        )  # fmt: skip
    assert (done.code, refused) == (0, [])
    assert "mdma" not in done.out + done.err
    assert "S01-001" not in page.read_text()
    assert len(json.loads((meet / "given-ben.json").read_text())["boxes"]) == 1  # of who is randomised alone


@pytest.mark.requirement("R10")
def test_custodians_open_for_the_closed_report_the_rows_of_who_is_randomised_alone(
    made: Path, run: Run, opened: str, keys: Path, tmp_path: Path
) -> None:
    """A share too many would tell the arm of who comes next."""
    meet, page = tmp_path / "meet", tmp_path / "closed.html"
    with given(meet, made, opened, keys, "closed_report", "ben", "cleo") as refused:
        done = run_as(
            run, opened, keys, "pia", "report", "--list", made / "sealed-list.json", "--meet", meet,
            "--for", "stat", "--out", page,
        )  # fmt: skip
    assert (done.code, refused) == (0, [])
    assert "mdma" not in done.out + done.err
    assert "Closed report for stat by pia" in page.read_text()
    assert len(json.loads((meet / "given-ben.json").read_text())["boxes"]) == 1


def test_a_custodian_can_say_everything_that_rows_are_opened_for() -> None:
    from entact.cli.commands.allocation_keys import give
    from entact.course.kinds.allocation import Purpose, WholePurpose

    said = get_args(get_type_hints(give)["purpose"])
    assert set(said) == {*get_args(Purpose), *get_args(WholePurpose)}


def test_a_custodian_goes_another_comes_and_what_was_before_is_worthless(
    made: Path, run: Run, opened: str, keys: Path, tmp_path: Path
) -> None:
    """Last in this file: the custodians of the record are others from here on."""
    meet, out = tmp_path / "meet", tmp_path / "new"
    renew = ["keys", "renew", "--list", made / "sealed-list.json", "--meet", meet, "--threshold", 2]
    names = [word for name in ("ada", "cleo", "dora") for word in ("--custodian", name)]
    early = run_as(run, opened, keys, "pia", *renew, *names, "--out", out, "--minutes", 0)
    assert "nothing was opened after 0 minutes: nobody gave a share" in early.err
    assert not out.exists()
    with given(meet, made, opened, keys, "renewal", "ada", "ben") as refused:
        done = run_as(run, opened, keys, "pia", *renew, *names, "--out", out)
    assert (done.code, refused) == (0, [])
    assert "2 of ada, cleo, dora open a row together from now on" in done.out
    assert sorted(one.name for one in out.iterdir()) == [
        "custody.json", "sealed-list.json", "shares-ada.json", "shares-cleo.json", "shares-dora.json",
    ]  # fmt: skip
    before = run_as(
        run, opened, keys, "ben", "keys", "check", "--list", made / "sealed-list.json",
        "--shares", made / "shares-ben.json",
    )  # fmt: skip
    assert "is not how the list is shared out now" in before.err
    mixed = Path(shutil.copytree(out, tmp_path / "mixed"))
    shutil.copy(made / "shares-ben.json", mixed)
    other = run_as(
        run, opened, keys, "ben", "keys", "check", "--list", mixed / "sealed-list.json",
        "--shares", mixed / "shares-ben.json",
    )  # fmt: skip
    assert "the list was shared out anew" in other.err
    with given(tmp_path / "again", out, opened, keys, "preparation", "dora", "cleo") as refused:
        row = run_as(
            run, opened, keys, "pia", "open", ANNA, "--list", out / "sealed-list.json",
            "--meet", tmp_path / "again", "--json",
        )  # fmt: skip
    assert refused == []
    assert row.json["arm"] in ("mdma", "placebo")
