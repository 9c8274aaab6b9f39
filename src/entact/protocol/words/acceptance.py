"""What people try on the training copy of a study before it goes live: a checklist made from the study file.

Each line says what to do and what has to be seen. Whoever accepts the study works it off and signs it; it is
of one release, and another release has another list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from entact.protocol.release import Release
from entact.protocol.study import told_in
from entact.protocol.words.design import Design
from entact.protocol.words.form import FormAccount, Forms, ItemAccount
from entact.protocol.words.label import begun, spaced
from entact.protocol.words.passage import Passage, counted, listed
from entact.protocol.words.safety import Safety, act_words
from entact.protocol.words.schedule import when_words

_ALWAYS = (
    ("alive", "a death was recorded"),
    ("going on", "the participant withdrew, or treatment was discontinued"),
    ("consent", "consent is missing, or was withdrawn"),
    ("eligibility", "the investigator has not signed eligibility"),
    ("kit", "another participant's kit, one out of date, or one in quarantine is named"),
    ("given", "this part of the dose was given already"),
    ("interval", "the interval since the last dose is too short, or all doses were given"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One line: its id, the part of the study it is of, what to do, and what has to be seen."""

    id: str
    part: str
    do: str
    see: str


def acceptance(release: Release) -> tuple[Check, ...]:
    """Everything to try of a release, in the order in which a study meets it."""
    return tuple(_Trying(release).checks())


