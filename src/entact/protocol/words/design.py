"""What is compared in whom: arms, doses, criteria, blinding."""

from __future__ import annotations

from collections.abc import Iterator

from entact.protocol.study import Pace, Regimen, Resupply, SecondRating, Units
from entact.protocol.words.label import begun, spaced, within_sentence
from entact.protocol.words.passage import Passage, Teller, counted, listed
from entact.protocol.words.schedule import anchor_words, timing_words
from entact.protocol.words.time import duration_words, hours_words, window_words

_APPLIES = {
    "immediately": "applies to everybody at a site from its approval on",
    "at_reconsent": "applies to those under way once they have consented to this release",
    "new_participants": "applies to those alone whose first consent is to this release",
}


class Design(Teller):
    """What is compared in whom: arms, doses, criteria, blinding."""

    def facts(self) -> Iterator[tuple[str, str]]:
        file = self.file
        yield "condition", file.condition
        if file.phase is not None:
            yield "phase", str(file.phase)
        if file.registry:
            yield "registry", file.registry
        many = len(file.populations) > 1
        for name, population in file.populations.items():
            yield (
                (within_sentence(population.title or spaced(name)) if many else "planned"),
                str(population.planned),
            )
        yield "arms", str(len(file.arms))
        yield "sessions with a dose", str(self.release.most_doses())
        if file.sites:
            countries = ", ".join(dict.fromkeys(site.country for site in file.sites.values()))
            yield "sites", f"{len(file.sites)} ({countries})"

    def amendment_intro(self) -> str:
        """What this release amends, and why."""
        amendment = self.file.amendment
        if amendment is None:
            return ""
        within = amendment.reconsent_within
        by = "" if within is None else f" within {duration_words(within)} of its approval at their site"
        asked = (
            f" Those under way are asked for their consent anew{by}." if amendment.asks_consent_again else ""
        )
        return f"Amends release {amendment.of}: {amendment.reason.rstrip('.')}.{asked}"

    def amendment(self) -> Iterator[Passage]:
        """Every change that this release makes in the one before, and to whom it applies."""
        amendment = self.file.amendment
        for change in amendment.changes if amendment is not None else ():
            notes = (f"{begun(change.because.rstrip('.'))}.",) if change.because else ()
            place = ", ".join(spaced(step) for step in change.change.split("."))
            yield Passage(begun(place), _APPLIES[change.applies], notes, change.assumption)

    def verification(self) -> Iterator[Passage]:
        """What monitors hold against the source."""
        plan = self.file.verification
        if plan is None:
            return
        told = [self._verified(name) for name in plan.critical]
        yield Passage("In everybody", listed(told), (), plan.assumption)
        what = "all data of {} of participants" if plan.drawn == "participants" else "{} of visits"
        share = what.format(f"{100 * plan.others:g} %")
        yield Passage(
            "Of the rest", f"{share}, drawn so that no site can foresee which" if plan.others else "nothing"
        )

    def supply(self) -> Iterator[Passage]:
        """How kits are kept and accounted for."""
        plan = self.file.supply
        if plan is None:
            return
        if plan.storage is not None:
            low, high = (f"{bound:f}" for bound in plan.storage.bounds)
            then = "What was there when a reading lay outside is in quarantine until the sponsor decides."
            yield Passage("Kept at", f"{low} to {high} °C", (then,), plan.storage.assumption)
        if plan.two_persons:
            yield Passage("Checked by a second person", listed(plan.two_persons), (), plan.assumption)
        if plan.count_every is not None:
            yield Passage("Counted", f"at least every {duration_words(plan.count_every)}")
        for loss in plan.losses:
            law = (f"By the law of {loss.jurisdiction}, at its sites.",) if loss.jurisdiction else ()
            text = f"within {hours_words(loss.within)} of the discovery, to {loss.to}"
            yield Passage(loss.title, text, law, loss.assumption)
        if plan.resupply is not None:
            yield self._resupplied(plan.resupply)

    def _resupplied(self, plan: Resupply) -> Passage:
        """When kits for the next rows of a site's lists are ordered."""
        text = (
            "when those at a site, with what is on its way, may not last for the "
            f"{duration_words(plan.lead_time)} that an order takes; "
            f"then for {duration_words(plan.covers)} more"
        )
        paces = [f"{_paced(plan.recruitment)} at each site"]
        paces += [f"{_paced(pace)} at {site}" for site, pace in plan.sites.items()]
        notes = (
            f"Expected to be randomised: {'; '.join(paces)}.",
            f"A chance of {100 * plan.risk:g} % is accepted that more come to a list than have kits.",
            "Kits of whole rows are ordered, the same whatever the arms are.",
        )
        return Passage("Ordered", text, notes, plan.assumption)

    def _verified(self, name: str) -> str:
        form, _, item = name.partition(".")
        return f"{spaced(item)} ({spaced(form)})" if item else spaced(name)

    def design(self) -> Iterator[Passage]:
        file = self.file
        for arm in file.arms.values():
            levels = [f"{spaced(factor)}: {spaced(level)}" for factor, level in arm.factors.items()]
            notes = (f"{begun(', '.join(levels))}.",) if levels else ()
            role = f"{spaced(arm.role)} arm{', without a drug' if arm.drug == 'none' else ''}"
            yield Passage(arm.title, role, notes, arm.assumption)
        plan = file.randomisation
        if plan is None:
            yield Passage("Allocation", "nobody is randomised")
        else:
            ratio = " : ".join(str(share) for share in plan.ratio.values())
            within = listed(["site" if one == "site" else self._item(one) for one in plan.strata])
            arms = listed([self.arm(name) for name in plan.ratio])
            text = (
                f"{ratio} ({arms}) at {anchor_words(plan.at, self.release.visits)}, in {spaced(plan.method)}"
            )
            text += f" within {within}" if within else ""
            yield Passage("Randomisation", text, ("Block sizes are sealed with the list.",), plan.assumption)
            if plan.unit is not None:
                many = " to ".join(map(str, dict.fromkeys(plan.unit.size)))
                who = listed([spaced(one) for one in plan.unit.populations])
                apart = (
                    "where fewer are enrolled, nobody of them is randomised"
                    if plan.unit.incomplete == "nobody"
                    else "where fewer are enrolled, whom the others are linked to is randomised alone"
                )
                text = f"{who}, {many} together, take one row of the list and get one arm; {apart}"
                title = plan.unit.title or "Randomised together"
                yield Passage(title, text, assumption=plan.unit.assumption)
        for name, population in file.populations.items():
            if population.linked_to:
                text = f"each comes with a {spaced(population.linked_to)}"
                yield Passage(begun(spaced(name)), text, assumption=population.assumption)
        for name, site in file.sites.items():
            yield Passage(f"Site: {name}", f"{site.country}, {site.timezone}", assumption=site.assumption)
        if file.numbers is not None:
            said = {"screening": file.numbers.screening, "subject": file.numbers.subject}
            text = listed([f"{what} numbers as {form}" for what, form in said.items() if form])
            yield Passage("Numbers", text)
        if file.epochs:
            yield Passage("Epochs", ", then ".join(epoch.title for epoch in file.epochs.values()))
        for track in file.tracks.values():
            ways = [
                f"consent to {spaced(which)}" if what == "consent" else f"being told {self.arm(which)!r}"
                for what, which in track.openings
                if what != "assigned"
            ]
            if track.arms:
                own = [repr(self.arm(one)) for one in file.arms if one in track.arms]
                ways.append(f"assignment to {listed(own, 'or')}")
            opens = listed(ways, "or")
            more = "session" if track.arms else "further session"
            doses = f", {counted(track.doses, more)} with a dose" if track.doses else ""
            doses += f", at {counted(len(track.sites), 'site')}: {listed(track.sites)}" if track.sites else ""
            yield Passage(
                f"Track: {track.title}", f"opens for a person on {opens}{doses}", assumption=track.assumption
            )
        for name, form in file.all_forms.items():
            if form.sampled is not None:
                text = f"filled at {100 * form.sampled:g} % of its times"
                yield Passage(f"Of a sample: {self.labels.form(name)}", text)
        for name, again in file.second_ratings.items():
            yield self._rated_again(name, again)
        for kind, held in file.fidelity.items():
            text = f"{100 * held.share:g} % of the {kind} sessions, from the recording"
            term = f"Held against the manual: {self.labels.form(held.form)}"
            yield Passage(term, text, (), held.assumption)
        for visit in file.schedule:
            if visit.together is not None:
                many = " to ".join(map(str, dict.fromkeys(visit.together)))
                term = f"Together: {visit.title or spaced(visit.visit)}"
                yield Passage(term, f"held by {many} participants in one room", assumption=visit.assumption)
        for quota in file.quotas.values():
            yield Passage(
                quota.title or "Quota", self._quota(quota.most, quota.population, quota.per, quota.when)
            )
        for scope, text in file.consent.items():
            kept = ("Stays when taking part is taken back, unless it is taken back too.",)
            notes = kept if scope in file.consent_kept else ()
            yield Passage(f"Consent: {spaced(scope)}", text, notes)
        if file.consent_at_rescreening == "stands":
            yield Passage("Screened again", "the consent of the attempt before stands; nobody is asked anew")

    def _rated_again(self, form: str, again: SecondRating) -> Passage:
        """What share of the ratings by a form a second rater rates again, and what agreement is asked for."""
        text = (
            f"{100 * again.share:g} % of the ratings; a rater whose last {again.over} agree by less than "
            f"{again.agreement:g} (intraclass correlation of {self._dotted(again.value)}) rates nobody until "
            "retrained"
        )
        notes = [f"Compared as yes or no: {self._dotted(again.category)}."] if again.category else []
        notes += [f"A rater holds the certificate {spaced(again.certificate)}."] if again.certificate else []
        term = f"Rated again: {self.labels.form(form)}"
        return Passage(term, text, tuple(notes), again.assumption)

    def _dotted(self, name: str) -> str:
        form, _, item = name.partition(".")
        return f"{self.labels.item(item)} ({self.labels.form(form)})"

    def _quota(self, most: int, population: str | None, per: str, when: str | None) -> str:
        where = "at each site" if per == "site" else "in the study"
        of = [spaced(population)] if population else []
        of += [f"where {self.rule(when)}"] if when else []
        return f"at most {most} {where}{': ' if of else ''}{', '.join(of)}"

    def _item(self, name: str) -> str:
        form, _, item = name.partition(".")
        return (
            f"{self.labels.item(item)} ({self.labels.form(form)})"
            if form in self.labels.forms
            else spaced(name)
        )

    def doses_intro(self) -> str:
        each = {name: self.release.planned_doses(name) for name in self.file.arms}
        text = f"{begun(counted(self.release.most_doses(), 'session'))} with a dose"
        if len(set(each.values())) > 1:
            of = [f"{counted(count, 'session')} in {self.arm(name)!r}" for name, count in each.items()]
            text = f"With a dose: {listed(of)}"
        if self.file.dose_interval is not None:
            text += f", {window_words(self.file.dose_interval)} between two initial doses"
        return f"{text}. Units are whole{', and as many in every arm' if len(self.file.arms) > 1 else ''}."

    def doses(self) -> Iterator[Passage]:
        for name, regimen in self.file.regimens.items():
            sessions = [spaced(visit.visit) for visit in self.file.schedule if name in visit.levels]
            notes = [f"In {listed(sessions)}."] if sessions else []
            notes += [
                f"{self.arm(arm)}: {_units(given.initial)}"
                + (f", then {_units(given.supplement)}" if given.supplement else "")
                + (f", of {spaced(given.product)}." if given.product else ".")
                for arm, given in regimen.arms.items()
            ]
            yield Passage(begun(spaced(name)), _regimen(regimen), tuple(notes), regimen.assumption)
        for name, product in self.file.products.items():
            text = f"{product.substance} {spaced(product.salt)}, {listed(product.strengths)}"
            notes = (
                ["With a placebo that looks alike."]
                if product.placebo == "matching"
                else ["Without placebo."]
            )
            notes += [
                f"Controlled in {country}: schedule {said}." for country, said in product.schedule.items()
            ]
            yield Passage(begun(spaced(name)), text, tuple(notes), product.assumption)

    def criteria(self, kind: str) -> Iterator[Passage]:
        for criterion in self.file.eligibility.values():
            if criterion.kind != kind:
                continue
            notes = [f"Compared with the record: {self.rule(criterion.rule)}."] if criterion.rule else []
            if criterion.population:
                notes.append(f"For {spaced(criterion.population)} alone.")
            yield Passage(begun(criterion.text), "", tuple(notes), criterion.assumption)

    def blinding(self) -> Iterator[Passage]:
        told: dict[tuple[tuple[str, ...], str], list[str]] = {}
        marked: dict[tuple[tuple[str, ...], str], str | None] = {}
        for said in self.file.blinding:
            key = tuple(said.hidden), said.until
            told.setdefault(key, []).append(spaced(said.role))
            marked[key] = marked.get(key) or said.assumption
        for (hidden, until), roles in told.items():
            verb, sees = ("does", "sees") if len(roles) == 1 else ("do", "see")
            text = f"{verb} not see {listed([spaced(one) for one in hidden], 'or')} until {until}"
            text = text if hidden else f"{sees} everything"
            yield Passage(begun(listed(roles)), text, assumption=marked[hidden, until])
        if self.file.told_apart and self.file.randomisation is not None:
            groups = dict.fromkeys(self.file.told_apart.values())
            each = listed([" or ".join(repr(self.arm(one)) for one in arms) for arms in groups], "or")
            hear = listed([spaced(role) for role in self.file.randomisation.tells])
            text = (
                f"because visits differ by arm, {hear} hear of each person whether it is {each}, and no more"
            )
            yield Passage("Told with the assignment", text, assumption=self.file.randomisation.assumption)
        unblinding = self.file.unblinding
        if unblinding is not None:
            told_to = listed([spaced(role) for role in unblinding.tells])
            epoch = self.file.epochs[unblinding.epoch].title if unblinding.epoch in self.file.epochs else ""
            after = epoch or spaced(unblinding.epoch)
            text = f"of one person at a time, after {after} and once these data are frozen; tells {told_to}"
            yield Passage("Planned unblinding", text, assumption=unblinding.assumption)
        if any("guess" in visit.activities for visit in self.file.schedule):
            visits = [spaced(visit.visit) for visit in self.file.schedule if "guess" in visit.activities]
            yield Passage("Blinding is measured", f"guesses of the treatment at {listed(visits)}")


def _units(units: Units) -> str:
    return f"{units.count} × {units.strength}"


def _paced(pace: Pace) -> str:
    return f"{pace.participants:g} in {duration_words(pace.per)}"


def _regimen(regimen: Regimen) -> str:
    text = f"initial dose {_units(regimen.initial)}"
    supplement = regimen.supplement
    if supplement is not None:
        may = "offered" if supplement.optional else "given"
        text += f"; supplement {_units(supplement.give)}, {may} {timing_words(supplement.offer)}"
    return f"{text}, of {spaced(regimen.product)}" if regimen.product else text
