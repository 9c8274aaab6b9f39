"""What is found in the record, said again by `sentences`: the rarer findings, by the kind that finds them.

A test holds this list to what the rooms below say: a finding that has no sentence here is named.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop

FINDINGS: Final = (
    # entact.course: what is kept and could not be followed
    gettext_noop("was received but could not be read; it is kept as received"),
    gettext_noop("{kind} is no kind of entry; it is kept"),
    gettext_noop(
        "{count} entries with this id differ: the first to arrive stands, by {by}; kept and "
        "not followed: by {others}"
    ),
    gettext_noop("corrects {entry}, which has not arrived"),
    gettext_noop("corrects {entry}, which was withdrawn before"),
    gettext_noop("{kind} cannot correct {other}"),
    gettext_noop("a correction or withdrawal needs a reason"),
    gettext_noop("entered as {role}, corrected as {other}"),
    gettext_noop("{time} is no time with an offset; the entry is kept and not acted upon"),
    gettext_noop("corrected by {entries}, neither replacing the other; the latest is followed"),
    gettext_noop("a withdrawal has to name an entry in `replaces`"),
    gettext_noop("an entry of kind {kind} does not belong in this ledger"),
    gettext_noop(
        "This is dated {at}, and asked for at {now}: what has been done already is recorded as "
        "a fact, what is to come is asked for when it is done."
    ),
    # entact.course.found, entact.course.gates
    gettext_noop("{person} has written about this participant otherwise, and rates how they were treated"),
    gettext_noop("the participant had not agreed to recordings when this one began"),
    gettext_noop("The code-breaks for emergencies have not been printed: `entact allocation codebreaks`."),
    gettext_noop(
        "The code-breaks that {person} printed are not countersigned by somebody else: `entact "
        "allocation countersign`."
    ),
    gettext_noop("{what} Custodians alone have the list: in an emergency there is nothing else."),
    # entact.course.kinds.allocation, assignment, unblinding, blinding
    gettext_noop("nobody is randomised under it yet"),
    gettext_noop("the participant is randomised under {number}, and {other} was opened"),
    gettext_noop("this is not the list that was committed"),
    gettext_noop("no code-breaks of this list were printed"),
    gettext_noop("{person} printed them: somebody else countersigns"),
    gettext_noop("{count} sheets were counted, and there are {rows}"),
    gettext_noop("kit {kit} is planned for {number}, which is no row of the list"),
    gettext_noop("kit {kit} was planned before"),
    gettext_noop("{count} of {all} custodians is no sharing"),
    gettext_noop("these are no shares of how the list is shared out now"),
    gettext_noop("{person} is no custodian of the list"),
    gettext_noop("the arms were already told in {entry}"),
    gettext_noop("the study has no arm {arm}"),
    gettext_noop("every arm of the study has the same visits: nobody is told anything of theirs"),
    gettext_noop("nobody is assigned to an arm before they are randomised"),
    gettext_noop("{arms} is not what visits tell apart: {ways}"),
    gettext_noop("{answer} is not between 0 and 100 %"),
    gettext_noop("the {role} had been told the arm: it is no guess, and measures no blinding"),
    gettext_noop("the arm was already told in {entry}"),
    gettext_noop("nobody had asked for it in {entry}"),
    # entact.course.kinds.attestation, unfreeze, verification, query
    gettext_noop("one version for each entry that is signed"),
    gettext_noop("one line for each entry that is signed"),
    gettext_noop("one version for each entry that was looked at"),
    gettext_noop("one last correction for each entry"),
    gettext_noop("an encounter, or `participant`"),
    gettext_noop("{entry} is no freeze"),
    gettext_noop("the freeze of a participant is taken back by two persons: nobody else has asked for it"),
    gettext_noop("a query that is {status} has to be named: by the entry that raised it"),
    gettext_noop("a query has to name the entry that it is about"),
    gettext_noop("{entry} is no query that was raised before"),
    # entact.course.kinds.calls, safety, reporting, periodic, stopping
    gettext_noop("nobody answered {what} within {time}"),
    gettext_noop("no second reading within {time} confirmed {what}"),
    gettext_noop("answers {entry}, which has not arrived"),
    gettext_noop("answers {entry}, and is of before it"),
    gettext_noop("an answer has to name the entry that raised the alert"),
    gettext_noop("the death was already entered in {entry}"),
    gettext_noop("the study's event list has no {term}"),
    gettext_noop("a call of {minutes} minutes cannot be"),
    gettext_noop("nobody was reached, though something was heard or the call lasted some time"),
    gettext_noop("the study has no safety report {report}"),
    gettext_noop("a safety report has to name the event that it is about"),
    gettext_noop("the safety report {report} was due by {due}"),
    gettext_noop("{what} and sent later"),
    gettext_noop("{title}, number {number}, was due by {due}"),
    gettext_noop("{what} and was not sent"),
    gettext_noop("{what} and was sent on {day}"),
    gettext_noop("the study has no periodic report {report}"),
    gettext_noop("{number} is no number: they count from 1"),
    gettext_noop("{day} is no day; write it as 2026-04-30"),
    gettext_noop("number {number} was entered as sent before, on {day}"),
    gettext_noop("{of} had already stopped"),
    gettext_noop("{what}; nobody has answered"),
    gettext_noop("a rater heard of: {heard}"),
    gettext_noop("a rater called for help: somebody was in danger"),
    # entact.course.kinds.dispensing, supply, site
    gettext_noop("{count} units are none"),
    gettext_noop("{count} units cannot be"),
    gettext_noop("kit {kit} was not dispensed to this participant"),
    gettext_noop("no kit was dispensed or returned under this id"),
    gettext_noop("{person} has entered it, and somebody else has to check it"),
    gettext_noop("{person} did not find the kit as it was entered"),
    gettext_noop("kit {kit} was destroyed; an entry made in error is withdrawn, not outdone"),
    gettext_noop("{text} is no date"),
    gettext_noop("the study has no product {product}"),
    gettext_noop("lot {lot} is of one arm alone: its number, last day and certificate tell the arm"),
    gettext_noop("order {number} was entered before"),
    gettext_noop("shipment {shipment} was entered before"),
    gettext_noop("order {order} was entered before"),
    gettext_noop("shipment {shipment}: {why}"),
    gettext_noop("no such shipment was entered"),
    gettext_noop("it was received before"),
    gettext_noop("no lot {lot} was entered before"),
    gettext_noop("kit {kit} is in the stock already"),
    gettext_noop("kit {kit} is not in quarantine"),
    gettext_noop("kit {kit} is not in the stock"),
    gettext_noop("nothing of the stock was entered under this id"),
    gettext_noop("the study has no release {release}"),
    gettext_noop("{zone} is no IANA zone; write one such as America/Denver"),
    # entact.course.kinds.enrolment, form, link, consent
    gettext_noop("the study has no criterion {name}"),
    gettext_noop("eligible, though {name} was not judged"),
    gettext_noop("eligible, though {name} was judged otherwise"),
    gettext_noop("judged {answer}, though the record says {value}: {text}"),
    gettext_noop("already enrolled as {number}"),
    gettext_noop("enrolled without a signed eligibility"),
    gettext_noop("a {population} is enrolled with somebody, and nobody was named"),
    gettext_noop("already randomised under {number}"),
    gettext_noop("the record says {stratum}, and {other} was minimised by"),
    gettext_noop("a {population} takes a row of the list, and this is the number of another's unit"),
    gettext_noop(
        "a {population} is randomised with their {first}, whose number theirs is, with +2 to "
        "+{size} behind it; {number} is a draw of its own"
    ),
    gettext_noop("the study has no population {population}"),
    gettext_noop("{attempt} is no attempt: they count from 1"),
    gettext_noop("attempt {attempt} is entered after attempt {before}"),
    gettext_noop("screened again, and already enrolled as {number}"),
    gettext_noop("was not what this item holds, and is sealed"),
    gettext_noop("{item} is asked by a release to which the participant has not consented"),
    gettext_noop("the study has no form {form}"),
    gettext_noop("the form {form} is of a release to which the participant has not consented"),
    gettext_noop("a ledger cannot be linked to itself"),
    gettext_noop("was already linked as {what} in {entry}"),
    # entact.course.kinds: of the site, of raters, of the study
    gettext_noop("a device has this token, or had it, already"),
    gettext_noop("{device} was never registered with it"),
    gettext_noop("there is no such action of a report before"),
    gettext_noop("a line of the roster says from when and until when, with an offset"),
    gettext_noop("a line of the roster ends after it begins"),
    gettext_noop("no gate has the requirement {requirement}"),
    gettext_noop("the study lets nobody set {requirement} aside: {what}"),
    gettext_noop("whoever sets a requirement aside says why"),
    gettext_noop("{person} cannot give an order to themselves"),
    gettext_noop("there is no rating {rating} by {person} before it"),
    gettext_noop("the same person rated first"),
    gettext_noop("{ledger} has a place already"),
    gettext_noop("the study has no special interest {interest}"),
    gettext_noop("there is no hold {hold} to lift"),
    gettext_noop("{hold} is lifted by {role}, and this is {other}"),
    gettext_noop("{release} may not go into production: assumptions are left in {fields}"),
    gettext_noop("the list was sealed before"),
    gettext_noop("{digest} is no SHA-256 in hexadecimal: these words could not be told from others"),
    # entact.course.schedule.washout
    gettext_noop("the study knows no half-life of the class {kind}"),
    gettext_noop("its class is not recorded"),
    gettext_noop("when it was begun is no date"),
    gettext_noop("it is said to have been stopped in {stopped} and begun in {begun}"),
)
