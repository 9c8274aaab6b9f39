"""What became of amendments in a study: since when sites have approved them, and who consented to which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from entact.course import Course
from entact.protocol import Study


class Consents:
    """Counts to which release participants first consented, and to which last."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.pairs: Counter[tuple[int, int]] = Counter()

    def add(self, course: Course) -> None:
        """Counts one participant; who never consented does not count."""
        if course.first_consent is None or course.consent is None:
            return
        numbers = (self.study.number(said.release) for said in (course.first_consent, course.consent))
        first, last = numbers
        self.pairs[first, last] += 1

    def join(self, other: Consents) -> None:
        """Adds what was counted elsewhere."""
        self.pairs.update(other.pairs)

    def remarks(self) -> Iterator[str]:
        """One sentence for each later release, for the notes of an outcome table."""
        for number, release in enumerate(self.study.releases[1:], start=1):
            before = sum(count for (first, _), count in self.pairs.items() if first < number)
            again = sum(count for (first, last), count in self.pairs.items() if first < number <= last)
            new = sum(count for (first, _), count in self.pairs.items() if first >= number)
            since = sorted(
                at.date().isoformat()
                for _, approved in self.study.approvals
                for at, known in approved
                if known == release.id
            )
            sites = f"approved at {len(since)} of {len(self.study.newest.file.sites)} sites"
            when = f" from {since[0]} to {since[-1]}" if since else ""
            yield (
                f"Release {release.file.release}: {sites}{when}; of {before} who had consented before, "
                f"{again} consented again; {new} gave their first consent to it or a later one."
            )
