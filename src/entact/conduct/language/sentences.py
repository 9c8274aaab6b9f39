"""Sentences of the pure rooms in the language of a page.

Why a gate stays shut, and what is found, is said where the record is judged (`entact.course`), which knows of
no page and no language: its sentences are English, and are kept so where they are kept at all. Here stand
their patterns; a sentence that fits one is said again in the language of the page, with the same numbers and
names in it. What fits none, a study's own words among them, stays as it is. A test holds them to the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from django.utils.translation import get_language, gettext, gettext_noop

from entact.conduct.language.choice import RECORDED
from entact.conduct.language.codes import code_words
from entact.conduct.language.findings import FINDINGS
from entact.conduct.language.guesses import GUESSES
from entact.conduct.language.refusals import REFUSALS
from entact.conduct.language.rules import told_length, told_list, told_roles, told_rule
from entact.conduct.language.training import TRAINING
from entact.course.kinds import KINDS
from entact.protocol.words.label import begun

SENTENCES: Final = (
    # entact.protocol: what is found in an answer
    gettext_noop("{answer} is unusual; usual is {usual}: look again"),
    gettext_noop("{answer} is out of range; this item goes from {range}"),
    gettext_noop("{answer} is not true or false"),
    gettext_noop("{answer} is not a whole number"),
    gettext_noop("{answer} is not a whole number of at most {most}"),
    gettext_noop("{answer} is not a decimal text with its unit; write it as in {example}"),
    gettext_noop("{answer} is not text"),
    gettext_noop("{answer} is between the possible answers {possible}"),
    gettext_noop("is {answer}, and the other answers give {value}"),
    gettext_noop("is {answer}, and what it is calculated from is not known"),
    gettext_noop("was answered, and is asked only when {condition}"),
    gettext_noop("{answer} is not a date; write it as in {example}"),
    gettext_noop(
        "{answer} is not a date; write as much as is known, as in '2019', '2019-04' or '2019-04-30'"
    ),
    gettext_noop("{answer} is not a time; write it as in {example}"),
    gettext_noop("{answer} is not a date with a time; write it as in {example}"),
    gettext_noop("{answer} has no offset; write that of the site, as in {example}"),
    gettext_noop("{answer} is not between the years {first} and {last}"),
    gettext_noop("{answer} is in {unit}; this item is in {other}"),
    gettext_noop("{answer} has more digits than anybody can measure; write at most {most}"),
    # entact.course.gates: core, person, place
    gettext_noop("{person} is not on the staff list of site {site}."),
    gettext_noop("{person} worked at site {site} until {until}."),
    gettext_noop("No certificate of {person} is on file at the site."),
    gettext_noop("The certificate {name} of {person} held until {expires}."),
    gettext_noop("The participant has died (entered for {date})."),
    gettext_noop("An adverse event is said to have ended in death; none is entered."),
    gettext_noop("{what}, {entry}, could not be read, and may change the answer: correct or withdraw it."),
    gettext_noop("An entry of kind {kind}, {entry}, could not be read: it is to be corrected or withdrawn."),
    gettext_noop("{capitalize} was discontinued on {day}."),
    gettext_noop("No consent is recorded."),
    gettext_noop("It is not known whether the participant consents to {scope}."),
    gettext_noop("The participant does not consent to {scope}."),
    gettext_noop("The consent is to a release that the study does not have, {release}."),
    gettext_noop("What is consented to has changed since the consent of {day}; it has to be given again."),
    gettext_noop("The consent of {day} is of the screening before; in this one it has to be given anew."),
    gettext_noop("Eligibility has not been decided."),
    gettext_noop("The participant was found not eligible."),
    gettext_noop("Eligibility: by the record the criterion “{text}” is not met, or not known yet."),
    gettext_noop("Eligibility: nobody judged the criterion “{text}”."),
    gettext_noop("Eligibility: the criterion “{text}” stands against it."),
    gettext_noop("The decision on eligibility is not signed."),
    gettext_noop("Eligibility was decided by {by}, who is not an investigator of this site."),
    gettext_noop("It is not recorded at which site the participant is."),
    gettext_noop("The participant belongs to site {site}; this is site {id}."),
    gettext_noop("Site {id} has not been activated."),
    gettext_noop("Site {id} is {status}."),
    gettext_noop("Site {id} works under release {release}, which the study does not have."),
    gettext_noop("{by} is {has} at this site; this needs {needed}."),
    gettext_noop("{by} is {role} at this site, whom the study does not tell the arm."),
    gettext_noop("This study does not randomise."),
    gettext_noop("The randomisation list has not been sealed."),
    gettext_noop("The code-breaks for emergencies have not been printed: `entact allocation codebreaks`."),
    gettext_noop(
        "The code-break of {number} is not printed and countersigned: `entact allocation codebreaks`, then "
        "`countersign` by somebody else."
    ),
    gettext_noop("Randomisation number {given} is of no row of the sealed list."),
    gettext_noop("The stratum is not known: {names} was not answered."),
    gettext_noop("The sealed list has no rows for {name}."),
    gettext_noop("Randomisation number {given} is not of the rows for {name}."),
    gettext_noop("The participant has not been enrolled."),
    gettext_noop("The participant is already randomised, under {number}."),
    gettext_noop("The participant has not been randomised."),
    gettext_noop("No session is under way."),
    gettext_noop("{visit} is not a dosing session."),
    gettext_noop("{id} began on {began} and was never ended: end it, and begin another."),
    # entact.course.gates.dose
    gettext_noop("The dose level of this session has not been decided."),
    gettext_noop("Level {asked} was asked for; level {level} was decided for this session."),
    gettext_noop("Level {level} is not planned for this session"),
    gettext_noop("The initial dose was of level {level}, not {level_2}."),
    gettext_noop("Not known whether {visit} is of the participant's arm: nobody was told."),
    gettext_noop("{visit} is no session of the participant's arm."),
    gettext_noop("Say which kit is to be used."),
    gettext_noop("Nobody else has checked what was dispensed of kit {number}."),
    gettext_noop("Say which kit is to be dispensed."),
    gettext_noop("Kit {kit} is not packed for {number}: nobody can say that it holds the same arm."),
    gettext_noop("Kit {number} is packed for {of} {planned}, not {asked}."),
    gettext_noop(
        "No kit that is packed for {number} for the {part} dose of level {level} is ready at site {id}. This "
        "says nothing of an arm: every row has kits of its own."
    ),
    gettext_noop("Kit {number} was dispensed before."),
    gettext_noop("Kit {number} was used before."),
    gettext_noop("Kit {number} is not assigned to this participant."),
    gettext_noop("Kit {number} was replaced by kit {replaced_by}."),
    gettext_noop("The registration {name} of site {id} held until {expires}."),
    gettext_noop("Kit {number} is for the {part} dose, not the {part_2}."),
    gettext_noop("Kit {number} is for level {level}; level {level_2} was decided for this session."),
    gettext_noop("Kit {number} is for {visit}, not for {visit_2}."),
    gettext_noop("Kit {number} is for level {level}, not for level {level_2}."),
    gettext_noop("Kit {number} is not in the stock of site {id}."),
    gettext_noop("Nobody else has checked the receipt of kit {number}."),
    gettext_noop("was recalled"),
    gettext_noop("is not released"),
    gettext_noop("Lot {lot} of kit {number} {said}."),
    gettext_noop("Lot {lot} of kit {number} is of one arm alone: who sees the label knows the arm."),
    gettext_noop("Lot {lot} of kit {number} is of {said}; what it is for is of {planned}."),
    gettext_noop(
        "The strength of lot {lot} of kit {number} counts the {said}, that of the study the {planned}: it "
        "is another dose."
    ),
    gettext_noop("salt"),
    gettext_noop("base"),
    gettext_noop("Nothing is entered about lot {lot} of kit {number}."),
    gettext_noop("Kit {number} is not in date: it says {expires}."),
    gettext_noop("The {part} dose of this session was already given, at {when}."),
    gettext_noop(
        "It is not known in which session the {part} dose of {zone} was given. Enter it anew, withdraw that."
    ),
    gettext_noop(
        "It is not known whether the {part} dose of {session} was taken: {taken} units and {replace} "
        "were entered. Correct that first."
    ),
    gettext_noop("{count} of at most {most} sessions with a dose have been held."),
    gettext_noop("The last initial dose was on {day}; the next may be given from {when} on."),
    gettext_noop("No initial dose was given in this session."),
    gettext_noop("Level {level} has no supplement."),
    gettext_noop("The supplement may be given from {when} on."),
    gettext_noop("The supplement could be given until {when}."),
    # entact.course.gates.bounds
    gettext_noop("It is not recorded with whom this person takes part."),
    gettext_noop("The participant is already enrolled, as {subject}."),
    gettext_noop("The study is on hold: {title}."),
    gettext_noop("Not known whether the participant counts as one of: {title}."),
    gettext_noop("All {most} places are taken{where}: {title}."),
    gettext_noop("Not known when {medicine} has left the body: {why}."),
    gettext_noop("{medicine} has left the body on {until}: {why}."),
    gettext_noop("The study says to stop {of}: {title}, on {day}."),
    gettext_noop("This study plans nobody's unblinding."),
    gettext_noop("The participant's arm was already told."),
    gettext_noop("The data of {encounter} are not frozen."),
    gettext_noop("{visit} of the blinded part is still to come."),
    # entact.course.gates.unit
    gettext_noop("Of at least {fewest} who are randomised together {there} are enrolled, this one included."),
    gettext_noop("It is not recorded with whom this person is randomised."),
    gettext_noop("The {linked_to} with whom this person takes part has not been randomised."),
    gettext_noop("Randomisation number {given} is not that of the {linked_to} of this person."),
    gettext_noop(
        "Randomisation number {given} is none of a unit of at most {most}: it ends in +2 to +{most}."
    ),
    # entact.course.gates.override
    gettext_noop("The study does not let anybody override this."),
    gettext_noop("To override it takes {override}, each by an own entry."),
    gettext_noop("{person} confirmed it at {zone}: too long ago."),
    gettext_noop("What {person} confirmed was about other values than these."),
    gettext_noop("What {by} is said to have entered, they did not enter signed in themselves."),
    gettext_noop("{person} gave no reason."),
    gettext_noop("{person} cannot have given an order to themselves."),
    gettext_noop("It cannot be overridden: {message}"),
    gettext_noop("{by} asks, and is not the second person."),
    # entact.course.gates.rating
    gettext_noop("No rater apart from the site rates this visit."),
    gettext_noop("The participant takes no part in this any more."),
    gettext_noop("{by} has met this participant before: another rates them."),
    # entact.course.gates.ahead
    gettext_noop("Nobody at site {id} may give the dose then: it takes {needed}."),
    gettext_noop("No kit in the stock of site {id} is in date then."),
    # entact.course.schedule.washout
    gettext_noop("it is still taken"),
    gettext_noop("its last intake is no date"),
    gettext_noop("its class is not recorded"),
    gettext_noop("it is not said whether it is taken for a psychiatric reason"),
    gettext_noop("the study knows no half-life of the class {kind}"),
    gettext_noop("{text} is no date"),
    gettext_noop("it is said to have been stopped in {stopped} and begun in {started}"),
    # entact.course.gates.drift
    gettext_noop("{person} holds no certificate {certificate}, which {form} asks for."),
    gettext_noop("The certificate {certificate} of {person} held until {expires}."),
    gettext_noop(
        "{person} drifts: the last {over} ratings by {form} that were rated again agree with "
        "{agreement}, under {limit}. They are trained again before the next."
    ),
    # entact.course.found.attended
    gettext_noop("{visit} is no visit of this person"),
    gettext_noop("a dose is given in a session, and this one is of none"),
    gettext_noop("{encounter} was never begun"),
    gettext_noop("before {encounter} began"),
    gettext_noop("after {encounter} was over"),
    gettext_noop("{encounter} is said to be missed, and {id} is an entry of it"),
    gettext_noop("{visit} is held by {many} participants in one room, and {there} were there"),
    gettext_noop("a guess of the {whose} is planned for {visit} and was not entered"),
    gettext_noop("{activity} is planned for {visit} and was not entered"),
    gettext_noop("{do} at {timepoint} is planned for {visit} and was not entered"),
    gettext_noop("was not entered before a treatment was drawn at {visit}"),
    gettext_noop("is planned for {visit} and was not entered"),
    gettext_noop("{visit} was {where}: its window is {days}"),
    gettext_noop("{visit} lies outside the window {name}, and does not count for it"),
    gettext_noop("{visit} did not take place by {closes}"),
    gettext_noop("{id} began at {started} and has not ended"),
    # entact.course.found.attested
    gettext_noop("no longer stands"),
    gettext_noop("is not what was signed"),
    gettext_noop("is not the line of the record that was signed"),
    gettext_noop("{entry}, signed by {by}, {what}"),
    gettext_noop("entered after {encounter} was frozen"),
    gettext_noop("came after the study was locked ({lock}), and is not in what was locked"),
    gettext_noop("the arm was told before {id} was frozen"),
    gettext_noop("is of the blinded part, and came once the arm was told"),
    gettext_noop("says that it is from before the emergency unblinding, and came after it"),
    # entact.course.found.heard
    gettext_noop("{term} was answered with yes, and no such event is entered"),
    gettext_noop("{what} was heard of, and no event is entered"),
    gettext_noop("is said to have ended in death, and none is entered"),
    gettext_noop("no event is entered that ended in this death"),
    gettext_noop("{id} ended with a death, and none is entered"),
    gettext_noop("{id} ended with a transfer to hospital, and no event is entered"),
    # entact.course.found.relied
    gettext_noop("was entered after {count} entries that needed it, though it is dated before them"),
    gettext_noop("was entered after the enrolment in {entry}, though it is dated before it"),
    gettext_noop("the gate relied on {name}, which was withdrawn"),
    gettext_noop("the gate relied on {name}, which was corrected afterwards"),
    gettext_noop("the gate is said to have relied on {name}, which had not arrived"),
    gettext_noop("the gate relied on an older one: {entry} is of before the decision, and came after it"),
    gettext_noop("the gate did not know of {kind} {id}: it is of before the decision, and came after"),
    gettext_noop("the gate did not know of {name}: {why}"),
    # entact.course.found.searches
    gettext_noop("the study says to stop {of}: {title}"),
    gettext_noop("a verbal order of {ordered_by}, written down by {by}, is not confirmed"),
    gettext_noop("is no confirmation of {about}: that is no verbal order of {by}"),
    gettext_noop("continues {entry}, which did not begin anything"),
    gettext_noop("is to release {release}, and the site worked under {id} by then"),
    # entact.course.found.dating
    gettext_noop("{item} {ended}, before it began {begun}"),
    gettext_noop("{kind} after the death entered in {entry}"),
    gettext_noop("discharged after the death entered in {entry}"),
    gettext_noop("is not a date, and is sealed"),
    gettext_noop("{text} lies after {recorded_at}, when it was written down"),
    # entact.course.found.rated
    gettext_noop("{form} was done at {visit} in {entry}, which this does not undo"),
    gettext_noop("{form} at {visit} is by {by} and by {by_2}; the first counts"),
    gettext_noop("{form} at {visit} was answered in {entry}, otherwise; the last counts"),
    gettext_noop("{form} at {visit} was rated after the first dose, and is no baseline"),
    # entact.course.found.night
    gettext_noop("{person} has not said that they took over, as {by} entered"),
    gettext_noop("nobody looked in between {before} and {at}"),
    # entact.course.kinds.checks
    gettext_noop("{repeat} is no repetition: they count from 1"),
    gettext_noop("{name} without a consent in force"),
    gettext_noop("{name} after {replace} had stopped"),
    gettext_noop("{act} without a gate's yes"),
    gettext_noop("the gate's yes is for {get}, not for {act}"),
    gettext_noop("the gate's yes is for {item} {item_2}, not for {value}"),
    gettext_noop("{act}, which was not to wait for this: {what}"),
    gettext_noop("the gate's yes held until {get}"),
    gettext_noop("{act} with {code} set aside, of which there is no entry by {who}"),
    gettext_noop("{recorded_at} is no time with an offset"),
    gettext_noop("the clock of the device was {offset} ms ahead: that cannot have been measured"),
    gettext_noop("happened at {occurred_at}, after it was recorded at {recorded_at}"),
    gettext_noop("{said} at {isoformat}, after it had arrived at {isoformat_2}"),
    # entact.course.kinds.dose
    gettext_noop("kit {kit} was assigned before"),
    gettext_noop("kit {kit} is for {visit}, which is no dosing session of the schedule"),
    gettext_noop("kit {instead_of} is not assigned to this participant"),
    gettext_noop("a dose level is decided for one encounter"),
    gettext_noop("{visit} is planned with {all}, and not with {level}"),
    gettext_noop("level {level}, though {decided} was decided"),
    gettext_noop("the {part} dose was already given in {session}"),
    gettext_noop("{by} enters the dose, and witnesses it"),
    gettext_noop("the study has no dose level {level}"),
    gettext_noop("{dispensed} dispensed are not {taken} taken, {returned} returned and {lost} lost"),
    gettext_noop("{replace}, though {taken} of {most} units were taken"),
    gettext_noop("{dispensed} units, {taken} of them taken; the level {level} has {planned}"),
    gettext_noop("kit {kit} is not assigned to this participant"),
    gettext_noop("kit {kit} was used before"),
    gettext_noop("kit {kit} is for the {part} dose"),
    gettext_noop("kit {kit} is for level {level}"),
    gettext_noop("kit {kit} is for {visit}"),
    # entact.course.kinds.encounter
    gettext_noop("an encounter entry has to name its encounter"),
    gettext_noop("an unscheduled visit needs a reason"),
    gettext_noop("the visit {visit} is of a release to which the participant has not consented"),
    gettext_noop("the schedule has no visit {visit}"),
    gettext_noop("{encounter} ended, though it never began"),
    gettext_noop("{encounter} had already begun"),
    gettext_noop("a missed visit needs a reason"),
    gettext_noop("left {encounter} against advice"),
    # entact.course.kinds.consent
    gettext_noop("the study has no scope of consent {scope}"),
    gettext_noop("says nothing of {scope}"),
    gettext_noop("refuses {scope}, and allows {all}"),
    gettext_noop("is to version {version}, which version {versions} had replaced"),
)

# What the study's page says of gates and alerts (`entact.protocol.words.safety`).
PASSAGES: Final = (
    gettext_noop("asked when {rule}"),
    gettext_noop("Values may be up to {time} old."),
    gettext_noop("Values of any age count."),
    gettext_noop("Else: {otherwise}."),
    gettext_noop("May be set aside by {who} together, each confirming it themselves."),
    gettext_noop("The approved protocol allows that: {allowed}."),
    gettext_noop("Each time is listed as a deviation."),
    gettext_noop("Calls {who} now."),
    gettext_noop("Calls {who} the same day."),
    gettext_noop("Calls {who} within the week."),
    gettext_noop("A second reading within {time} confirms it; until then it calls {who} alone."),
    gettext_noop("Over when {rule}."),
    gettext_noop("Calls again when it goes on {time} after an answer."),
    gettext_noop("Not answered within {time}: calls {who}."),
    gettext_noop("When {rule}: calls {who}."),
    gettext_noop("Before randomisation"),
    gettext_noop("Before the initial dose"),
    gettext_noop("Before the supplement"),
    gettext_noop("Before the next session"),
    gettext_noop("Before leaving the session"),
    gettext_noop("Before {act}"),
)
# What the calendar of a washout reckons with, its parts in a row (`entact.course.schedule.washout`).
WASHOUT: Final = (
    gettext_noop("last taken on {date}; {said}: {count} days"),
    gettext_noop("{count} half-lives of {time}"),
    gettext_noop("{count} half-lives of {time}, {time_2} more for its class"),
    gettext_noop("{count} half-lives of {time}, {time_2} to become stable"),
    gettext_noop("{count} half-lives of {time}, {time_2} more for its class, {time_3} to become stable"),
)
# What a gate says of values that it lacks (`entact.course.gates.gate`), behind what it asks.
LACKING: Final = (
    gettext_noop("Not known: {names}."),
    gettext_noop("Not known within the last {time}: {names}."),
)


def told_span(days: str) -> str:
    """From a day to another."""
    first, between, last = days.partition(" to ")
    return gettext("{first} to {last}").format(first=first, last=last) if between else days


# Places in which a person stands.
PEOPLE: Final = frozenset({"person", "by", "ordered_by"})
# Places in which a part of a sentence stands, and places that hold a code of the record.
_PARTS: Final = frozenset({"said", "message", "what", "why"})
_TOLD: Final = {
    "days": told_span,
    "rule": told_rule,
    "condition": told_rule,
    "who": told_roles,
    "time": told_length,
    "act": code_words,
    "kind": lambda kind: gettext(KINDS[kind].title) if kind in KINDS else kind,
    "names": told_list,
    "power": code_words,
    "powers": lambda powers: ", ".join(map(code_words, powers.split(", "))),
}
_CODES: Final = frozenset({"part", "part_2", "role", "of", "status", "whose", "where"})


def told_again(sentence: str) -> str:
    """A sentence of the pure rooms in the language of the page; as it is, where that is English."""
    language = get_language() or RECORDED
    return sentence if language == RECORDED else _told_again(sentence, language)


def told_error(error: Exception) -> str:
    """What the record refuses with, as a sentence in the language of the page."""
    return f"{begun(told_again(str(error)))}."


@lru_cache(maxsize=4096)
def _told_again(sentence: str, language: str) -> str:
    asked, behind, lacking = sentence.partition(". Not known")
    if behind:
        return f"{told_again(f'{asked}.')} {told_again(f'Not known{lacking}')}"
    for said, pattern in _patterns():
        found = pattern.fullmatch(sentence)
        if found is not None:
            return gettext(said).format(
                **{name: _part(name, text) for name, text in found.groupdict().items()}
            )
    return sentence


def with_parts(sentence: str, part: Callable[[str, str], str]) -> str:
    """A sentence of the pure rooms with other words for what is put in; as it is, where it fits no pattern.

    Args:
        part: of the name of a place and what stands there, what is to stand there.
    """
    for said, pattern in _patterns():
        found = pattern.fullmatch(sentence)
        if found is not None:
            return said.format(
                **{
                    name: with_parts(text, part) if name in _PARTS else part(name, text)
                    for name, text in found.groupdict().items()
                }
            )
    return sentence


def _part(name: str, text: str) -> str:
    if name in _TOLD:
        return _TOLD[name](text)
    if name in _PARTS:
        return told_again(text)
    return code_words(text) if name in _CODES and text.replace("_", "").replace(" ", "").isalpha() else text


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The patterns, those with the most words of their own first."""
    longest_first = sorted(
        (*SENTENCES, *FINDINGS, *TRAINING, *PASSAGES, *WASHOUT, *LACKING, *GUESSES, *REFUSALS),
        key=lambda said: -len(_PLACE.sub("", said)),
    )
    return tuple((said, _pattern(said)) for said in longest_first)


def _pattern(said: str) -> re.Pattern[str]:
    parts, seen = [], set[str]()
    for number, part in enumerate(_PLACE.split(said)):
        if number % 2 == 0:
            parts.append(re.escape(part))
        else:
            within = "[^:]+?" if part in PEOPLE else ".+?"  # no sentence, whose colon would be another's
            parts.append(f"(?P={part})" if part in seen else f"(?P<{part}>{within})")
            seen.add(part)
    return re.compile("".join(parts), re.DOTALL)


_PLACE: Final = re.compile(r"\{(\w+)\}")
