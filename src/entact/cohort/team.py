"""Who works at a virtual site."""

from __future__ import annotations

from dataclasses import dataclass

from entact.protocol import Release

THERAPISTS = 6
RATERS = 24


@dataclass(frozen=True, slots=True)
class Team:
    """Who looks after one participant. `raters` are taken in turn, so that none rates a person twice."""

    coordinator: str
    investigator: str
    pharmacist: str
    therapists: tuple[str, str]
    raters: tuple[str, ...]

    def person(self, role: str) -> str:
        """The person of this team in a role; a participant speaks for themselves."""
        if role == "therapist":
            return self.therapists[0]
        if role == "rater":
            return self.raters[0]
        return str(getattr(self, role, role))


def site_staff(site: str) -> dict[str, list[str]]:
    """Everyone on a site's staff list, with their roles."""
    return {
        f"coordinator-{site}": ["coordinator"],
        f"investigator-{site}": ["investigator"],
        f"pharmacist-{site}": ["pharmacist"],
        **{f"therapist-{site}-{number}": ["therapist"] for number in range(1, THERAPISTS + 1)},
    }


def team_of(site: str, index: int) -> Team:
    """The people who look after the participant with this number."""
    first = index * 2 % THERAPISTS
    start = index * 5 % RATERS
    return Team(
        f"coordinator-{site}",
        f"investigator-{site}",
        f"pharmacist-{site}",
        (f"therapist-{site}-{first + 1}", f"therapist-{site}-{(first + 1) % THERAPISTS + 1}"),
        tuple(f"rater-{(start + turn) % RATERS + 1:02d}" for turn in range(RATERS)),
    )


def known_role(release: Release, role: str) -> str:
    """The role if the study has it, else that of the investigator, who may do what nobody else is there to do."""
    return role if role in release.file.roles or role == "participant" else "investigator"
