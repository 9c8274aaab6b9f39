"""One thing that a study file says, in words; and what all parts need to say it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from entact.protocol.release import Release
from entact.protocol.words.label import Labels, spaced
from entact.protocol.words.rule import rule_words


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing that the study file says.

    Attributes:
        term: what it is called. text: what is said of it. notes: what follows, one sentence each.
        assumption: what is not confirmed about it; None when nothing is marked.
    """

    term: str
    text: str
    notes: tuple[str, ...] = ()
    assumption: str | None = None


class Teller:
    """Tells a part of one release."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.file = release.file
        self.labels = Labels(release.forms)

    def rule(self, text: str) -> str:
        """A rule in words."""
        return rule_words(text, self.labels)

    def arm(self, name: str) -> str:
        """An arm by its title."""
        return self.file.arms[name].title if name in self.file.arms else spaced(name)


def listed(texts: Iterable[str], last: str = "and") -> str:
    """`a, b and c`."""
    texts = list(texts)
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}" if len(texts) > 1 else "".join(texts)


def counted(count: int, what: str) -> str:
    """`1 session`, `3 sessions`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
