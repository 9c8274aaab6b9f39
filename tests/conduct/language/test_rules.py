"""Rules, gates and alerts of every shipped study are told in German to the last clause."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils.translation import override
from tests.conduct.language.catalogue import CONDUCT, read_words
from tests.conduct.record import blinded_study

from entact.conduct.language.rules import KNOWN, told_rule
from entact.conduct.language.sentences import PASSAGES, told_again
from entact.course.kinds import KINDS, SITE_KINDS, STUDY_KINDS, SYSTEM_KINDS
from entact.protocol import Release, load_study
from entact.protocol.words.form import Forms
from entact.protocol.words.label import COUNTS, FACTS
from entact.protocol.words.safety import Safety

STUDIES = sorted(path.parent.name for path in (CONDUCT.parent / "studies").glob("*/study.yaml"))


def _rules(release: Release) -> Iterator[str]:
    safety, file = Safety(release), release.file
    for gate in file.gates.values():
        yield from (safety.rule(one.require) for one in gate.require)
        yield from (safety.rule(one) for one in (gate.applies_when,) if one is not None)
    for alert in file.alerts.values():
        said = (alert.when, alert.rearm, *(step.when for step in alert.escalate))
        yield from (safety.rule(one) for one in said if one is not None)
    for ruled in (*file.stopping.values(), *file.holds.values(), *file.reports.values()):
        yield safety.rule(ruled.when)
    for form in (*Forms(release).all(), *Forms(release, by_title=True).all()):
        yield from (one.asked for item in form.items for one in (item, *item.cells) if one.asked)


@pytest.mark.parametrize("name", STUDIES)
def test_each_rule_of_a_study_is_told(name: str) -> None:
    release = load_study(name).newest
    rules = set(_rules(release))
    with override("de"):
        assert {rule for rule in rules if told_rule(rule) == rule} == set()
        for gate in release.file.gates:
            for passage in Safety(release).requirements(gate):
                assert all(told_again(note) != note for note in passage.notes), passage
    assert {rule for rule in rules if told_rule(rule) != rule} == set()


def test_a_clause_is_told_with_what_is_in_it() -> None:
    with override("de"):
        assert told_rule("At least 2 therapists are in the room") == "Im Raum: mindestens 2 (Therapeut/in)"
        assert told_rule("heart rate (vital signs) is below 110 per minute and fasted is yes") == (
            "heart rate (vital signs) liegt unter 110 pro Minute und fasted: ja"
        )
        assert told_rule("impairment and orientation is yes") == "impairment and orientation: ja"
        assert (
            told_rule("unimpaired (impairment, orientation) is no")
            == "unimpaired (impairment, orientation): nein"
        )


def test_the_title_of_an_item_is_one_part_whatever_words_are_in_it() -> None:
    with override("de"):
        assert (
            told_rule("“How bad is it, and where?” is above 0") == "“How bad is it, and where?” liegt über 0"
        )
        assert told_rule("“3 days or more” is at least 2 days") == "“3 days or more” ist mindestens 2 Tage"
        assert told_rule("“a is yes” is yes and “b or c” is no") == "“a is yes”: ja und “b or c”: nein"
        assert told_rule("“A day” is above “Two days”") == "“A day” liegt über “Two days”"


def test_a_condition_calls_items_by_their_titles_in_the_language_of_the_form() -> None:
    def with_pain(data: dict[str, Any]) -> None:
        data["languages"] = ["en", "de"]
        data["forms"]["aches"] = {
            "by": "participant",
            "items": {
                "pain": {"type": "integer", "range": "0 .. 10", "title": {"en": "Pain", "de": "Schmerz"}},
                "plain": {"type": "boolean"},
                "where": {"type": "text", "title": "Where", "when": "pain > 0 && plain"},
            },
        }
        data["schedule"][0]["do"].append("aches")

    release = blinded_study(with_pain).newest
    form = release.forms["aches"]
    assert Forms(release, "de").of(form).items[2].asked == "pain is above 0 and plain is yes"
    assert Forms(release, by_title=True).of(form).items[2].asked == "“Pain” is above 0 and plain is yes"
    asked = Forms(release, "de", by_title=True).of(form).items[2].asked
    with override("de"):
        assert told_rule(asked) == "“Schmerz” liegt über 0 und plain: ja"


def test_a_rule_of_which_a_clause_is_not_known_stays_as_it_is() -> None:
    with override("de"):
        for rule in ("total times 2", "a is yes and the moon is", "b is yes if c is no, else d"):
            assert told_rule(rule).startswith(rule[:5]), rule
        assert told_rule("the moon") == "the moon"


def test_what_a_gate_lacks_is_told_behind_what_it_asks() -> None:
    with override("de"):
        told = told_again("Blood pressure too high. Not known within the last 2 days: systolic (vitals).")
        assert told == "Blood pressure too high. Nicht bekannt (letzte 2 Tage): systolic (vitals)."


def test_every_fact_and_count_and_the_title_of_every_kind_is_known() -> None:
    assert {one for both in FACTS.values() for one in both} | {*COUNTS.values()} == {*KNOWN}
    kinds = (KINDS, SITE_KINDS, STUDY_KINDS, SYSTEM_KINDS)
    words = {one.id for one in read_words("de")}
    assert {kind.title for group in kinds for kind in group.values()} - words == set()


def test_each_pattern_of_a_passage_is_one_that_is_said() -> None:
    release = load_study("mapp3").newest
    said = [*Safety(release).alerts(), *Safety(release).gates()]
    notes = {note for passage in said for note in passage.notes}
    with override("de"):
        assert {note for note in notes if told_again(note) == note} == set()
    assert len(PASSAGES) == len({*PASSAGES})
