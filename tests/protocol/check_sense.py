"""Parts of a study file that contradict each other.

Each case is one edit of the small study. `§` marks the place that the problem must name, and is taken out.
"""

CLOSING = "  - {visit: closing, after: outcome, within: 0 .. 14 d, kind: end,"
INTEGRATION = "then: {times: 1, every: 7 d, slack: 3 d}"

SENSE = {
    "enrolment twice": (
        "do: [suicidality, adverse_events, guess]",
        "do: [suicidality, §enrolment, guess]",
        "schedule.closing.do[2]: 'enrolment' happens to a person once, and is done at preparation_2; "
        "take it out",
    ),
    "randomisation twice": (
        "do: [suicidality, adverse_events, guess]",
        "do: [suicidality, guess, §randomisation]",
        "schedule.closing.do[3]: 'randomisation' happens to a person once, and is done at preparation_2; "
        "take it out",
    ),
    "unnumbered row": (
        "{visit: integration_1, after",
        "{visit: §integration, after",
        "schedule.integration.visit: the row after 'integration' cannot be named; "
        "end its name in a number, integration_1",
    ),
    "two visits of one name": (
        CLOSING,
        "  - {visit: §integration_2, after: outcome, within: 0 .. 14 d, kind: end,",
        "schedule.integration_2.visit: there are two visits 'integration_2'; give each its own name",
    ),
    "slack wider than the step": (
        INTEGRATION,
        "then: {times: 1, every: 7 d, slack: §8 d}",
        "schedule.integration_1.then.slack: is longer than `every`: a visit could come before the "
        "one it follows; "
        "make it shorter",
    ),
    "visit that waits for nothing": (
        CLOSING,
        "  - {visit: §closing, kind: end,",
        "schedule.closing.visit: this visit can never happen; write what it comes `after:`, or `opens: true`",
    ),
    "visits that wait for each other": (
        "after: washout_end, within: 0 .. 14 d",
        "after: §preparation_2, within: 0 .. 14 d",
        "schedule.baseline.after: can never happen: baseline waits for preparation_2 waits for baseline; "
        "change one `after:`",
    ),
    "visit that waits for what it brings about": (
        "after: baseline, within: 1 .. 10 d",
        "after: §enrolment, within: 1 .. 10 d",
        "schedule.preparation_2.after: can never happen: preparation_2 waits for enrolment waits for "
        "preparation_2; change one `after:`",
    ),
    "visit that waits for itself": (
        CLOSING,
        "  - {visit: closing, after: §closing, within: 0 .. 14 d, kind: end,",
        "schedule.closing.after: can never happen: closing waits for closing; change one `after:`",
    ),
    "visit named as an event": (
        CLOSING,
        "  - {visit: §enrolment, after: outcome, within: 0 .. 14 d, kind: end,",
        "schedule.enrolment.visit: an event is called 'enrolment' too; give the visit another name",
    ),
    "visit named as a form": (
        CLOSING,
        "  - {visit: §vitals, after: outcome, within: 0 .. 14 d, kind: end,",
        "schedule.vitals.visit: a form is called 'vitals' too; give the visit another name",
    ),
    "opening visit that waits": (
        "opens: true, kind",
        "opens: true, after: §consent, kind",
        "schedule.screening.after: this visit opens the study and waits for nothing; take one of the two out",
    ),
    "window before its anchor": (
        "    within: 1 .. 7 d",
        "    within: §-1 .. 7 d",
        "schedule.session_1.within: begins before what the visit waits for; begin it at 0 or later",
    ),
    "target outside the window": (
        "    within: 1 .. 7 d",
        "    within: 1 .. 7 d\n    target: §8 d",
        "schedule.session_1.target: lies outside the window; choose a target within it",
    ),
    "slack without fallback": (
        CLOSING,
        "  - {visit: closing, after: outcome, within: 0 .. 14 d, slack: §7 d, kind: end,",
        "schedule.closing.slack: belongs to an alternative; write `or:` as well, or take it out",
    ),
    "session without regimen": (
        "  - visit: session_1\n    after: preparation_2\n    within: 1 .. 7 d\n    kind: dosing\n"
        "    regimen: full or low\n",
        "  - visit: §session_1\n    after: preparation_2\n    within: 1 .. 7 d\n    kind: dosing\n",
        "schedule.session_1.visit: a dosing session needs its `regimen:`",
    ),
    "session without dose": (
        "  - visit: session_1\n    after: preparation_2\n    within: 1 .. 7 d\n    kind: dosing\n"
        "    regimen: full or low\n    lasts: 8 h\n"
        "    do: [suicidality, pregnancy_test, dose, guess, readiness]\n",
        "  - visit: §session_1\n    after: preparation_2\n    within: 1 .. 7 d\n    kind: dosing\n"
        "    regimen: full or low\n    lasts: 8 h\n    do: [suicidality, pregnancy_test, guess, readiness]\n",
        "schedule.session_1.visit: a dosing session gives a dose; add 'dose' to `do:`",
    ),
    "reading after the session": (
        "initial + 90 min, end]",
        "§initial + 9 h, end]",
        "schedule.session_1.timed[1].at[2]: 'initial + 9 h' is after the end of the session; "
        "write an earlier time, or let it last longer",
    ),
    "one time written twice": (
        "initial + 90 min, end]",
        "initial + 90 min, §initial + 1.5 h, end]",
        "schedule.session_1.timed[1].at[3]: 'initial + 1.5 h' stands there already, as 'initial + 90 min'; "
        "take one of them out",
    ),
    "no time after what it is counted from": (
        "initial + 90 min, end]",
        "initial + 90 min, initial, §initial + 0 min, end]",
        "schedule.session_1.timed[1].at[4]: 'initial + 0 min' stands there already, as 'initial'; "
        "take one of them out",
    ),
    "one time in two rows": (
        "initial + 90 min, end]}",
        "initial + 90 min, end]}\n      - {do: vital_signs, at: [initial + 30 min, §end]}",
        "schedule.session_1.timed[2].at[2]: 'end' stands there already; take one of them out",
    ),
    "one strength written twice": (
        "strengths: [40 mg, 60 mg]",
        "strengths: [40 mg, 60 mg, §60.0 mg]",
        "products.capsule.strengths[3]: '60.0 mg' stands there already, as '60 mg'; take one of them out",
    ),
    "activity twice": (
        "do: [suicidality, adverse_events, guess]",
        "do: [suicidality, guess, §guess]",
        "schedule.closing.do[3]: 'guess' stands twice; write it once",
    ),
    "number of sessions": (
        "doses: 1\n",
        "doses: §3\n",
        "doses: 3 is not the number of dosing sessions in the schedule, 1; change one",
    ),
    "strength of no product": (
        "full: {initial: 2 x 60 mg",
        "full: {initial: §2 x 50 mg",
        "regimens.full.initial: no product has the strength '50 mg'; there are 40 mg, 60 mg: "
        "choose one, or add it to the product's `strengths:`",
    ),
    "strength of the supplement in another unit": (
        "{give: 1 x 60 mg,",
        "{give: §1 x 60 ug,",
        "regimens.full.supplement.give: no product has the strength '60 ug'; there are 40 mg, 60 mg: "
        "choose one, or add it to the product's `strengths:`",
    ),
    "strengths in two units": (
        "strengths: [40 mg, 60 mg]",
        "strengths: [40 mg, 60 mg, §80000 ug]",
        "products.capsule.strengths[3]: '80000 ug' is in ug, others in mg; a study gives all "
        "strengths in one unit",
    ),
    "placebo arm without placebo": (
        "placebo: matching}",
        "placebo: §none}",
        "products.capsule.placebo: an arm takes placebo, so there is one; write 'matching'",
    ),
    "form that nobody fills": (
        "  readiness: {items",
        "  §diary: {items: {mood: {type: integer}}}\n  readiness: {items",
        "forms.diary: no visit fills this form; add it to the `do:` of one, or take it out",
    ),
    "form named as an activity": (
        "  readiness: {items",
        "  §guess: {items: {mood: {type: integer}}}\n  readiness: {items",
        "forms.guess: 'guess' is something entact does itself; give the form another name",
    ),
    "name that no rule could say": (
        "escort: {type: boolean}}}",
        "escort: {type: boolean}, §in: {type: boolean}}}",
        "forms.readiness.items.in: 'in' is a word of the rules; choose another name",
    ),
    "gate that requires nothing": (
        "  randomisation:\n    require:\n"
        '      - {require: "symptoms.total >= 35", ever: true, '
        "else: symptoms at baseline below 35 or not rated}\n",
        "  §randomisation: {require: []}\n",
        "gates.randomisation: requires nothing; write a requirement, or take it out",
    ),
    "endpoint where nothing is measured": (
        'remission: {value: "!symptoms.diagnosis && symptoms.total <= 11", at: outcome}',
        'remission: {value: "!§symptoms.diagnosis && symptoms.total <= 11", at: closing}',
        "endpoints.remission.value: 'symptoms' is not filled at closing; "
        "add it to its `do:`, or choose another visit",
    ),
}

