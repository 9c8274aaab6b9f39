"""Whether a unit is one of UCUM, and which was probably meant where it is not.

Source: the Unified Code for Units of Measure, version 2.2, https://ucum.org/ucum; case-sensitive, and of its
atoms those that a study of people may need.
"""

from __future__ import annotations

import re
from typing import Final

from entact.protocol.problem import nearest

_PREFIXES: Final = "da k h d c m u n p f M G T P"
_METRIC: Final = (
    "m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv L l t bar u eV kat U [iU] "
    "[IU] cal osm eq m[Hg] m[H2O] B Np dyn erg By bit"
)
_OTHERS: Final = (
    "10* 10^ [pi] % [ppth] [ppm] [ppb] [pptr] deg ' '' min h d wk mo a a_j mo_j a_g mo_g a_t mo_s [in_i] "
    "[ft_i] [yd_i] [mi_i] [lb_av] [oz_av] [gr] [stone_av] [degF] [pH] [HPF] [LPF] [diop] [MET] [drp] "
    "[foz_us] [cup_us] [tsp_us] [tbs_us] [pt_us] [qt_us] [gal_us] [Cal] [kn_i] [psi] atm Ci R [RAD] [REM] "
    "[CFU] [PFU] [EU] [USP'U] [arb'U] [AU] [BAU] [APL'U] [GPL'U] [MPL'U] [anti'Xa'U] [PNU] [Ch] g% B[SPL] "
    "circ sph bit_s Bd"
)
_COMMON: Final = (
    "mg ug ng g kg mL dL L mmol/L umol/L nmol/L pmol/L meq/L mg/dL mg/L ug/L ng/mL ng/L g/L g/dL U/L [iU]/L "
    "mm[Hg] /min Cel ms s min h d wk mo a cm mm m m2 kg/m2 % 10*9/L 10*12/L mL/min/{1.73_m2} mg/kg uS"
)

# What people write instead, in small letters.
_MEANT: Final = {
    **dict.fromkeys(("°c", "c", "degc", "deg c", "celsius", "℃"), "Cel"),
    **dict.fromkeys(("°f", "f", "degf", "deg f", "fahrenheit", "℉"), "[degF]"),
    **dict.fromkeys(("mmhg", "mm_hg", "mm[hg]", "torr"), "mm[Hg]"),
    **dict.fromkeys(("bpm", "beats/min", "breaths/min", "per_minute", "per minute", "min-1"), "/min"),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), "a"),
    **dict.fromkeys(("month", "months", "mos"), "mo"),
    **dict.fromkeys(("w", "wks", "week", "weeks"), "wk"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("msec", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("mcg", "mcgs", "micrograms"), "ug"),
    **dict.fromkeys(("mgs", "milligram", "milligrams"), "mg"),
    **dict.fromkeys(("kgs", "kilo", "kilos", "kilogram", "kilograms"), "kg"),
    **dict.fromkeys(("lb", "lbs", "pound", "pounds"), "[lb_av]"),
    **dict.fromkeys(("in", "inch", "inches"), "[in_i]"),
    **dict.fromkeys(("ft", "feet", "foot"), "[ft_i]"),
    **dict.fromkeys(("cc", "ccm", "millilitre", "milliliter"), "mL"),
    **dict.fromkeys(("kg/m²", "kg/m^2", "kg/m**2", "kg.m-2"), "kg/m2"),
    **dict.fromkeys(("iu", "i.u."), "[iU]"),
    **dict.fromkeys(("iu/l",), "[iU]/L"),
    **dict.fromkeys(("iu/ml",), "[iU]/mL"),
    **dict.fromkeys(("percent", "per cent", "pct"), "%"),
    **dict.fromkeys(("point", "points"), "{points}"),
    **dict.fromkeys(("capsule", "capsules"), "{capsule}"),
    **dict.fromkeys(("tablet", "tablets"), "{tablet}"),
}


def _any_of(atoms: str) -> str:
    return "|".join(re.escape(atom) for atom in sorted(atoms.split(), key=len, reverse=True))


_ATOM: Final = re.compile(
    rf"(?:(?:{_any_of(_PREFIXES)})?(?:{_any_of(_METRIC)})|(?:{_any_of(_OTHERS)}))"
    r"(?:[+-]?[0-9]+)?(?:\{[!-z|~]*\})?|[0-9]+|\{[!-z|~]*\}"
)
_SIGN: Final = re.compile(r"[./]")
_LITRE: Final = re.compile(r"(?<=/)l\b|^l\b|(?<=/[dcmu])l\b|(?<=^[dcmu])l\b")  # as good as `L`


def wrong_unit(unit: str) -> str | None:
    """What is wrong with a unit as UCUM has it, and what was probably meant; None where nothing is."""
    letters = _letters(unit)
    meant = _MEANT.get(letters) or _USUAL_BY_LETTERS.get(letters)
    valid = is_unit(unit)
    if meant in (None, unit, _LITRE.sub("L", unit)):
        meant = None if valid else nearest(unit, _USUAL)
    if meant is None and valid:
        return None
    wrong = f"{unit!r} is another unit in UCUM" if valid else f"there is no unit {unit!r} in UCUM"
    hint = (
        f"did you mean {meant!r}?" if meant else "write it as in 'mm[Hg]', '/min', 'Cel', 'mg' or '{points}'"
    )
    return f"{wrong}; {hint}"


def is_unit(unit: str) -> bool:
    """Whether a text is a unit of UCUM, such as `mm[Hg]`, `/min` or `10*9/L`."""
    place = 1 if unit.startswith("/") else 0
    depth, wants = 0, True
    while place < len(unit):
        letter = unit[place]
        if wants and letter == "(":
            depth, place = depth + 1, place + 1
        elif wants and (found := _longest(unit, place)):
            place, wants = found, False
        elif not wants and letter == ")" and depth:
            depth, place = depth - 1, place + 1
        elif not wants and _SIGN.match(unit, place):
            place, wants = place + 1, True
        else:
            return False
    return not wants and not depth


def _longest(unit: str, place: int) -> int:
    """Where the component that begins at a place ends; 0 where none does."""
    ends = [end for end in range(len(unit), place, -1) if _ATOM.fullmatch(unit, place, end)]
    return ends[0] if ends else 0


def _letters(unit: str) -> str:
    return unit.lower().replace("µ", "u").replace("μ", "u").replace("²", "2")


_USUAL: Final = frozenset(_COMMON.split())
_USUAL_BY_LETTERS: Final = {_letters(unit): unit for unit in _USUAL}


def meant_unit(said: str) -> str | None:
    """The unit of UCUM that people mean: `lbs` is `[lb_av]`; None where it is not known."""
    letters = _letters(said.strip())
    if not any(letter.isalpha() or letter in "%°[{" for letter in letters):
        return None  # `120/80` is no 120 of a unit called /80
    return _MEANT.get(letters) or _USUAL_BY_LETTERS.get(letters) or (said if is_unit(said) else None)
