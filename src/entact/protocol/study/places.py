"""Who takes part, where, and how many: populations, sites, quotas and holds."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from entact.protocol.study.base import Block, Name
from entact.protocol.study.text import Words


class Population(Block):
    """People who take part in one way; `linked_to`: each of them comes with somebody of that population."""

    planned: int = Field(gt=0)
    title: Words | None = None
    linked_to: Name | None = None


class SitePlan(Block):
    """A planned site: where it is and which clock it keeps."""

    country: str
    timezone: str


def _scheme(text: str) -> str:
    counted = re.findall("#+", text)
    plain = re.sub("#+", "", text.replace("{site}", ""))
    words = len(re.findall("[A-Za-z]{2,}", plain)) + ("{site}" in text)
    if len(counted) != 1 or not 2 <= len(counted[0]) <= 8 or not re.fullmatch(r"[A-Za-z0-9._-]*", plain):
        raise ValueError(
            f"{text!r} is no scheme of numbers; write '{{site}}' where the site's id stands and one run of # "
            "for the digits that count, as in '{site}-S###'"
        )
    if words > 1 or not re.fullmatch(r"[A-Za-z0-9#{].*[A-Za-z0-9#}]", text) or "##" not in text:
        raise ValueError(
            f"{text!r} could not be told from a name; it may hold one word or the site's id, else letters"
        )
    return text


NumberScheme = Annotated[str, AfterValidator(_scheme)]


class Numbers(Block):
    """How participants are numbered: the next number is given out by the record, in one count for each site
    where `{site}` is in it, else in one for the study.
    """

    screening: NumberScheme | None = None
    subject: NumberScheme | None = None


class Quota(Block):
    """At most so many are enrolled: of a population, at each site, or of those for whom `when` holds."""

    most: int = Field(gt=0)
    title: Words | None = None
    population: Name | None = None
    per: Literal["study", "site"] = "study"
    when: str | None = None


class Hold(Block):
    """What stops when a rule about the whole study holds, until somebody lifts it.

    `again`: once lifted it holds anew as soon as a number that it names has grown. `interest`: which kind of
    special interest `study.events_of_interest` counts in the rule; without it, all.
    """

    title: Words
    when: str
    interest: str | None = None
    stops: list[Literal["enrolment", "randomisation", "dosing"]]
    lifted_by: str
    again: bool = False
