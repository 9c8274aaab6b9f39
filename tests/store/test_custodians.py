"""Each row's own key is shared out: enough custodians open that row, fewer nothing, and damage is named."""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec
import pytest

from entact.course.allocation.commitment import Opening, seal_rows
from entact.course.signed.signature import Holder, public_key
from entact.store import StoreError
from entact.store.custodians import (
    Custody,
    Given,
    HeldShares,
    Together,
    give,
    missing,
    problem_of,
    read_custody,
    read_given,
    read_shares,
    read_typed,
    share_of,
    share_out,
    together,
)
from entact.store.sealed_list import FORMAT, SealedList, open_place
from entact.store.signature import Signer

NAMES = ("ada", "ben", "cleo")
TEXTS = ["S01-001|S01|mdma", "S01-002|S01|placebo", "method|permuted blocks|4"]
LABELS = ["S01-001", "S01-002", "row 3"]


class Ceremony(msgspec.Struct, frozen=True):
    """A list of two rows with its method, shared out among three, of whom two open a row."""

    sealed: SealedList
    openings: list[Opening]
    signers: dict[str, Signer]
    custody: Custody
    held: dict[str, HeldShares]

    def words(self, name: str, place: int) -> str:
        return share_of(self.held[name], self.custody, self.signers[name], place, LABELS[place])

    def given(self, *names: str) -> Together:
        return together(self.custody, LABELS, [Given(name, 0, self.words(name, 0)) for name in names])


@pytest.fixture(scope="module")
def ceremony() -> Ceremony:
    rows, openings, root = seal_rows(TEXTS, secrets.token_bytes)
    sealed = SealedList(FORMAT, "mini", root, {"S01": ["S01-001", "S01-002"]}, rows)
    signers = {name: Signer(name, bytes([place]) * 32) for place, name in enumerate(NAMES, start=1)}
    custody, held = share_out(root, openings, holders(signers), 2)
    return Ceremony(sealed, openings, signers, custody, held)


def holders(signers: dict[str, Signer]) -> list[tuple[str, Holder]]:
    return [
        (name, Holder(name, "committee", public_key(one.seed), ("allocation",), "entry"))
        for name, one in signers.items()
    ]


@pytest.mark.requirement("R08")
@pytest.mark.parametrize("names", [("ada", "ben"), ("ada", "cleo"), ("cleo", "ben"), NAMES])
def test_enough_custodians_open_one_row_and_no_other(ceremony: Ceremony, names: tuple[str, ...]) -> None:
    opener = ceremony.given(*names)
    assert open_place(ceremony.sealed, opener, 0) == TEXTS[0]
    with pytest.raises(StoreError, match="S01-002 stays closed: nobody gave a share, and 2 more"):
        opener.opening(1)


def test_too_few_are_told_who_is_missing(ceremony: Ceremony) -> None:
    with pytest.raises(StoreError, match=r"S01-001 stays closed: ben gave a share, and 1 more of ada, cleo"):
        ceremony.given("ben").opening(0)
    assert missing(ceremony.custody, ["ada", "cleo"]) == ""


def test_one_share_alone_says_nothing_of_the_secret(ceremony: Ceremony) -> None:
    """What one custodian has of two rows of different arms has one length, and none of what opens them."""
    shares = [ceremony.words("ada", place) for place in range(3)]
    assert {len(one.split()) for one in shares} == {20}
    assert len(set(shares)) == 3
    held = msgspec.json.encode(ceremony.held["ada"]).decode()
    for opening in ceremony.openings:
        assert opening.key not in held
        assert opening.salt not in held


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda words: words[:-1], "a share has 20 words, and 19 are here"),
        (lambda words: [*words[:6], "acadmic", *words[7:]], "word 7, 'acadmic', is none of the list"),
        (lambda words: [words[1], words[0], *words[2:]], "a word is wrong, or two changed places"),
        (lambda words: [*words[:9], "academic", *words[10:]], "a word is wrong, or two changed places"),
    ],
)
def test_a_sheet_typed_wrongly_is_named_by_line_row_and_word(
    ceremony: Ceremony, tmp_path: Path, harm: object, said: str
) -> None:
    typed = tmp_path / "ada.txt"
    words = harm(ceremony.words("ada", 0).split())  # type: ignore[operator]
    typed.write_text(f"S01-002: {ceremony.words('ada', 1)}\n\ns01-001: {' '.join(words)}\n")
    with pytest.raises(StoreError, match=f"ada.txt, line 3, S01-001: {said}"):
        read_typed(typed, ceremony.custody, LABELS)


