"""The words that a site works with: the latest of each instrument and language, named by their digest."""

from __future__ import annotations

from tests.course.cases import Case, before
from tests.course.test_setting import later

FIRST, SECOND = "ab" * 32, "cd" * 32


def enter(case: Case, name: str, digest: str, minute: int, language: str = "en") -> None:
    said = {
        "instrument": "sds",
        "language": language,
        "version": name,
        "holder": "the author",
        "digest": digest,
    }
    later(case, name, "wording", minute, **said)


def test_the_latest_words_of_each_language_count() -> None:
    case = before("randomise")
    assert case.setting().site.wordings == {}
    enter(case, "first", FIRST, 1)
    enter(case, "second", SECOND, 2)
    enter(case, "third", FIRST, 3, language="de")
    wordings = case.setting().site.wordings
    assert {key: (one.version, one.digest) for key, one in wordings.items()} == {
        ("sds", "en"): ("second", SECOND),
        ("sds", "de"): ("third", FIRST),
    }
    assert wordings["sds", "en"].entry == "second"


def test_words_without_a_digest_are_not_followed() -> None:
    case = before("randomise")
    enter(case, "first", FIRST, 1)
    enter(case, "second", "draft", 2)
    setting = case.setting()
    assert setting.site.wordings["sds", "en"].version == "first"
    (problem,) = [one for one in setting.problems if one.rule == "wording"]
    assert (problem.entry, problem.item) == ("second", "digest")
    assert "'draft' is no SHA-256" in problem.message
