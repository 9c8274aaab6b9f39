from __future__ import annotations

from pathlib import Path

import pytest

from entact.cli.published import load_published, parse_published
from entact.datasets import codebook
from entact.protocol import load_study
from entact.report.published import PublishedError, Share

MINI = Path(__file__).parents[1] / "studies" / "mini" / "study.yaml"
HEAD = "study: mini\ncitation: Nobody 2020\n"


def test_a_study_without_published_results_has_none() -> None:
    assert load_published("mini") is None


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PublishedError, match="no such file"):
        load_published(tmp_path / "published.yaml")


def test_shares_are_written_as_counts() -> None:
    text = HEAD + "shares: {gone: {end: {a: 3/8, b: 5, source: F1, confidence: read}}}"
    assert parse_published(text.encode(), "x.yaml").shares["gone"]["end"].arms == {
        "a": Share(events=3, n=8),
        "b": Share(events=5),
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("shares: {gone: {end: {a: 9/8, source: F1, confidence: read}}}", "is more than all"),
        ("shares: {gone: {end: {a: three, source: F1, confidence: read}}}", "write it as in 14/42"),
        (
            "shares: {gone: {end: {a: 3/8, confidence: read}}}",
            "x.yaml:3:17 shares.gone.end.source: is missing",
        ),
        (
            "shares: {gone: {end: {a: 3/8, source: F1, confidence: sure}}}",
            "x.yaml:3:55 shares.gone.end.confidence: there is no value 'sure'; write one of",
        ),
        (
            "scores: {total: {end: {a: {median: 3}, source: F1, confidence: read}}}",
            "x.yaml:3:28 scores.total.end.a.median: there is no key 'median'; did you mean 'mean'",
        ),
        ("share: {}", "x.yaml:3:1 share: there is no key 'share'; did you mean 'shares'"),
        ("shares: [", "x.yaml:4:1: a bracket that is never closed"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(line: str, said: str) -> None:
    with pytest.raises(PublishedError, match=said):
        parse_published((HEAD + line + "\n").encode(), "x.yaml")


def test_the_shipped_results_say_how_well_they_are_confirmed() -> None:
    printed = load_published("mapp1")
    assert printed is not None
    assert printed.changes["caps5_change"]["assessment_4"].arms["mdma"].mean == -24.4
    assert not printed.changes["caps5_change"]["assessment_4"].is_assumed
    assert all(term.is_assumed for term in printed.events.terms.values())  # their table was not read
    assert printed.guesses["participant"].is_assumed


WRONG = """study: minni
citation: Nobody 2020
disposition: {randomized: {mdma: 4, source: F1, confidence: read}}
scores: {symptoms.totl: {baseline: {mdma: {mean: 3}, source: F1, confidence: read}}}
changes: {change: {week_8: {mdma: {mean: 3}, source: F1, confidence: read}}}
effects: {chnge: {d: {value: 0.9, source: F1, confidence: read}}}
shares: {remission: {outcome: {mmda: 3/8, source: F1, confidence: read}}}
events: {terms: {nausia: {mdma: 3/8, source: F1, confidence: read}},
         interest: {abuse: {mdma: 3/8, source: F1, confidence: read}}}
"""


def test_a_name_that_the_study_has_not_is_told_with_its_place() -> None:
    """It would be printed nowhere, and nobody would know."""
    book = codebook(load_study(MINI).newest)
    with pytest.raises(PublishedError) as caught:
        parse_published(WRONG.encode(), "x.yaml", book)
    assert str(caught.value).splitlines() == [
        "x.yaml:1:1 study: these published results are of 'minni', not of 'mini'",
        "x.yaml:3:15 disposition.randomized: there is no row of the disposition 'randomized'; did you mean "
        "'randomised'?",
        "x.yaml:4:10 scores.symptoms.totl: there is no score 'symptoms.totl'; did you mean 'symptoms.total'?",
        "x.yaml:5:20 changes.change.week_8: there is no visit 'week_8'; write one of: baseline, closing, "
        "integration_1, integration_2, outcome, preparation_1, preparation_2, screening, session_1",
        "x.yaml:6:11 effects.chnge: there is no endpoint 'chnge'; did you mean 'change'?",
        "x.yaml:7:32 shares.remission.outcome.mmda: there is no arm 'mmda'; did you mean 'mdma'?",
        "x.yaml:8:18 events.terms.nausia: there is no event term 'nausia'; did you mean 'nausea'?",
        "x.yaml:9:21 events.interest.abuse: there is no kind of special interest 'abuse'; write one of: "
        "abuse potential, suicidality",
    ]


@pytest.mark.parametrize("name", ["mapp1", "mapp2", "life-threatening-illness"])
def test_every_shipped_result_has_a_row_to_stand_in(name: str) -> None:
    assert load_published(name, codebook(load_study(name).newest)) is not None
