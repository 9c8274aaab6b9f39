"""Durations and windows in words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.protocol.quantity import parse_duration
from entact.protocol.study import Span
from entact.protocol.words.time import duration_words, hours_words, text_words, time_words, window_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0", "0 days"),
        ("1 d", "1 day"),
        ("14 d", "14 days"),
        ("5 wk", "35 days"),
        ("18 wk", "18 weeks"),
        ("43 d", "43 days"),
        ("90 min", "90 min"),
        ("60 min", "1 h"),
        ("2 h 30 min", "2 h 30 min"),
        ("36 h", "36 h"),
        ("75 h", "75 h"),
        ("-2 d", "minus 2 days"),
        ("90 s", "1 min 30 s"),
    ],
)
def test_durations(text: str, words: str) -> None:
    assert text_words(text) == words


@given(st.integers(0, 20_000))
def test_words_of_a_duration_are_that_duration(minutes: int) -> None:
    """Law: what is said, read as a study file writes it, is the same time."""
    time = timedelta(minutes=minutes)
    words = duration_words(time)
    written = words.replace("weeks", "wk").replace("days", "d").replace("day", "d")
    assert parse_duration(written) == time


def test_a_clock_in_hours_stays_in_hours() -> None:
    assert [hours_words(parse_duration(text)) for text in ("24 h", "48 h", "7 d", "30 min")] == [
        "24 h",
        "48 h",
        "7 days",
        "30 min",
    ]


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ("2 .. 14 d", "2 to 14 days"),
        ("0 .. 30 d", "within 30 days"),
        ("0 .. 6 wk", "within 6 weeks"),
        ("2 .. 2 d", "2 days"),
        ("0 .. 0", "the same day"),
        ("49 .. 63 d", "7 to 9 weeks"),
        ("14 .. 56 d", "14 to 56 days"),
        ("18 .. 34 d", "18 to 34 days"),
        ("1 h 30 min .. 2 h", "90 min to 2 h"),
        ("6 .. 12 h", "6 h to 12 h"),
        ("next morning", "the next morning, 06:00 to 12:00"),
    ],
)
def test_windows(window: str, words: str) -> None:
    assert window_words(Span.parse(window)) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("before initial", "before the initial dose"),
        ("initial", "at the initial dose"),
        ("initial + 90 min", "90 min after the initial dose"),
        ("supplement + 1 h", "1 h after the supplement"),
        ("end", "at the end"),
    ],
)
def test_times_in_a_session(moment: str, words: str) -> None:
    assert time_words(moment) == words