class _Trying:
    def __init__(self, release: Release) -> None:
        self.release, self.file = release, release.file
        self.safety, self.design, self.forms = Safety(release), Design(release), Forms(release)

    def checks(self) -> Iterator[Check]:
        for part in (
            self.people,
            self.consent,
            self.criteria,
            self.visits,
            self.fill,
            self.gates,
            self.alerts,
            self.stops,
            self.events,
            self.allocation,
            self.keeping,
        ):
            yield from part()

    def people(self) -> Iterator[Check]:
        hidden: dict[str, list[str]] = {}
        for row in self.file.blinding:
            hidden.setdefault(row.role, []).extend(
                f"{spaced(name)} (until {row.until})" for name in row.hidden
            )
        for role, title in self.file.roles.items():
            if role == "participant":
                continue
            see = (
                f"Nothing of {listed(hidden[role], 'or')} on any page."
                if hidden.get(role)
                else "What it needs."
            )
            yield Check(
                f"role.{role}", "People", f"Sign in as {spaced(role)} ({title}); open every page.", see
            )
        for site in self.file.sites:
            do = f"Sign in as somebody of the site {site}; look for a participant of another."
            yield Check(f"site.{site}", "People", do, "Nobody of another site is listed, counted or found.")
        do = "Close an account; let the person go on in a page that is open."
        yield Check("people.closed", "People", do, "No page opens any more.")

    def consent(self) -> Iterator[Check]:
        for scope, said in self.file.consent.items():
            do = f"Withhold “{said}” from one participant; give it and withdraw it for another."
            see = "What follows is said first; what needs it is stopped from then on; safety goes on."
            yield Check(f"consent.{scope}", "Consent", do, see)

    def criteria(self) -> Iterator[Check]:
        for name, criterion in self.file.eligibility.items():
            excludes = criterion.kind == "exclusion"
            first = "meet" if excludes else "miss"
            do = f"Let one {first} this, another not, and leave it open of a third: {criterion.text}."
            see = "Said as it is, with the values that it rests on; what is unknown is not taken for a no."
            yield Check(f"criterion.{name}", f"{begun(criterion.kind)} criteria", do, see)

    def visits(self) -> Iterator[Check]:
        visits = self.release.visits
        for name, visit in visits.items():
            when = when_words(visit, visits)
            title = told_in(visit.title, None) if visit.title else spaced(name)
            asked = listed([spaced(one) for one in visit.do])
            see = f"Due {when}." if when else "It opens."
            see += f" It asks for {asked}." if asked else ""
            yield Check(f"visit.{name}", "Visits", f"Look when {title} is due, and begin it.", see)

    def fill(self) -> Iterator[Check]:
        for form in self.forms.all():
            who = f" as {form.by}" if form.by else ""
            at = f"Fill in {form.title}{who} at {form.visits[0]}; save, correct one item, read it again."
            count = counted(len(form.items), "item")
            see = f"{begun(count)}, each as on paper; a correction asks for a reason, both values are shown."
            yield Check(f"form.{form.name}", "Forms", at, see)
            yield from self._of_items(form)
            if form.instrument is not None and form.instrument.scores:
                scores = listed([spaced(score) for score in form.instrument.scores])
                do = f"Score {form.title} of two participants by hand, one with an item missing."
                yield Check(f"score.{form.name}", "Forms", do, f"The same as computed: {scores}.")

    def _of_items(self, form: FormAccount) -> Iterator[Check]:
        limits = [_limits(item) for item in form.items if item.can_be]
        if limits:
            do = f"In {form.title}, enter a value just outside what can be true of each: {'; '.join(limits)}."
            yield Check(
                f"range.{form.name}", "Forms", do, "Each is said beside its item at once; nothing is lost."
            )
        for item in form.items:
            if item.asked:
                do = f"In {form.title}, answer so that it holds, and so that it does not: {item.asked}."
                yield Check(
                    f"skip.{form.name}.{item.name}", "Forms", do, f"“{begun(item.title)}” is asked only then."
                )

    def gates(self) -> Iterator[Check]:
        for gate in self.file.gates:
            for number, line in enumerate(self.safety.requirements(gate), start=1):
                do = f"{act_words(gate)}: try it while this does not hold, and while unknown: {line.text}."
                see = " ".join(("Refused, with this reason.", *_notes(line)))
                yield Check(f"gate.{gate}.{number}", "Gates", do, see)
        if self.release.most_doses():
            for name, case in _ALWAYS:
                yield Check(
                    f"always.{name}", "Gates", f"Try to give a dose when {case}.", "Refused, with the reason."
                )

    def alerts(self) -> Iterator[Check]:
        for name in self.file.alerts:
            line = self.safety.alert(name)
            do = f"Enter values so that: {line.text}. Answer the alert."
            yield Check(
                f"alert.{name}",
                "Alerts",
                do,
                " ".join((f"“{line.term}” stands open at once.", *_notes(line))),
            )

    def stops(self) -> Iterator[Check]:
        for number, line in enumerate(self.safety.stopping(), start=1):
            yield Check(
                f"stop.{number}",
                "Stopping",
                f"Bring it about: {line.term} ({line.text}).",
                " ".join(_notes(line)),
            )

    def events(self) -> Iterator[Check]:
        solicited = self.file.adverse_events.solicited
        if solicited:
            do = "At a session, leave one of the events unanswered that are always asked for."
            yield Check("events.asked", "Safety", do, "It is said to be missing.")
        if self.file.adverse_events.terms:
            do = "Report an event that somebody was glad of, and one that was serious, with follow-ups."
            yield Check("events.any", "Safety", do, "Both stand among the events, whatever their valence.")
        for number, line in enumerate(self.safety.reports(), start=1):
            do = f"Report an event for which this runs: {line.term}, {line.text}."
            yield Check(
                f"report.{number}", "Safety", do, "Its clock is on the home of who has to act, with the time."
            )
        for number, line in enumerate(self.safety.washout(), start=1):
            do = f"Let somebody take {line.term} ({line.text}); look when a dose is allowed at the earliest."
            yield Check(f"washout.{number}", "Safety", do, "The day that a pharmacist computes by hand.")

    def allocation(self) -> Iterator[Check]:
        if self.file.randomisation is not None:
            do = "Seal a list, randomise two at each site; look for the arm on every page and in every file."
            yield Check(
                "allocation.hidden", "Allocation", do, "A number, and nothing that differs between arms."
            )
            do = "Unblind one participant in an emergency, at night."
            yield Check(
                "allocation.emergency",
                "Allocation",
                do,
                "It is never refused; the entry names who was told, never the arm.",
            )

    def keeping(self) -> Iterator[Check]:
        yield Check(
            "keeping.casebook",
            "Keeping",
            "Write a casebook; compare it with what was entered, and with the audit trail.",
            "Every entry, every change with who, when and why.",
        )
        yield Check(
            "keeping.restore",
            "Keeping",
            "On the machine that will run the study: `entact backup prove`.",
            "PROVEN: yes. Keep the report with this pack.",
        )
        yield Check(
            "keeping.archive",
            "Keeping",
            "Write an archive; verify it with the script that lies in it, on a machine without entact.",
            "Every chain holds.",
        )


def _limits(item: ItemAccount) -> str:
    return f"{spaced(item.title)} {item.can_be}{f' {item.unit}' if item.unit else ''}"


def _notes(line: Passage) -> tuple[str, ...]:
    return tuple(note for note in line.notes)
