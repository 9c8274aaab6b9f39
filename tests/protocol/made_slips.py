# ruff: noqa: E501 (slips as they stand in a file)
"""Slips that people make in a study file, and that no single change of a value is: what is said of each.

A slip is a text of the file and what stands in its place. What is said is kept in tests/golden/slips.txt;
`python -m tests.protocol.made_slips` writes it anew.
"""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from entact.protocol import StudyError, load_study
from entact.protocol.load import warnings

TESTS = Path(__file__).parents[1]
GOLDEN = TESTS / "golden" / "slips.txt"
CAPSULE = "strengths: [40 mg, 60 mg], placebo: matching}"
ETHNIC = "      can_be_pregnant: {type: boolean}\n"
PRIMARY = (
    'method: ancova, fixed: "arm + baseline + site", contrast: mdma - placebo at outcome, alpha: 0.0499}'
)
DRAWN = "method: permuted_blocks, strata: [site], at: enrolment}"
RESUPPLY = "condition: PTSD\nsupply: {resupply: {lead_time: 14 d, covers: 8 wk, "
RESUPPLY += "recruitment: {participants: 1, per: 4 wk}"
ARMS = "  placebo: {title: Placebo with therapy, role: placebo}"
ADULT = 'rule: "demographics.age >= 18"'
MOOD = "  readiness: {items"
INSTRUMENT = (
    "instruments:\n  mood: {{instrument: mood, title: Mood, recall: now, licence: free, {}}}\nschedule:\n"
)
SCORES = "scores: {total: {sum: q1 .. q3}}"
WHOLE = "{names: q1 .. q3, type: integer, range: 0 .. 3}"


def item(said: str) -> tuple[str, str]:
    """One more item of a lasting form."""
    return ETHNIC, f"{ETHNIC}      more: {said}\n"


def instrument(items: str, scores: str = SCORES) -> tuple[str, str]:
    """An instrument of the study itself."""
    return "schedule:\n", INSTRUMENT.format(f"items: [{items}], {scores}")


def analysed(more: str, method: str = PRIMARY) -> tuple[str, str]:
    """The primary analysis, with something more or by another method."""
    return PRIMARY, method.removesuffix("}") + more + "}"


def timed(strategies: str, estimand: str = "of_time", more: str = "") -> tuple[str, str]:
    """A time until an event, and what becomes of it where treatment stopped or somebody died."""
    events = "stopped: {title: Stopped, on: treatment_stopped}, died: {title: Died, on: died}"
    tested = "method: log_rank, contrast: mdma - placebo at closing"
    return "analysis:\n  sets:", (
        "  until: {title: Until, event: suicidality.behaviour, after: session_1, at: closing}\n"
        f"analysis:\n  intercurrent: {{{events}}}\n"
        f"  estimands: {{de_jure: {{title: It, strategies: {{stopped: hypothetical, died: hypothetical}}}}, "
        f"of_time: {{title: Time, strategies: {{{strategies}}}}}}}\n"
        f"  secondary: {{time: {{endpoint: until, estimand: {estimand}, set: mitt, {tested}{more}}}}}\n  sets:"
    )