def test_a_share_of_another_row_or_from_nowhere_is_named(ceremony: Ceremony, tmp_path: Path) -> None:
    typed = tmp_path / "ben.txt"
    typed.write_text(f"S01-001: {ceremony.words('ben', 1)}")
    with pytest.raises(StoreError, match="these are words of no share of S01-001"):
        read_typed(typed, ceremony.custody, LABELS)
    typed.write_text(f"S09-001: {ceremony.words('ben', 1)}")
    with pytest.raises(StoreError, match="line 1: 'S09-001' is no row"):
        read_typed(typed, ceremony.custody, LABELS)
    typed.write_text(f"S01-001: {ceremony.words('ben', 0)}")
    assert read_typed(typed, ceremony.custody, LABELS) == [Given("ben", 0, ceremony.words("ben", 0))]


def test_a_damaged_share_is_named_with_whose_it_is(ceremony: Ceremony) -> None:
    wrong = together(
        ceremony.custody,
        LABELS,
        [Given("ada", 0, ceremony.words("ada", 0)), Given("ben", 0, ceremony.words("cleo", 0))],
    )
    with pytest.raises(StoreError, match="the share of ben of S01-001 is damaged"):
        wrong.opening(0)
    boxes = list(ceremony.held["ada"].boxes)
    boxes[1] = boxes[0]
    held = msgspec.structs.replace(ceremony.held["ada"], boxes=boxes)
    with pytest.raises(StoreError, match="the share of ada of S01-002 was altered"):
        share_of(held, ceremony.custody, ceremony.signers["ada"], 1, LABELS[1])


def test_what_is_given_is_read_by_the_process_that_asked_alone(ceremony: Ceremony, tmp_path: Path) -> None:
    asking, other = Signer("pia", secrets.token_bytes(32)), Signer("pia", secrets.token_bytes(32))
    given = give(
        ceremony.held["ada"], ceremony.custody, ceremony.signers["ada"], {0: "S01-001"}, asking.public
    )
    file = tmp_path / "given-ada.json"
    file.write_bytes(msgspec.json.encode(given))
    assert read_given(file, ceremony.custody, asking) == [Given("ada", 0, ceremony.words("ada", 0))]
    with pytest.raises(StoreError, match="was given to another process"):
        read_given(file, ceremony.custody, other)
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(given, key=other.public)))
    with pytest.raises(StoreError, match="was altered: the key does not open it"):
        read_given(file, ceremony.custody, other)


def test_shared_out_anew_the_shares_of_before_open_nothing(ceremony: Ceremony, tmp_path: Path) -> None:
    """With every share of before, and what lies beside the list from now on, no row is opened."""
    signers = {name: ceremony.signers[name] for name in ("ada", "cleo")} | {"dora": Signer("dora", b"d" * 32)}
    custody, held = share_out(ceremony.sealed.root, ceremony.openings, holders(signers), 2)
    both = [Given(name, 0, ceremony.words(name, 0)) for name in NAMES]
    forged = msgspec.structs.replace(custody, shares=ceremony.custody.shares)  # even when they were believed
    with pytest.raises(StoreError, match=r"custody\.json was altered: the shares do not open S01-001"):
        together(forged, LABELS, both).opening(0)
    mixed = together(
        custody,
        LABELS,
        [both[0], Given("dora", 0, share_of(held["dora"], custody, signers["dora"], 0, "S01-001"))],
    )
    with pytest.raises(StoreError, match="the share of ada of S01-001 is damaged"):
        mixed.opening(0)
    file = tmp_path / "custody.json"
    file.write_bytes(msgspec.json.encode(ceremony.custody))
    with pytest.raises(StoreError, match="not how the list is shared out now"):
        read_custody(file, ceremony.sealed, custody.digest)
    (tmp_path / "shares-ada.json").write_bytes(msgspec.json.encode(ceremony.held["ada"]))
    with pytest.raises(StoreError, match="the list was shared out anew"):
        read_shares(tmp_path / "shares-ada.json", custody, signers["ada"])


@pytest.mark.parametrize("threshold", [0, 1, 4])
def test_no_sharing_lets_one_alone_open_a_row(ceremony: Ceremony, threshold: int) -> None:
    with pytest.raises(StoreError, match=f"{threshold} of 3 custodians is no sharing"):
        share_out(ceremony.sealed.root, ceremony.openings, holders(ceremony.signers), threshold)


def test_another_persons_shares_are_not_mine(ceremony: Ceremony, tmp_path: Path) -> None:
    file = tmp_path / "shares-ada.json"
    file.write_bytes(msgspec.json.encode(ceremony.held["ada"]))
    with pytest.raises(StoreError, match="is sealed to ada"):
        read_shares(file, ceremony.custody, ceremony.signers["ben"])


def test_the_words_are_slip_39s_own() -> None:
    """A test vector of SLIP-0039 (128 bits, 2 of 3) is a share; one word off, it is none."""
    vector = (
        "shadow pistol academic always adequate wildlife fancy gross oasis cylinder mustang wrist rescue "
        "view short owner flip making coding armed"
    )
    assert problem_of(vector) == ""
    assert problem_of(vector.replace("armed", "academic")) != ""