MORE = {
    "window of nothing": (
        "opens: true, kind",
        "opens: true, within: §0 .. 3 d, kind",
        "schedule.screening.within: a window needs what it is counted from; write `after:` as well",
    ),
    "target of the next morning": (
        "within: next morning, kind",
        "within: next morning, target: §1 d, kind",
        "schedule.integration_1.target: 'next morning' has its own target; take this one out",
    ),
    "regimen outside a session": (
        "by: rater, do: [symptoms]}\n  - {visit: preparation_2",
        "by: rater, regimen: §low, do: [symptoms]}\n  - {visit: preparation_2",
        "schedule.baseline.regimen: belongs to a dosing session; write `kind: dosing`, or take it out",
    ),
    "dose outside a session": (
        "do: [suicidality, adverse_events, guess]",
        "§do: [suicidality, dose]",
        "schedule.closing.do: a dose is given in dosing sessions alone; write `kind: dosing`, or take it out",
    ),
    "reading counted from no dose": (
        "do: [suicidality, adverse_events, guess]",
        "do: [suicidality], timed: [{do: vital_signs, at: [§initial]}]",
        "schedule.closing.timed[1].at[1]: 'initial' is counted from a dose, and this visit gives none; "
        "write 'end'",
    ),
    "form that asks nothing": (
        "suicidality: {items: {ideation: {type: integer, range: 0 .. 5}, behaviour: {type: boolean}}}",
        "suicidality: {items: {ideation: {type: integer, range: 0 .. 5}, behaviour: {type: boolean}}}\n"
        "  §adverse: {title: Nothing}",
        "forms.adverse: asks nothing; give it `items:` or an `instrument:`",
    ),
    "instrument that nobody uses": (
        "schedule:\n",
        "instruments:\n  §mood: {instrument: mood, title: Mood, recall: now, licence: free, "
        "items: [{names: q1, type: integer}], scores: {total: {sum: q1}}}\nschedule:\n",
        "instruments.mood: no form uses this instrument; take it out",
    ),
    "freshness of no time": (
        '"vitals.systolic <= 160.0", within: 30 min',
        '"vitals.systolic <= 160.0", within: §0',
        "gates.supplement.require[1].within: is no time; write how old a value may be, as in '60 min'",
    ),
    "supplement before the dose": (
        "{give: 1 x 60 mg, offer: 1 h 30 min .. 2 h after initial}",
        "{give: 1 x 60 mg, offer: §-1 h .. 2 h after initial}",
        "regimens.full.supplement.offer: begins before the initial dose; write a time after it",
    ),
}
