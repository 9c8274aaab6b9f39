"""What keeps people safe: washout, gates, alerts, stopping, events, reports."""

from __future__ import annotations

from collections.abc import Iterator

from entact.protocol.study import Alert, Requirement
from entact.protocol.words.label import begun, spaced
from entact.protocol.words.passage import Passage, Teller, counted, listed
from entact.protocol.words.time import duration_words, hours_words

_URGENCY = {"now": "now", "today": "the same day", "week": "within the week"}
_ACTS = {
    "randomisation": "Before randomisation",
    "initial_dose": "Before the initial dose",
    "supplement": "Before the supplement",
    "next_session": "Before the next session",
    "discharge": "Before leaving the session",
}


class Safety(Teller):
    """What keeps people safe: washout, gates, alerts, stopping, events, reports."""

    def washout_intro(self) -> str:
        washout = self.file.washout
        if washout is None:
            return ""
        stabilisation = duration_words(washout.stabilisation)
        text = f"{washout.half_lives:g} half-lives of each medicine, then {stabilisation}."
        if washout.before:
            text += f" Over before {listed([spaced(act) for act in washout.before])}."
        return text

    def washout(self) -> Iterator[Passage]:
        washout = self.file.washout
        for name, said in washout.classes.items() if washout is not None else ():
            assert washout is not None
            half_lives = said.half_lives or washout.half_lives
            stabilisation = said.stabilisation if said.stabilisation is not None else washout.stabilisation
            total = said.half_life * half_lives + stabilisation
            text = f"half-life {duration_words(said.half_life)}"
            if said.extra is not None:
                total += said.extra
                text += f", {duration_words(said.extra)} more"
            days = -(-total.total_seconds() // 86400)
            yield Passage(
                begun(self.labels.item(name)), f"{text}: {days:g} days off", assumption=said.assumption
            )

    def gates(self) -> Iterator[Passage]:
        for name in self.file.gates:
            asked = self.asked_when(name)
            yield from (asked,) if asked is not None else ()
            yield from self.requirements(name)

    def asked_when(self, name: str) -> Passage | None:
        """When a gate is asked; None where that is always."""
        gate = self.file.gates[name]
        if gate.applies_when is None:
            return None
        return Passage(
            act_words(name), f"asked when {self.rule(gate.applies_when)}", assumption=gate.assumption
        )

    def requirements(self, name: str) -> Iterator[Passage]:
        """What a gate requires, one line for each requirement in the order of the file."""
        for said in self.file.gates[name].require:
            yield Passage(
                act_words(name),
                begun(self.rule(said.require)),
                tuple(self._requirement(said)),
                said.assumption,
            )

    def _requirement(self, said: Requirement) -> Iterator[str]:
        if said.within is not None:
            yield f"Values may be up to {duration_words(said.within)} old."
        if said.ever:
            yield "Values of any age count."
        yield f"Else: {said.otherwise}."
        if said.override:
            who = listed([spaced(role.strip()) for role in said.override.split("+")])
            yield f"May be set aside by {who} together, each confirming it themselves."
            if said.override_allowed_in:
                yield f"The approved protocol allows that: {said.override_allowed_in}."
            else:
                yield "Each time is listed as a deviation."

    def alerts(self) -> Iterator[Passage]:
        yield from map(self.alert, self.file.alerts)

    def alert(self, name: str) -> Passage:
        """When an alert calls whom, and how it goes on."""
        alert = self.file.alerts[name]
        told = listed([spaced(role) for role in alert.tell])
        notes = (f"Calls {told} {_URGENCY[alert.urgency]}.", *self._episode(alert))
        return Passage(alert.title, begun(self.rule(alert.when)), notes, alert.assumption)

    def _episode(self, alert: Alert) -> Iterator[str]:
        if alert.confirm is not None:
            first, within = spaced(alert.tell[0]), duration_words(alert.confirm)
            yield f"A second reading within {within} confirms it; until then it calls {first} alone."
        if alert.rearm is not None:
            yield f"Over when {self.rule(alert.rearm)}."
        if "again" in alert.model_fields_set:
            yield f"Calls again when it goes on {duration_words(alert.again)} after an answer."
        for step in alert.escalate:
            told = listed([spaced(role) for role in step.tell])
            if step.after is not None:
                yield f"Not answered within {duration_words(step.after)}: calls {told}."
            elif step.when is not None:
                yield f"When {self.rule(step.when)}: calls {told}."

    def session(self) -> Iterator[Passage]:
        """What people at a dosing session have at hand."""
        plan = self.file.session
        if plan is None:
            return
        for telephone in plan.telephones.values():
            own = [f"{site}: {number}" for site, number in telephone.sites.items()]
            number = telephone.number or ("" if own else "asked for before the session is opened")
            text = ", ".join(filter(None, (number, *own)))
            yield Passage(f"Telephone: {telephone.title}", text, (), telephone.assumption)
        for rescue in plan.rescue.values():
            when = f"When {rescue.when}."
            yield Passage(f"Rescue: {rescue.title}", begun(rescue.give), (when,), rescue.assumption)
        for card in plan.emergencies.values():
            notes = tuple(f"{begun(step)}." for step in card.steps)
            yield Passage(f"Emergency: {card.title}", begun(card.signs), notes, card.assumption)
        if plan.arrival:
            yield Passage("At arrival", listed(plan.arrival.values()), (), plan.assumption)
        if plan.night_checks:
            often = f"Looked in on every {duration_words(plan.night_checks)}, from the hand-over on."
            yield Passage("At night", often, (), plan.assumption)

    def stopping(self) -> Iterator[Passage]:
        for rule in self.file.stopping.values():
            what = "treatment stops" if rule.of == "treatment" else "all procedures stop"
            note = f"For this person {what}; follow-up goes on."
            yield Passage(rule.title, begun(self.rule(rule.when)), (note,), rule.assumption)
        for hold in self.file.holds.values():
            stops, by = listed([spaced(act) for act in hold.stops]), spaced(hold.lifted_by)
            again = ", and holds again with the next" if hold.again else ""
            verb = "stop" if len(hold.stops) > 1 else "stops"
            note = f"For everybody {stops} {verb} until {by} lifts it{again}."
            yield Passage(hold.title, begun(self.rule(hold.when)), (note,), hold.assumption)

    def events_intro(self) -> str:
        events = self.file.adverse_events
        favourable = sum(term.valence == "favourable" for term in events.terms.values())
        text = f"{counted(len(events.terms), 'term')} in the codelist"
        if favourable:
            text += f", {favourable} of them favourable, which are recorded like any other"
        return f"{text}."

    def events(self) -> Iterator[Passage]:
        events = self.file.adverse_events
        if events.solicited:
            yield Passage("Always asked for", listed([self._term(term) for term in events.solicited]))
        for name, checklist in events.checklists.items():
            who = f" Asked by {spaced(checklist.by)}." if checklist.by else ""
            title = checklist.title or begun(spaced(name))
            note = f"At each term a yes or no; none may be left blank.{who}"
            yield Passage(
                title, listed([self._term(term) for term in checklist.terms]), (note,), checklist.assumption
            )
        kinds: dict[str, list[str]] = {}
        for term in events.terms.values():
            if term.special_interest:
                kinds.setdefault(term.special_interest, []).append(term.title)
        for kind, titles in kinds.items():
            said = events.special_interest.get(kind)
            told = listed([spaced(role) for role in said.tell]) if said and said.tell else ""
            soon = f" within {hours_words(said.within)}" if said and said.within is not None else ""
            yield Passage(
                f"Of special interest: {said.title if said else kind}",
                listed(titles),
                (f"Told to {told}{soon}.",) if told else (),
                said.assumption if said else None,
            )

    def _term(self, name: str) -> str:
        term = self.file.adverse_events.terms.get(name)
        return term.title if term is not None else spaced(name)

    def reports(self) -> Iterator[Passage]:
        for report in self.file.reports.values():
            text = f"within {hours_words(report.within)} to {report.to}, when {self.rule(report.when)}"
            notes = []
            if report.jurisdiction:
                where = "of events at its sites alone" if report.local else "of events anywhere"
                notes.append(f"By the law of {report.jurisdiction}, {where}.")
            yield Passage(report.title, text, tuple(notes), report.assumption)
        for periodic in self.file.periodic_reports.values():
            text = f"every {duration_words(periodic.every)} from the first enrolment, to {periodic.to}"
            law = (f"By the law of {periodic.jurisdiction}.",) if periodic.jurisdiction else ()
            yield Passage(periodic.title, text, law, periodic.assumption)


def act_words(gate: str) -> str:
    """What a gate is asked before."""
    return _ACTS.get(gate, f"Before {spaced(gate)}")
