"""The blank case report form of a study: a page for each form and act of each visit, as plain values."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from entact.course.kinds import KINDS
from entact.course.kinds.kind import Kind
from entact.course.state.form import VITALS
from entact.protocol.problem import Fault, Problem, StudyError, unknown
from entact.protocol.release import Release
from entact.protocol.source import field_of
from entact.protocol.study import Visit, told_in
from entact.protocol.words.form import TYPES, FormAccount, Forms, ItemAccount, SectionAccount
from entact.protocol.words.label import begun, spaced
from entact.protocol.words.schedule import when_words
from entact.protocol.words.time import time_words

LOGS: Final = ("adverse_events", "medication")
"""Activities that add to a list which is kept throughout the study: one page each, at the end."""

_KINDS: Final[Mapping[str, Kind]] = {kind.activity: kind for kind in KINDS.values() if kind.activity}
_PLAIN: Final[Mapping[Any, str]] = {bool: "boolean", int: "integer", str: "text"}


@dataclass(frozen=True, slots=True)
class CrfPage:
    """One form or act at one visit, or at none in particular.

    Attributes:
        visit, when: its title and window in words, empty for what is kept throughout. by: who fills it.
        times: at which it is filled, where the schedule names some. log: whether its items make a list.
        instrument: (title, recall, licence) where the items are of one.
    """

    visit: str
    when: str
    form: str
    title: str
    help: str
    by: str
    times: tuple[str, ...]
    sections: Mapping[str, SectionAccount]
    items: tuple[ItemAccount, ...]
    instrument: tuple[str, str, str] | None = None
    log: bool = False


@dataclass(frozen=True, slots=True)
class Crf:
    """A blank case report form; `digest` names the release that it was made of."""

    study: str
    title: str
    release: str
    digest: str
    language: str
    pages: tuple[CrfPage, ...]


def blank_crf(release: Release, language: str | None = None, *, once: bool = False) -> Crf:
    """The blank case report form of a release.

    Args:
        language: one of the study's; its main one where none is named. once: every page once, with all visits
            at which it is filled, instead of one page for each.
    Raises:
        StudyError: when the study has no texts in this language.
    """
    file = release.file
    if language is not None and language not in file.languages:
        fault = Fault(("languages",), unknown("language", language, file.languages))
        raise StudyError([Problem(file.study, 0, 0, field_of(release.data, fault.path), fault.message)])
    making = _Making(release, language)
    pages = making.by_form() if once else making.by_visit()
    return Crf(
        study=file.study,
        title=told_in(file.title, language),
        release=file.release,
        digest=release.digest,
        language=language or file.languages[0],
        pages=(*pages, *making.elsewhere(), *making.logs()),
    )


class _Making:
    def __init__(self, release: Release, language: str | None) -> None:
        self.release, self.language = release, language
        self.telling = Forms(release, language)
        self.forms = {form.name: form for form in self.telling.all()}

    def by_visit(self) -> Iterator[CrfPage]:
        for name, visit in self.release.visits.items():
            title, when = self._title(name, visit), begun(when_words(visit, self.release.visits))
            for activity in dict.fromkeys(visit.activities):
                if activity not in LOGS:
                    yield self._page(activity, title, when, _times(visit, activity), visit.by)

    def by_form(self) -> Iterator[CrfPage]:
        asked: dict[str, list[Visit]] = {}
        for visit in self.release.visits.values():
            for activity in dict.fromkeys(visit.activities):
                asked.setdefault(activity, []).append(visit)
        for activity, visits in asked.items():
            if activity not in LOGS:
                titles = ", ".join(self._title(visit.visit, visit) for visit in visits)
                roles = dict.fromkeys(visit.by for visit in visits)
                yield self._page(activity, titles, "", (), next(iter(roles)) if len(roles) == 1 else None)

    def elsewhere(self) -> Iterator[CrfPage]:
        """Forms that no visit fills, as those of who rates a recording."""
        for name, form in self.release.forms.items():
            if name not in self.forms:
                yield self._of_form(self.telling.of(form), "At no visit", "", (), None)

    def logs(self) -> Iterator[CrfPage]:
        done = {activity for visit in self.release.visits.values() for activity in visit.activities}
        for activity in LOGS:
            if activity in done:
                page = self._page(activity, "", "", (), None)
                yield CrfPage(
                    **{name: getattr(page, name) for name in page.__slots__ if name != "log"}, log=True
                )

    def _title(self, name: str, visit: Visit) -> str:
        own = visit.title if visit.title and visit.then is None else None
        return told_in(own, self.language) if own else begun(spaced(name))

    def _page(self, activity: str, visit: str, when: str, times: tuple[str, ...], by: str | None) -> CrfPage:
        name = VITALS if activity == "vital_signs" else activity
        form = self.forms.get(name)
        if form is not None:
            return self._of_form(form, visit, when, times, by)
        kind = _KINDS[activity]
        items = tuple(self._fields(kind))
        return CrfPage(visit, when, activity, kind.title, "", spaced(by or ""), times, {}, items)

    def _of_form(
        self, form: FormAccount, visit: str, when: str, times: tuple[str, ...], by: str | None
    ) -> CrfPage:
        said = form.instrument
        return CrfPage(
            visit=visit,
            when=when,
            form=form.name,
            title=form.title,
            help=form.help,
            by=form.by or spaced(by or ""),
            times=times,
            sections=form.sections,
            items=form.items,
            instrument=(said.title, said.recall, said.licence) if said is not None else None,
        )

    def _fields(self, kind: Kind) -> Iterator[ItemAccount]:
        """What an entry of entact's own holds, as items."""
        names = zip(kind.payload.__struct_fields__, kind.payload.__struct_encode_fields__, strict=True)
        hints = get_type_hints(kind.payload)
        codes = self._codes()
        for attribute, name in names:
            hint = hints[attribute]
            if name in kind.of_page:
                continue
            if (kind.name, name) in _EACH:
                for inner, title in self._each(kind.name):
                    yield _item(inner, "boolean", {}, title)
                continue
            plain = (
                next(one for one in get_args(hint) if one is not type(None)) if _is_optional(hint) else hint
            )
            choices = codes.get((kind.name, name), {})
            if get_origin(plain) is Literal:
                choices = {code: spaced(code) for code in get_args(plain)}
            what = "choice" if choices else _PLAIN.get(plain, "text")
            yield _item(name, what, choices, personal=name in kind.sealed)

    def _each(self, kind: str) -> Iterator[tuple[str, str]]:
        """What is answered one by one: every scope of consent, or every criterion."""
        file = self.release.file
        if kind == "consent":
            yield from ((name, told_in(text, self.language)) for name, text in file.consent.items())
        else:
            for name, one in file.eligibility.items():
                yield name, f"{told_in(one.text, self.language)} ({one.kind})"

    def _codes(self) -> dict[tuple[str, str], dict[str, str]]:
        """Codelists of the study for what entact asks itself."""
        file = self.release.file
        arms = {name: told_in(arm.title, self.language) for name, arm in file.arms.items()}
        found = {
            ("guess", "arm"): {**arms, "do_not_know": "do not know"},
            ("planned_unblinding", "arm"): arms,
            ("assignment", "arms"): arms,
            ("dose", "level"): {name: spaced(name) for name in file.regimens},
            ("adverse_event", "term"): {
                name: told_in(term.title, self.language) for name, term in file.adverse_events.terms.items()
            },
        }
        if len(file.populations) > 1:
            found["screening", "population"] = {name: spaced(name) for name in file.populations}
        if file.sites:
            found["screening", "site"] = {site: site for site in file.sites}
        if file.washout is not None:
            found["medication", "medicine_class"] = {name: spaced(name) for name in file.washout.classes}
        return found


_EACH: Final = frozenset({("consent", "scopes"), ("eligibility", "criteria")})


def _is_optional(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint)


def _item(
    name: str, kind: str, choices: Mapping[str, str], title: str = "", *, personal: bool = False
) -> ItemAccount:
    return ItemAccount(
        name=name,
        title=title or spaced(name),
        help="",
        section=None,
        type=kind,
        kind=TYPES[kind],
        unit="",
        choices=choices,
        can_be="",
        usual="",
        asked="",
        calculated="",
        shows="",
        step=1,
        required=True,
        personal=personal,
    )


def _times(visit: Visit, activity: str) -> tuple[str, ...]:
    return tuple(time_words(time) for reading in visit.timed if reading.do == activity for time in reading.at)
