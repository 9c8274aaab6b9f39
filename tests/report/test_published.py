from __future__ import annotations

from pathlib import Path

import pytest

from entact.report.published import PublishedError, Share, load_published, parse_published

HEAD = "study: mini\ncitation: Nobody 2020\n"


def test_a_study_without_published_results_has_none() -> None:
    assert load_published("mini") is None


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PublishedError, match="no such file"):
        load_published(tmp_path / "published.yaml")


def test_shares_are_written_as_counts() -> None:
    text = HEAD + "shares: {gone: {end: {a: 3/8, b: 5, source: F1, confidence: read}}}"
    assert parse_published(text, "x.yaml").shares["gone"]["end"].arms == {
        "a": Share(events=3, n=8),
        "b": Share(events=5),
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("shares: {gone: {end: {a: 9/8, source: F1, confidence: read}}}", "is more than all"),
        ("shares: {gone: {end: {a: three, source: F1, confidence: read}}}", "write it as in 14/42"),
        ("shares: {gone: {end: {a: 3/8, confidence: read}}}", "shares.gone.end.source"),
        ("shares: {gone: {end: {a: 3/8, source: F1, confidence: sure}}}", "shares.gone.end.confidence"),
        ("scores: {total: {end: {a: {median: 3}, source: F1, confidence: read}}}", "scores.total.end.a"),
        ("share: {}", "share: Extra inputs"),
        ("shares: [", "x.yaml:4: not YAML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(line: str, said: str) -> None:
    with pytest.raises(PublishedError, match=said):
        parse_published(HEAD + line + "\n", "x.yaml")


def test_the_shipped_results_say_how_well_they_are_confirmed() -> None:
    printed = load_published("mapp1")
    assert printed is not None
    assert printed.changes["caps5_change"]["assessment_4"].arms["mdma"].mean == -24.4
    assert not printed.changes["caps5_change"]["assessment_4"].is_assumed
    assert all(term.is_assumed for term in printed.events.terms.values())  # their table was not read
    assert printed.guesses["participant"].is_assumed
