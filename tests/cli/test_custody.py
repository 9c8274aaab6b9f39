"""`entact sign-key`, `entact erase`, `entact keys`, `entact identity`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import LOCK, Done, Run

Sign = Callable[..., Done]


@pytest.fixture
def participant(own: str) -> str:
    """One participant of the rehearsal."""
    from entact import store

    store.setup(database=own)
    return store.ledgers("participant:")[0].ledger


def test_a_key_is_made_listed_and_revoked(run: Run, sign: Sign, own: str, tmp_path: Path) -> None:
    listed = run("sign-key", "list", "--database", own, "--json").json
    assert [(one["person"], one["powers"]) for one in listed] == [
        ("ada", ["custody", "cut", "erase", "unlock"]),
        ("ben", ["custody", "cut", "erase", "unlock"]),
    ]
    shown = run("sign-key", "list", "--database", own)
    ada, ben = shown.out.splitlines()
    assert ada.startswith("ada  data_manager  custody, cut, erase, unlock  founder, vouched for by nobody  ")
    assert ben.startswith("ben  data_manager  custody, cut, erase, unlock  founder, vouched for by ada  ")
    done = sign("sign-key", "revoke", "ben", by="ada")
    assert (done.code, done.out) == (0, "the key of ben does not count any more\n")
    refused = sign("cut", "make", "one", by="ben")
    assert refused.code == 2
    assert "does not know this key as ben's" in refused.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["eva", "--role", "data_manager", "--power", "erase"], "nobody who holds a key vouches for eva"),
        (["eva", "--role", "data_manager", "--power", "rule"], "'rule' is nothing a key can be for"),
        (["eva", "--role", "king", "--power", "erase"], "the study has no role 'king'; it has: participant"),
        (["ada", "--role", "data_manager", "--power", "erase"], "ada holds a key already"),
    ],
)
def test_a_key_that_would_not_count_leaves_no_file(
    run: Run, sign: Sign, own: str, tmp_path: Path, words: list[str], said: str
) -> None:
    file = tmp_path / "new.key"
    (tmp_path / "new words").write_text("thirteen red kites")
    options = ["--key", file, "--passphrase-file", tmp_path / "new words", "--database", own]
    done = run("sign-key", "new", *words, *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not file.exists()


def test_two_persons_erase_and_the_record_still_holds(
    run: Run, sign: Sign, own: str, participant: str, tmp_path: Path
) -> None:
    details = tmp_path / "details.json"
    details.write_text(json.dumps({"name": "Anna Zylberstein", "birth_date": "1979-11-30"}))
    kept = run(
        "identity", "keep", participant, "--site", "S01", "--by", "c-1", "--role", "coordinator",
        "--file", details, "--database", own,
    )  # fmt: skip
    assert (kept.code, kept.err) == (0, "")
    assert "Anna" not in kept.out
    shown = run("identity", "show", participant, "--site", "S01", "--database", own)
    assert shown.json == {"name": "Anna Zylberstein", "birth_date": "1979-11-30"}
    asked = sign("erase", "request", participant.removeprefix("participant:"), by="ada")
    assert asked.code == 0
    assert f"entact erase confirm {participant}" in asked.out
    number = asked.out.partition(f"of {participant} (")[2].partition(")")[0]
    assert number
    nobody = sign("erase", "request", f"{number}-9", by="ada")
    assert (nobody.code, nobody.out) == (2, "")
    alone = sign("erase", "confirm", participant, by="ada")
    assert (alone.code, alone.out) == (2, "")
    assert "another person confirms it" in alone.err
    waiting = run("erase", "list", "--database", own, "--json").json
    assert [(one["participant"], one["asked_by"]) for one in waiting["asked"]] == [(participant, "ada")]
    done = sign("erase", "confirm", number, by="ben")  # by the number that people know
    assert (done.code, done.err) == (0, "")
    assert f"erased: what was personal of {participant}" in done.out
    gone = run("identity", "show", participant, "--site", "S01", "--database", own)
    assert gone.code == 2
    assert "or it was erased" in gone.err
    listed = run("erase", "list", "--database", own, "--json").json
    assert [(one["asked_by"], one["confirmed_by"]) for one in listed["erased"]] == [("ada", "ben")]
    assert listed["asked"] == listed["problems"] == []
    where = run("keys", "where", "--database", own, "--json").json
    assert where["erased"] == 1
    assert participant in Path(where["register"]).read_text()
    assert participant not in Path(where["keys_file"]).read_text()
    assert run("verify", "--database", own).code == 0


def test_keys_are_backed_up_and_restored_by_who_answers_for_erasures(
    run: Run, sign: Sign, own: str, participant: str, tmp_path: Path
) -> None:
    file, words = tmp_path / "keys.json", ["--file-passphrase-file", tmp_path / "words"]
    made = sign("keys", "backup", file, *words, by="ada")
    count = run("keys", "where", "--database", own, "--json").json["keys"]
    assert made.out == f"{count} keys in {file}, 0 erased left out: keep it apart from the record\n"
    sign("erase", "request", participant, by="ada")
    sign("erase", "confirm", participant, by="ben")
    unsaid = sign("keys", "restore", file, *words, by="ada")
    assert (unsaid.code, unsaid.out) == (2, "")
    assert "say what was erased since" in unsaid.err
    where = run("keys", "where", "--database", own, "--json").json
    Path(where["keys_file"]).unlink()
    lacking = run("keys", "where", "--database", own, "--json").json
    assert "lacks the keys of" in lacking["notices"][0]
    back = sign("keys", "restore", file, "--register", where["register"], *words, by="ada")
    assert back.out == f"{count - 1} keys came back, 1 of erased participants did not\n"
    again = sign("keys", "restore", file, "--nobody-erased-since", *words, by="ada")
    assert again.out == "0 keys came back, 1 of erased participants did not\n"
    missing = sign("keys", "restore", tmp_path / "none", "--nobody-erased-since", *words, by="ada")
    assert missing.code == 2
    assert "there is no file of keys" in missing.err


def test_for_custody_too_two_vouch_who_are_not_of_each_others_making(
    run: Run, sign: Sign, own: str, tmp_path: Path
) -> None:
    """The fourth key and every later one; the first three found the keyring."""
    (tmp_path / "eva words").write_text("thirteen red kites")
    (tmp_path / "fay words").write_text("eleven blue boats")

    def new(person: str, *vouched: object) -> Done:
        key = ["--key", tmp_path / f"{person}.key", "--passphrase-file", tmp_path / f"{person} words"]
        asked = ["sign-key", "new", person, "--role", "data_manager", "--power", "custody"]
        return run(*asked, *key, *vouched, "--database", own)

    by_ada = ["--vouched-by", "ada", "--voucher-key", tmp_path / "ada.key"]
    by_ada += ["--voucher-passphrase-file", tmp_path / "words"]
    by_ben = ["--also-vouched-by", "ben", "--also-voucher-key", tmp_path / "ben.key"]
    by_ben += ["--also-voucher-passphrase-file", tmp_path / "words of ben"]
    assert new("eva", *by_ada).code == 0
    alone = new("fay", *by_ada)
    assert (alone.code, alone.out) == (2, "")
    assert "for custody two persons vouch who hold that power" in alone.err
    assert not (tmp_path / "fay.key").exists()
    done = new("fay", *by_ada, *by_ben)
    assert (done.code, done.err) == (0, "")
    fay = run("sign-key", "list", "--database", own, "--json").json[-1]
    assert (fay["person"], fay["founder"], fay["vouched_for_by"]) == ("fay", False, ["ada", "ben"])


def test_one_passphrase_is_not_two_persons(run: Run, sign: Sign, own: str, tmp_path: Path) -> None:
    vouched = ["--vouched-by", "ada", "--voucher-key", tmp_path / "ada.key"]
    vouched += ["--voucher-passphrase-file", tmp_path / "words"]
    words = ["--key", tmp_path / "eva.key", "--passphrase-file", tmp_path / "words", "--database", own]
    done = run("sign-key", "new", "eva", "--role", "data_manager", "--power", "cut", *words, *vouched)
    assert (done.code, done.out) == (2, "")
    assert "the passphrase of eva opens the key of ada" in done.err
    assert not (tmp_path / "eva.key").exists()
    for alike in ("Ben", "b.en", "b-e-n"):
        (tmp_path / "other words").write_text("thirteen red kites")
        words = [
            "--key",
            tmp_path / "x.key",
            "--passphrase-file",
            tmp_path / "other words",
            "--database",
            own,
        ]
        done = run("sign-key", "new", alike, "--role", "data_manager", "--power", "cut", *words, *vouched)
        assert done.code == 2
        assert f"{alike} is hardly told from ben" in done.err


# What two persons do, each with a passphrase of their own: asked for by one, confirmed by another.
TOGETHER: dict[str, tuple[Callable[[str], tuple[str, ...]], ...]] = {
    "erase": (lambda who: ("erase", "request", who), lambda who: ("erase", "confirm", who)),
    "unlock": (
        lambda who: ("unlock", "request", "one", "--reason", "a late coding"),
        lambda who: ("unlock", "confirm", "one"),
    ),
}


@pytest.mark.parametrize("act", TOGETHER)
def test_who_confirms_is_asked_for_a_passphrase_of_their_own(
    run: Run, sign: Sign, own: str, participant: str, tmp_path: Path, act: str
) -> None:
    """Nobody who sits at the other's machine, or knows the other's words, is the second person."""
    from entact.store.participant_keys import key_of
    from entact.store.passphrase import seal_bytes
    from entact.store.signature import open_key_file

    request, confirm = TOGETHER[act]
    if act == "unlock":
        assert sign("cut", "make", "locked", *LOCK, by="ada").code == 0

    def nothing_was_done() -> bool:
        cuts = run("cut", "list", "--database", own).out
        return key_of(participant) is not None and "in force" not in cuts.partition("one")[2]

    for step in (request, confirm):
        if step is confirm:
            assert sign(*request(participant), by="ada").code == 0
        key = ["--by", "ben", "--key", tmp_path / "ben.key", "--database", own]
        untold = run(*step(participant), *key)  # nobody types one here
        assert untold.code == 2
        assert "nobody is there to type the passphrase of ben" in untold.err
        others = run(*step(participant), *key, "--passphrase-file", tmp_path / "words")
        assert others.code == 2
        assert "the passphrase does not open" in others.err
        as_ben = ["--by", "ben", "--key", tmp_path / "ada.key", "--database", own]
        as_ben += ["--passphrase-file", tmp_path / "words"]
        assert "is the key of ada, not of ben" in run(*step(participant), *as_ben).err
        assert nothing_was_done()
    # ada has put ben's key under her own words too: whoever knows them would be both
    theirs = (tmp_path / "ben.key").read_text()
    ben = open_key_file(tmp_path / "ben.key", "hanging on the wall")
    both = json.loads(theirs) | seal_bytes(ben.seed, "seven green bottles")
    (tmp_path / "ben.key").write_text(json.dumps(both))
    same = run(*confirm(participant), *key, "--passphrase-file", tmp_path / "words")
    assert same.code == 2
    assert "the passphrase of ben opens the key of ada" in same.err
    assert nothing_was_done()
    (tmp_path / "ben.key").write_text(theirs)
    assert sign(*confirm(participant), by="ben").code == 0
    assert not nothing_was_done()


def test_keys_that_are_lost_for_good_are_given_up_by_a_person_who_signs(
    run: Run, sign: Sign, own: str, participant: str, tmp_path: Path
) -> None:
    where = run("keys", "where", "--database", own, "--json").json
    assert "no key is missing" in sign("keys", "give-up", "--reason", "entered_in_error", by="ada").err
    Path(where["keys_file"]).unlink()
    done = sign("keys", "give-up", "--reason", "entered_in_error", by="ada")
    assert (done.code, done.err) == (0, "")
    assert f"given up: what was sealed of {participant} cannot be opened any more" in done.out
    now = run("keys", "where", "--database", own, "--json").json
    assert (now["keys"], now["notices"]) == (where["keys"], [])
    assert run("verify", "--database", own).code == 0


def test_a_passphrase_is_typed_or_read_and_never_an_argument(run: Run, own: str, tmp_path: Path) -> None:
    done = run(
        "sign-key", "new", "ada", "--role", "data_manager", "--power", "cut",
        "--key", tmp_path / "ada.key", "--database", own,
    )  # fmt: skip
    assert (done.code, done.out) == (2, "")
    assert "--passphrase-file names a file with it" in done.err
    nobody = run("cut", "make", "one", "--by", "../eva", "--database", own)
    assert nobody.code == 2
    assert "cannot be the name of a person" in nobody.err
    absent = run("cut", "make", "one", "--by", "eva", "--database", own)
    assert absent.code == 2
    assert "there is no signing key in" in absent.err


def test_what_is_no_span_of_time_or_no_text_is_refused(sign: Sign, participant: str, tmp_path: Path) -> None:
    for within, said in (
        ("nan", "is no number of hours"),
        ("1e300", "is no number"),
        ("800", "at most 30 days"),
    ):
        for command in (["erase", "request", participant], ["unlock", "request", "one", "--reason", "late"]):
            done = sign(*command, "--within", within, by="ada")
            assert (done.code, done.out) == (2, "")
            assert said in done.err
    (tmp_path / "words").write_bytes(b"\xff\xfe")
    assert "holds no text" in sign("erase", "request", participant, by="ada").err


def test_another_persons_file_is_not_taken_for_ones_own(
    run: Run, sign: Sign, own: str, tmp_path: Path
) -> None:
    key, words = tmp_path / "ada.key", tmp_path / "words"
    options = ["--key", key, "--passphrase-file", words, "--database", own]
    done = run("cut", "make", "one", "--by", "ben", *options)
    assert done.code == 2
    assert "is the key of ada, not of ben" in done.err


def test_identities_that_are_none_are_refused(run: Run, own: str, participant: str, tmp_path: Path) -> None:
    file = tmp_path / "details.json"
    options = ["--site", "S01", "--by", "c-1", "--role", "coordinator", "--file", file, "--database", own]
    for content, said in (
        ("{", "is no JSON"),
        ("[]", "holds no identifiers"),
        ('{"age": 4}', "no identifiers"),
    ):
        file.write_text(content)
        done = run("identity", "keep", participant, *options)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