SLIPS: dict[str, list[tuple[str, str]]] = {
    "mini": [
        # items and their ranges
        item("{type: integer, range: 0.5 .. 3}"),
        item("{type: integer, range: 0 .. 3.5}"),
        item("{type: integer, range: 0 .. 9007199254740991}"),
        item("{type: integer, range: 0 .. 9007199254740991, step: 2}"),
        item("{type: integer, range: 0 .. 9007199254740991, labels: {0: none}}"),
        item("{type: integer, range: 1 .. 100001, labels: {1: one}}"),
        item("{type: integer, range: 1 .. 100000, labels: {1: one}}"),
        item("{type: integer, range: 0 .. 9999999999999999}"),
        item("{type: integer, range: 3 .. 3}"),
        item("{type: integer, range: 4 .. 3}"),
        item("{type: rows, range: -1 .. 3, items: {a: {type: boolean}}}"),
        item("{type: rows, items: {a: {type: rows, items: {b: {type: boolean}}}}}"),
        item("{type: rows}"),
        item("{type: decimal, range: 0 kg .. 3 kg}"),
        item("{type: decimal, step: 2}"),
        item("{type: integer, range: 0 .. 10, step: 2, labels: {3: three}}"),
        item("{type: integer, labels: {0: none}}"),
        item("{type: choice}"),
        item("{type: choice, of: []}"),
        item("{type: choice, of: [a, a]}"),
        item("{type: choice, of: ['yes ', b]}"),
        item("{type: boolean, of: [a, b]}"),
        item("{type: boolean, unit: kg}"),
        item("{type: text, calculated: age > 3}"),
        item("{type: boolean, calculated: given('initial')}"),
        item("{type: boolean, calculated: age > 3, over: {of: symptoms.diagnosis, gives: days, days: 7, least: 3}}"),
        item("{type: decimal, over: {of: symptoms.diagnosis, gives: share, days: 7, least: 3}}"),
        item("{type: integer, over: {of: symptoms.diagnosis, gives: days, days: 7, least: 8}}"),
        item("{type: boolean, when: more}"),
        item("{type: boolean, when: later}\n      later: {type: boolean}"),
        item("{type: decimal, expected: 3 .. 5, range: 4 .. 9}"),
        item("{type: file, accept: [nonsense]}"),
        item("{type: partial_date, range: 2000 .. 1990}"),
        item("{type: date, range: 2000 .. 2010}"),
        item("{type: time, expected: '06:00 .. 25:00'}"),
        item("{type: integer, sdtm: DM.AGE}"),
        item("{type: text, personal: true, sdtm: SC.X}"),
        item("{type: integer, sdtm: LB}"),
        item("{type: integer, sdtm: LB.alp}"),
        item("{type: integer, sdtm: {to: VS.SYSBP, about: X}}"),
        item("{type: integer, sdtm: {to: LB.ALP, position: SITTING}}"),
        item("{type: integer, title: ''}"),
        item("{type: integer, title: {en: ''}}"),
        item("{type: integer, title: {en: Age, xx: Age}}"),
        ("  symptoms:                                   # a score of 0 to 80", "  present: {items: {a: {type: boolean}}}\n  symptoms:  # a score of 0 to 80"),
        (MOOD, "  each_one: {each: true, items: {a: {type: boolean}}}\n" + MOOD),
        (MOOD, "  each_one: {each: true, by: participant, items: {a: {type: boolean}}}\n" + MOOD),
        (MOOD, "  odd: {sections: {one: {title: One}}, items: {a: {type: boolean}}}\n" + MOOD),
        (MOOD, "  odd: {scores: {total: 1}, items: {a: {type: boolean}}}\n" + MOOD),
        # instruments
        instrument(WHOLE),
        instrument("{names: q1 .. q3, type: integer, range: 0 .. 3, codes: [A, B]}"),
        instrument("{names: q1 .. q3, type: integer, range: 0 .. 9007199254740991, reversed: [q1]}"),
        instrument("{names: q1 .. q3, type: integer, range: 0 .. 9007199254740990, step: 3}"),
        instrument("{names: q3 .. q1, type: integer, range: 0 .. 3}"),
        instrument("{names: q1 .. q3, type: integer, range: 0 .. 3, reversed: [q4]}"),
        instrument("{names: q1 .. q3, type: integer, reversed: [q1]}"),
        instrument("{names: q1 .. q3, type: integer, range: 0 .. 3, points: [0, 1, 2]}"),
        instrument("{names: q1 .. q3, type: integer, range: 0 .. 3, points: [0, 1, 2, 4], reversed: [q1]}"),
        instrument(f"{WHOLE}, {{names: r1 .. r2, type: choice, of: [a, b], qualifies: q1 .. q3, by: [a]}}"),
        instrument(f"{WHOLE}, {{names: r1 .. r3, type: choice, of: [a, b], qualifies: q1 .. q3, by: [c]}}"),
        instrument(f"{WHOLE}, {{names: r1 .. r3, type: choice, of: [a, b], qualifies: q1 .. q3}}"),
        instrument(f"{WHOLE}, {{names: r1, type: integer, range: 0 .. 3, asked_if: q1}}"),
        instrument(f"{WHOLE}, {{names: q2, type: boolean}}"),
        instrument(WHOLE, "scores: {total: {sum: q1 .. q3, max: q1 .. q3}}"),
        instrument(WHOLE, "scores: {total: {}}"),
        instrument(WHOLE, "scores: {total: {sum: q1 .. q3, reaching: 2}}"),
        instrument(WHOLE, "scores: {total: {count: q1 .. q3}}"),
        instrument(WHOLE, "scores: {total: {max: q1 .. q3, may_miss: 1}}"),
        instrument(WHOLE, "scores: {total: {sum: q1 .. q3, of: q1}}"),
        instrument(WHOLE, "scores: {total: {sum: q1 .. q3, filled_by: median}}"),
        instrument(WHOLE, "scores: {total: {sum: q1 .. q3, rounded: up}}"),
        instrument(WHOLE, "scores: {total: {any: q1 .. q3}}"),
        instrument(WHOLE, "scores: {total: {at_least: 2, of: q1 .. q3, reaching: 2}, total2: {highest: q1 .. q3}}"),
        instrument(WHOLE, "scores: {total: {rule: \"['a']\"}}"),
        instrument(WHOLE, "scores: {q1: {sum: q2 .. q3}}"),
        instrument("{names: q1 .. q3, type: decimal, range: 0 .. 3}", "scores: {total: {sum: q1 .. q3, may_miss: 1, rounded: up}}"),
        # sites, roles, verification, session
        ("denver: {country: US,", "'den ver': {country: US,"),
        ("denver: {country: US,", "denver: {language: en, country: US,"),
        ("timezone: America/Denver}", "timezone: MST}"),
        ("condition: PTSD\n", "condition: PTSD\nverification: {critical: [consent, consent], others: 0.2}\n"),
        ("condition: PTSD\n", "condition: PTSD\nverification: {critical: [consent, symptoms.total], others: 0.2}\n"),
        ("number: \"112\"}", "number: \"call them\"}"),
        ("tell: [investigator]}", "tell: []}"),
        ("tell: [investigator]}", "tell: [investigator], escalate: [{after: 10 min, tell: [nobody]}]}"),
        # arms and the draw
        (ARMS, ARMS.replace("role: placebo", "role: placebo, drug: none")),
        (ARMS, ARMS.replace("role: placebo", "role: no_intervention")),
        (ARMS, ARMS.replace("role: placebo", "role: no_intervention, drug: none")),
        ("role: experimental}\n" + ARMS, "role: experimental, drug: none}\n" + ARMS.replace("placebo}", "no_intervention, drug: none}")),
        ("role: experimental}\n" + ARMS, "role: experimental, factors: {therapy: much}}\n" + ARMS),
        ("role: experimental}\n" + ARMS, "role: experimental, factors: {t: much}}\n" + ARMS.replace("placebo}", "placebo, factors: {t: much}}")),
        (DRAWN, "method: permuted_blocks, strata: [site], at: enrolment, tells: [participant]}"),
        (DRAWN, "method: permuted_blocks, strata: [site], at: enrolment, minimise: {chance: 0.8}}"),
        (DRAWN, "method: minimisation, strata: [site], at: enrolment}"),
        (DRAWN, "method: minimisation, strata: [], at: enrolment, minimise: {chance: 0.8}}"),
        (DRAWN, "method: minimisation, strata: [site], at: enrolment, minimise: {chance: 0.5}}"),
        (DRAWN, "method: minimisation, strata: [site], at: enrolment, minimise: {chance: 0.51}}"),
        (DRAWN, "method: minimisation, strata: [site], at: enrolment, minimise: {chance: 1}}"),
        (DRAWN, "method: minimisation, strata: [site], at: enrolment, minimise: {chance: 0.8, weights: {site: 0}}}"),
        (DRAWN, "method: minimisation, strata: [site], at: enrolment, minimise: {chance: 0.8, weights: {sex: 2}}}"),
        ("ratio: {mdma: 1, placebo: 1}", "ratio: {mdma: 1, placebo: 0}"),
        ("ratio: {mdma: 1, placebo: 1}", "ratio: {mdma: 1}"),
        ("ratio: {mdma: 1, placebo: 1}", "ratio: {mdma: 1, placebo: 1, other: 1}"),
        # supply
        ("condition: PTSD\n", f"{RESUPPLY}}}}}\n"),
        ("condition: PTSD\n", f"{RESUPPLY}, in_date_for: 2 h}}}}\n"),
        ("condition: PTSD\n", f"{RESUPPLY.replace('per: 4 wk', 'per: 2 h')}}}}}\n"),
        ("condition: PTSD\n", f"{RESUPPLY.replace('covers: 8 wk', 'covers: 24 h')}}}}}\n"),
        ("condition: PTSD\n", "condition: PTSD\nsupply: {storage: {lowest: 15 Cel, highest: 15 Cel}}\n"),
        ("condition: PTSD\n", "condition: PTSD\nsupply: {storage: {lowest: 15 Cel, highest: 15.1 Cel}}\n"),
        ("condition: PTSD\n", "condition: PTSD\nsupply: {count_every: 12 h}\n"),
        ("condition: PTSD\n", "condition: PTSD\nsupply: {losses: [{title: Lost, to: DEA, within: 24 h, jurisdiction: FR}]}\n"),
        ("condition: PTSD\n", "condition: PTSD\nsupply: {losses: [{title: Lost, to: DEA, within: 24 h, jurisdiction: USA}]}\n"),
        # doses
        ("initial: 2 x 60 mg", "initial: 2 x 60"),
        ("initial: 2 x 60 mg", "initial: 0 x 60 mg"),
        ("initial: 2 x 60 mg", "initial: 9 x 60 mg"),
        ("initial: 2 x 60 mg", "initial: 2 x 50 mg"),
        (CAPSULE, CAPSULE.replace("matching", "none")),
        (CAPSULE, CAPSULE.replace("matching}", "matching, schedule: {FR: I}}")),
        ("{give: 1 x 60 mg, offer: 1 h 30 min .. 2 h after initial}", "{give: 1 x 60 mg, offer: 9 h .. 10 h after initial}"),
        # rules
        (ADULT, 'rule: "demographics.age >= 18 &&\\n symtoms.total > 3"'),
        (ADULT, 'rule: "demographics.age % 2 == 0"'),
        (ADULT, 'rule: "demographics.age >= 10%"'),
        (ADULT, 'rule: "demographics.age"'),
        (ADULT, 'rule: "demographics.age == null"'),
        (ADULT, "rule: \"demographics.sex in 'male'\""),
        (ADULT, 'rule: "demographics.age > 1.5"'),
        (ADULT, 'rule: "if demographics.age > 18 then true"'),
        (ADULT, 'rule: "demographics.age > 18 ? true : 3"'),
        (ADULT, 'rule: "demographics.age ** 2 > 3"'),
        (ADULT, 'rule: "demographics.age = 18"'),
        (ADULT, 'rule: "demographics.age > 18 # years"'),
        (ADULT, 'rule: "present(\'therapist\') > 1"'),
        (ADULT, 'rule: "elapsed(\'initial\') > 8h"'),
        (ADULT, "rule: \"elapsed('initial') > duration('8 hours')\""),
        (ADULT, 'rule: "99999999999999999999 > demographics.age"'),
        (ADULT, f'rule: "{"(" * 300}true{")" * 300}"'),
        ("\"elapsed('initial') <= duration('2h')\"", "\"elapsed('supplement') <= duration('2h')\""),
        ("  discharge:\n    applies_when", "  leaving: {require: []}\n  discharge:\n    applies_when"),
        ("override: investigator + second person", "override: '   '"),
        ("override: investigator + second person", "override: therapst"),
        ("override: investigator + second person", "override: investigator, permitted: ''"),
        # schedule
        ("at: [before initial, initial + 90 min, end]", "at: [before initial, supplement + 90 min, end]"),
        ("at: [before initial, initial + 90 min, end]", "at: []"),
        ("at: [before initial, initial + 90 min, end]", "at: [before initial, initial + 90 min, initial + 90 min]"),
        ("or: baseline + 8 wk", "or: in eight weeks"),
        ("after: preparation_2\n", "after: randomization\n"),
        ("do: [suicidality, adverse_events, guess]}", "do: [suicidality, adverse_events, guess], epoch: late}"),
        ("then: {times: 1, every: 7 d, slack: 3 d}", "then: {times: 2, every: 7 d, slack: 4 d}"),
        ("then: {times: 1, every: 7 d, slack: 3 d}", "then: {times: 0, every: 7 d, slack: 3 d}"),
        ("within: 18 .. 34 d, or", "within: 18 .. 34 d, target: 40 d, or"),
        # the plan
        analysed(", event: {at_most: -10}"),
        analysed(", event: {}", 'method: proportion, contrast: mdma - placebo at outcome, alpha: 0.0499}'),
        analysed(", event: {at_mst: -10}", 'method: proportion, contrast: mdma - placebo at outcome, alpha: 0.0499}'),
        analysed(", event: {at_most: true}", 'method: proportion, contrast: mdma - placebo at outcome, alpha: 0.0499}'),
        analysed("", 'method: proportion, contrast: mdma - placebo at outcome, alpha: 0.0499}'),
        analysed("", PRIMARY.replace("mdma - placebo", "mdma - mdma")),
        analysed("", PRIMARY.replace("mdma - placebo", "mdma - placbo")),
        analysed("", PRIMARY.replace("at outcome", "at closing")),
        analysed("", PRIMARY.replace(", contrast: mdma - placebo at outcome", "")),
        analysed("", PRIMARY.replace("alpha: 0.0499", "alpha: 1.5")),
        analysed("", PRIMARY.replace("ancova", "describe")),
        analysed("", PRIMARY.replace("ancova", "guess_of_arm")),
        analysed("", PRIMARY.replace("ancova", "permutation")),
        ("information: 0.6,", "information: 1.6,"),
        ("information: 0.6,", "information: [0.6, 0.5],"),
        ("information: 0.6,", "information: [],"),
        ("alpha: 0.0001, decides", "alpha: 0.0001, spending: never, decides"),
        ("alpha: 0.0001, decides", "alpha: 0.0001, futility: 2, decides"),
        ("  sets: {mitt:", "  sets: {mitt: 3, old:"),
        ("set: mitt, method", "set: mit, method"),
        ("  primary: {endpoint", "  secondary: {primary: {endpoint: change, estimand: de_jure, set: mitt, method: describe}}\n  primary: {endpoint"),
        ("estimand: de_jure, set", "estimand: de_jura, set"),
        timed("stopped: treatment_policy, died: treatment_policy"),
        timed("stopped: treatment_policy, died: while_on_treatment"),
        timed("stopped: while_on_treatment, died: treatment_policy"),
        timed("stopped: treatment_policy, died: hypothetical"),
        timed("stopped: treatment_policy"),
        timed("stopped: treatment_policy, died: treatment_policy", "de_jure"),
        timed("stopped: treatment_policy, died: treatment_policy", more=", event: {at_most: 3}"),
        timed("stopped: treatment_policy, died: treatment_policy", more=", fixed: arm + baseline"),
        # the file itself
        ("study: mini\n", "study: Mini Study\n"),
        ("study: mini\n", "study: mini\norder: {}\n"),
        ("phase: 2\n", "phase: two\n"),
        ("phase: 2\n", "phase 2\n"),
        ("title: A small study for tests\n", "title: A small study: for tests\n"),
        ("title: A small study for tests\n", "title: {en: A, de: B}\n"),
        ("title: A small study for tests\n", "title: [a]\n"),
        ("title: A small study for tests\n", "title: '   '\n"),
        ("roles: {investigator", "roles: {Investigator: x, investigator"),
        ("sites:\n  denver:", "sites:\n denver:"),
        ("populations: {patient: {planned: 8}}", "populations: {patient: {planned: 8}"),
        ("populations: {patient: {planned: 8}}", "populations: {patient: {planned: 8}, partner: {planned: 8, linked_to: patient}}"),
        ("populations: {patient: {planned: 8}}", "populations: {patient: {planned: -8}}"),
        ("populations: {patient: {planned: 8}}", "populations: {patient: {planned: 8.5}}"),
        ("populations: {patient: {planned: 8}}", "populations: {patient: {planned: '8'}}"),
        ("lasting: true\n", "lasting: ja\n"),
        ("lasting: true\n", "lasting: 'true'\n"),
        # dangers and what follows
        ("washout:\n  half_lives: 5\n", "washout:\n  half_lives: 0\n"),
        ("solicited: [nausea, euphoria]", "solicited: [nausea, euphoria, nausea]"),
        ("solicited: [nausea, euphoria]", "solicited: [nausea, euphorie]"),
        ("adverse_events:\n", "holds: {one: {title: One, when: study.interest >= 1, stops: [dosing], lifted_by: investigator}}\nadverse_events:\n"),
        ("adverse_events:\n", "holds: {one: {title: One, when: study.deaths >= 1, stops: [], lifted_by: nobody}}\nadverse_events:\n"),
        ("adverse_events:\n", "stopping: {one: {title: One, when: person.serious >= 1, of: treatment}}\nadverse_events:\n"),
        ("adverse_events:\n", "reports: {one: {title: One, when: event.serious, within: 0 h, to: x}}\nadverse_events:\n"),
        ("adverse_events:\n", "reports: {one: {title: One, when: event.serious && !event.serious, within: 24 h, to: x}}\nadverse_events:\n"),
    ],
    "shapes/waiting_list": [
        ("opens_on: assigned.mdma,", "opens_on: assigned.mdma or consent.participation,"),
        ("opens_on: unblinded.waiting,", "opens_on: unblinded.waitng,"),
        ("opens_on: unblinded.waiting,", "opens_on: consent.more,"),
        ("opens_on: assigned.mdma,", "opens_on: assigned.mdme,"),
        ("opens_on: assigned.mdma,", "opens_on: assigned.waiting,"),
        ("opens_on: assigned.mdma,", "opens_on: consent.participation,"),
        ("track: treated, after: assignment, within: 3", "after: assignment, within: 3"),
        ("enrolment, randomisation, assignment]", "enrolment, assignment, randomisation]"),
        ("enrolment, randomisation, assignment]", "enrolment, randomisation]"),
        ("tells: [participant, coordinator, therapist, investigator, pharmacist, medical_monitor]}\nunblinding", "tells: [coordinator, therapist]}\nunblinding"),
        ("tells: [participant, coordinator, therapist, investigator, pharmacist, medical_monitor]}\nunblinding", "tells: [participant]}\nunblinding"),
        ("tells: [participant, coordinator, therapist, investigator, pharmacist, medical_monitor]}\nunblinding", "tells: [participant, coordinater]}\nunblinding"),
        ("{role: participant, hidden: [], until: lock}", "{role: participant, hidden: [allocation], until: lock}"),
        ("session: {initial: 2 x 60 mg}", "session: {initial: 2 x 60 mg, arms: {waiting: {initial: 1 x 60 mg}}}"),
        ("unblinding: {epoch: comparison,", "unblinding: {epoch: later,"),
        ("unblinding: {epoch: comparison,", "unblinding: {epoch: never,"),
    ],
    "shapes/factorial": [
        ("{drug: mdma, therapy: support}", "{drug: mdma}"),
        ("{drug: mdma, therapy: support}", "{drug: mdma, therapy: exposure}"),
        ("{drug: mdma, therapy: support}", "{drug: mdma, therapy: mdma}"),
        ("{drug: mdma, therapy: support}", "{drug: mdma, therpy: support}"),
    ],
    "forms": [
        ("  zurich: {country: CH,", "  zurich: {language: fr, country: CH,"),
        ("when: weeks >= 4}", "when: weaks >= 4}"),
        ("calculated: treatments > 3", "calculated: treatments.weeks > 3"),
        ("shows: screening.body.weight", "shows: outcome.body.weight"),
        ("shows: screening.body.weight", "shows: screening.body.waight"),
        ("shows: screening.body.weight", "shows: symptoms.total"),
        ("section: measured, range: 30", "section: measurd, range: 30"),
        ("title: {en: Age, de: Alter}", "title: {en: Age}"),
        ("labels: {0: {en: none, de: keine}, 10:", "labels: {0: {en: none, de: keine}, 11:"),
        ("of: [head, jaw, back]", "of: [head, jaw, back], labels: {neck: {en: Neck, de: Nacken}}"),
        ("accept: [application/pdf, image/jpeg]", "accept: []"),
    ],
}  # fmt: skip


