"""How raters and therapists are held to one standard: a sample is rated from the recording."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from entact.protocol.study.base import Block, Name

Value = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")]  # form.item


class SecondRating(Block):
    """Of the ratings by one form: what share a second rater rates again, and what agreement is asked for.

    `agreement` is the intraclass correlation of a rater's last `over` ratings that were rated again; whoever
    falls under it rates nobody until they were retrained. `certificate`: what a rater has to hold.
    """

    share: Annotated[float, Field(gt=0, le=1)]
    value: Value  # a number
    category: Value | None = None  # yes or no
    agreement: Annotated[float, Field(gt=0, lt=1)]
    over: Annotated[int, Field(ge=4, le=100)] = 10
    certificate: Name | None = None


SessionKind = Literal["preparatory", "dosing", "integration"]


class Fidelity(Block):
    """Of sessions of one kind: by which form what was done in them is held against the manual, and how many.

    The form is the content checklist; whoever its `by` names fills it in from the recording, at that visit.
    """

    form: Name
    share: Annotated[float, Field(gt=0, le=1)]
