"""Who works at a virtual site."""

from __future__ import annotations

from dataclasses import dataclass

from entact.protocol import Release

THERAPISTS = 6
RATERS = 24
# Those whom the engine's own activities need, whatever the study file says of its forms and visits.
_NEEDED = ("coordinator", "investigator", "pharmacist", "therapist")
_ELSEWHERE = ("participant", "rater")  # not on a site's staff list


@dataclass(frozen=True, slots=True)
class Team:
    """The people who look after one participant of a site.

    Attributes:
        therapists: the two who accompany the participant throughout. raters: taken in turn, so that none
            rates a person twice.
    """

    site: str
    therapists: tuple[str, str]
    raters: tuple[str, ...]

    @property
    def investigator(self) -> str:
        """Who answers for the site."""
        return f"investigator-{self.site}"

    def person(self, role: str) -> str:
        """The person in a role; a participant speaks for themselves."""
        if role == "participant":
            return role
        return self.therapists[0] if role == "therapist" else f"{role}-{self.site}"

    def others(self, role: str) -> tuple[str, ...]:
        """Who else is in a role for this participant."""
        return self.therapists[1:] if role == "therapist" else ()


def site_staff(release: Release, site: str) -> dict[str, list[str]]:
    """Everyone on a site's staff list, with roles: whom the engine, a form or a visit of the study needs."""
    asked = [form.form.by for form in release.forms.values()]
    asked += [visit.by for visit in release.visits.values()]
    roles = dict.fromkeys([*_NEEDED, *(role for role in asked if role and role not in _ELSEWHERE)])
    staff = {f"{role}-{site}": [role] for role in roles if role != "therapist"}
    return staff | {f"therapist-{site}-{number}": ["therapist"] for number in range(1, THERAPISTS + 1)}


def team_of(site: str, index: int) -> Team:
    """The people who look after the participant with this number."""
    first = index * 2 % THERAPISTS
    start = index * 5 % RATERS
    therapists = (f"therapist-{site}-{first + 1}", f"therapist-{site}-{(first + 1) % THERAPISTS + 1}")
    return Team(site, therapists, tuple(f"rater-{(start + turn) % RATERS + 1:02d}" for turn in range(RATERS)))
