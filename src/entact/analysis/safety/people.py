"""Who could have had an event: each participant once, with an arm."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl


def checked_people(people: pl.DataFrame, contrast: tuple[str, str]) -> pl.DataFrame:
    """The participants of two arms, each once.

    Raises:
        ValueError: when a column is not there, somebody stands twice, or an arm is empty.
    """
    need(people, ("participant", "arm"), "people")
    own = people.with_columns(pl.col("participant").cast(pl.String), pl.col("arm").cast(pl.String))
    twice = own.filter(pl.col("participant").is_duplicated())
    if len(twice):
        raise ValueError(f"participant {twice['participant'][0]} stands twice among the people")
    for arm in contrast:
        if own.filter(arm=arm).is_empty():
            raise ValueError(f"nobody is in arm {arm!r}")
    return own.filter(pl.col("arm").is_in(list(contrast)))


def need(frame: pl.DataFrame, columns: Iterable[str], what: str) -> None:
    """A ValueError for a column that is not there."""
    for name in columns:
        if name not in frame.columns:
            raise ValueError(f"the {what} have no column {name!r}; there are: {', '.join(frame.columns)}")