def said_of(text: str, folder: Path) -> list[str]:
    """Each problem of a study file; where it has none, what is advised."""
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        load_study(path)
        found = [f"advised {one}" for one in warnings(path)]
    except StudyError as error:
        found = [str(one) for one in error.problems]
    return [one.replace(str(path), "study.yaml") for one in found]


def answers() -> str:
    """Every slip with what is said of it and not of the study as it is, line by line."""
    lines: list[str] = []
    with TemporaryDirectory() as folder:
        for study, slips in SLIPS.items():
            text = (TESTS / "studies" / study / "study.yaml").read_text(encoding="utf-8")
            usual = {_unplaced(one) for one in said_of(text, Path(folder))}
            for old, new in slips:
                assert text.count(old) == 1, (study, old)
                lines += ["", f"# {study}: {new.strip()}".replace("\n", " / ")]
                said = said_of(text.replace(old, new), Path(folder))
                lines += [one for one in said if _unplaced(one) not in usual] or ["nothing"]
    return "\n".join(lines).lstrip() + "\n"


def _unplaced(said: str) -> str:
    """What is said, without the line: one more line above moves all that follow."""
    return re.sub(r":[0-9]+:[0-9]+", "", said)


if __name__ == "__main__":
    GOLDEN.write_text(answers(), encoding="utf-8")
