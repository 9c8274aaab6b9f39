"""What is to be ordered for a site: whole rows, in time, and nothing that tells an arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.stats import poisson
from tests.course.cases import Case, before
from tests.course.supply.stock import SUPPLY, study_with

from entact.course import Course
from entact.course.resupply import Known, Proposal, propose, rows_for, supplied
from entact.course.state.sealed_list import PackedKit
from entact.course.state.setting import KitStock, SiteState
from entact.course.state.supply import LotState, OrderState, SupplyState
from entact.protocol import Release

RESUPPLY = {"lead_time": "21 d", "covers": "8 wk", "recruitment": {"participants": 2, "per": "4 wk"}}
RELEASE: Release = study_with({**SUPPLY, "resupply": RESUPPLY}).newest
EACH = [("full", "initial"), ("full", "supplement"), ("low", "initial"), ("low", "supplement")]
TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 16, tzinfo=UTC)
LATE = "2027-03-31"
RNG = np.random.default_rng(13)


def rows(count: int, spare: int = 1, site: str = "denver") -> Known:
    """A list of so many rows of a site, with kits for each."""
    numbers = [f"R-{place + 1:02d}" for place in range(count)]
    what = [(row, *one) for row in numbers for one in EACH for _ in range(1 + spare)]
    labels = [f"{one:06d}" for one in np.random.default_rng(5).permutation(900_000)[: len(what)]]
    packed = {
        kit: PackedKit(kit, row, level, part)  # type: ignore[arg-type]
        for kit, (row, level, part) in zip(labels, what, strict=True)
    }
    return Known({site: numbers}, packed, (), (), ())


def here(known: Known, *numbers: str, **as_is: Any) -> SiteState:
    """The site with the kits of these rows, as they were received."""
    kits = {
        kit: KitStock(kit, **{"status": "received", "expires": LATE, "lot": None, "entry": "e", **as_is})
        for kit, one in known.packed.items()
        if one.number in numbers
    }
    return SiteState("denver", status="active", kits=kits)


def asked(site: SiteState, known: Known, courses: Iterable[Course] = ()) -> Proposal:
    plan = RELEASE.file.supply
    assert plan is not None
    assert plan.resupply is not None
    people = [one for course in courses if (one := supplied(course, NOW)) is not None]
    return propose(RELEASE, plan.resupply, site, known, people, TODAY)


def of(known: Known, found: Proposal) -> Counter[str]:
    return Counter(known.packed[kit].number for kit in found.kits)


@pytest.mark.parametrize(
    ("expected", "risk"),
    [
        (0.01, 0.05),
        (1.5, 0.05),
        (5.5, 0.05),
        (5.5, 0.001),
        (40, 0.1),
        (700, 0.0001),
        (1160, 0.05),
        (4e6, 0.5),
    ],
)
def test_so_many_rows_last_but_for_the_chance_that_is_accepted(expected: float, risk: float) -> None:
    """The quantile of a Poisson distribution, as scipy has it; at least one row lies ready."""
    assert rows_for(expected, risk) == max(1, poisson.ppf(1 - risk, expected))


def test_at_first_whole_rows_up_to_the_target_are_ordered() -> None:
    """1.5 are expected in the three weeks that an order takes, 5.5 until the next: 4 and 10 rows."""
    known = rows(20)
    found = asked(here(known), known)
    [level] = found.levels
    assert (level.minimum, level.target, level.left) == (4, 10, 20)
    assert of(known, found) == dict.fromkeys([f"R-{n:02d}" for n in range(1, 11)], 8)
    assert found.counts == dict.fromkeys(EACH, 20)
    assert (found.rows, found.people, found.unplanned) == (10, 0, ())
    assert list(found.kits) == sorted(found.kits)


def test_nothing_is_ordered_while_the_rows_that_come_next_last() -> None:
    known = rows(20)
    enough = [f"R-{n:02d}" for n in range(1, 5)]
    assert not asked(here(known, *enough), known).is_due
    after_one = replace(known, used=["R-01"])
    found = asked(here(known, *enough), after_one)
    assert (found.levels[0].ready, found.rows) == (3, 7)
    assert of(known, found) == dict.fromkeys([f"R-{n:02d}" for n in range(5, 12)], 8)
    ordered = OrderState("1", found.kits, "o", "p-1", NOW)
    site = replace(here(known, *enough), supply=SupplyState(orders={"1": ordered}))
    then = asked(site, after_one)
    assert (then.is_due, then.levels[0].ready, then.levels[0].coming) == (False, 3, 7)


def test_a_site_that_takes_nobody_in_orders_for_nobody_to_come() -> None:
    known = rows(20)
    for status in ("held", "closed"):
        assert not asked(replace(here(known), status=status), known).is_due
    assert asked(replace(here(known), status=None), known).rows == 10  # before it opens


def test_the_end_of_the_list_is_the_end_of_the_orders() -> None:
    known = replace(rows(6), used=[f"R-{n:02d}" for n in range(1, 5)])
    found = asked(here(known), known)
    assert (found.rows, found.levels[0].left) == (2, 2)


def test_the_kits_of_one_row_alone_are_not_ordered_while_there_is_another() -> None:
    """Whoever saw such an order would know which kits go together."""
    known = rows(12)
    site = here(known, *(f"R-{n:02d}" for n in range(4, 11)))
    lacks_two = asked(site, known)
    site = here(known, "R-01", "R-02", "R-04", *(f"R-{n:02d}" for n in range(5, 11)))
    found = asked(site, known)
    assert of(known, found) == {"R-03": 8, "R-11": 8}
    assert (found.rows, lacks_two.rows) == (2, 3)
    last = replace(rows(4), used=["R-01", "R-02", "R-03"])
    assert asked(here(last), last).rows == 1  # there is no other


LOT = LotState("L-1", "capsule", "60 mg", "salt", LATE, "CoA", "released", "e")
KITS: dict[str, tuple[dict[str, Any], LotState, bool]] = {
    "missing": ({"status": "missing"}, LOT, True),
    "rejected": ({"status": "rejected"}, LOT, True),
    "over before the last session": ({"expires": "2026-03-08"}, LOT, True),
    "in date to the last session": ({"expires": "2026-03-09"}, LOT, False),
    "recalled": ({}, replace(LOT, status="recalled"), True),
    "waits for the sponsor": ({"status": "quarantined"}, LOT, False),
    "waits for a second person": ({"unchecked": "e"}, LOT, False),
    "of another strength": ({}, replace(LOT, strength="50 mg"), False),
    "waits for its release": ({}, replace(LOT, status="not_released"), False),
}


@pytest.mark.parametrize("name", KITS)
def test_a_row_whose_kits_can_never_be_given_asks_for_more(name: str) -> None:
    """Rows are used in their order: one whose kits are gone keeps everybody, and nobody orders around it."""
    as_is, lot, gone = KITS[name]
    known = rows(4)
    site = here(known, "R-01", "R-02", "R-03", "R-04")
    kits = {
        kit: replace(one, lot="L-1", **as_is) if known.packed[kit].number == "R-02" else one
        for kit, one in site.kits.items()
    }
    found = asked(replace(site, kits=kits, supply=SupplyState(lots={"L-1": lot})), known)
    assert found.unplanned == (("R-02",) if gone else ())
    assert not found.kits


def test_one_kit_that_broke_is_what_the_spare_is_for() -> None:
    known = rows(4)
    site = here(known, "R-01", "R-02", "R-03", "R-04")
    first = next(kit for kit, one in known.packed.items() if one.number == "R-01")
    broken = {**site.kits, first: replace(site.kits[first], status="rejected")}
    assert not asked(replace(site, kits=broken), known).is_due


def test_kits_that_went_to_another_site_or_person_are_no_stock_here() -> None:
    known = rows(4)
    lost = [kit for kit, one in known.packed.items() if one.number == "R-01"]
    assert asked(here(known), replace(known, elsewhere=lost)).unplanned == ("R-01",)
    site = here(known, "R-01", "R-02", "R-03", "R-04")
    assert asked(site, replace(known, held=lost)).unplanned == ("R-01",)


def test_who_has_not_enough_kits_for_the_sessions_to_come_gets_more() -> None:
    case: Case = before("dispense")
    course = case.course()
    assert course.randomisation is not None
    own = course.randomisation.number
    known = rows(6, spare=2)
    mine = {kit: replace(one, number=own) for kit, one in known.packed.items() if one.number == "R-01"}
    known = Known({"denver": [own, *known.lists["denver"][1:]]}, {**known.packed, **mine}, [own], (), ())
    others = ["R-02", "R-03", "R-04", "R-05"]
    enough = here(known, own, *others)
    assert not asked(enough, known, [course]).is_due
    supplements = [kit for kit in mine if mine[kit].part == "supplement"]
    sent = replace(enough, kits={kit: one for kit, one in enough.kits.items() if kit not in supplements})
    found = asked(sent, known, [course])
    beside = {kit for kit, one in known.packed.items() if one.number == "R-06"}  # so that nobody sees whose
    assert (found.people, found.rows, set(found.kits)) == (1, 1, set(supplements) | beside)
    spare = {}  # a second kit of each other kind, which is still planned: of that there is enough
    for kit in set(mine) - set(supplements):
        spare[mine[kit].level] = kit
    fewer = {kit: one for kit, one in sent.kits.items() if kit not in spare.values()}
    assert set(asked(replace(sent, kits=fewer), known, [course]).kits) == set(supplements) | beside
    broken = {
        kit: replace(one, status="rejected") if kit in supplements else one
        for kit, one in enough.kits.items()
    }
    assert asked(replace(enough, kits=broken), known, [course]).unplanned == (own,)
    assert course.randomisation.number not in asked(sent, known, ()).unplanned


Seen = tuple[int, bool, int, int]
"""What a blinded person sees as somebody comes: how many came before, whether an order was entered since the
last one, its kits, and how many rows' kits lie there."""


def neutral(arms: list[str], weeks: Iterable[int]) -> Iterator[tuple[Seen, str]]:
    """A site that orders as the program proposes it, week by week."""
    known = rows(len(arms), spare=0)
    numbers = known.lists["denver"]
    site, used, arriving = SiteState("denver", status="active"), 0, dict[int, tuple[str, ...]]()
    since, size = True, 0
    for week, comes in enumerate(weeks):
        come = {kit: KitStock(kit, "received", LATE, None, "e") for kit in arriving.pop(week, ())}
        site = replace(site, kits={**site.kits, **come})
        for _ in range(comes):
            mine = [kit for kit, one in known.packed.items() if one.number == numbers[used]]
            if used + 1 == len(arms) or not set(mine) <= site.kits.keys():
                break
            ready = len(site.kits) // len(EACH) - used
            yield (used, since, size, ready), arms[used]
            used, since = used + 1, False
        found = asked(site, replace(known, used=numbers[:used]))
        if found.kits:
            since, size = True, len(found.kits)
            arriving[week + 3] = found.kits
            order = OrderState(str(week), found.kits, "o", "p", NOW)
            orders = {**site.supply.orders, str(week): order}
            site = replace(site, supply=SupplyState(orders=orders))


def by_arm(arms: list[str], weeks: Iterable[int]) -> Iterator[tuple[Seen, str]]:
    """A site whose stock is kept by arm, which comes in packs of its own: what must not be."""
    stock, target = {"mdma": 2, "placebo": 3}, {"mdma": 2, "placebo": 3}
    used, since, size = 0, True, 5
    for comes in weeks:
        for _ in range(comes):
            if used + 1 == len(arms):
                return
            arm = arms[used]
            yield (used, since, size, sum(stock.values())), arm
            stock[arm] -= 1
            used, since = used + 1, False
            if stock[arm] <= 1:
                since, size = True, target[arm] - stock[arm]
                stock[arm] = target[arm]


def gained(policy: Callable[[list[str], Iterable[int]], Iterator[tuple[Seen, str]]]) -> tuple[float, float]:
    """How much more often the next arm is guessed from all that is seen than from how many came; its error.

    Whoever guesses has seen half of the sites opened, and guesses the others.
    """
    seen: list[list[tuple[Seen, str]]] = []
    for _ in range(100):
        blocks = [RNG.permutation(["mdma", "placebo"]) for _ in range(9)]
        seen.append(list(policy([str(arm) for block in blocks for arm in block], RNG.poisson(0.5, 26))))
    learnt, tried = [one for site in seen[::2] for one in site], [one for site in seen[1::2] for one in site]

    def hits(look: Callable[[Seen], object]) -> np.ndarray[Any, Any]:
        counts: dict[object, Counter[str]] = {}
        for what, arm in learnt:
            counts.setdefault(look(what), Counter())[arm] += 1
        best: Mapping[object, str] = {key: count.most_common(1)[0][0] for key, count in counts.items()}
        return np.array([best.get(look(what), "mdma") == arm for what, arm in tried], dtype=float)

    more = hits(lambda what: (what[0] % 2, *what[1:])) - hits(lambda what: what[0] % 2)
    return float(more.mean()), float(more.std() / np.sqrt(len(more)))


@pytest.mark.requirement("R10")
def test_orders_and_stock_tell_nothing_of_the_next_arm() -> None:
    """R10: who sees every order and the stock guesses no better than who does not; by arm they would."""
    gain, error = gained(neutral)
    assert abs(gain) < 3 * error + 0.01
    told, error = gained(by_arm)
    assert told > 5 * error
    assert told > 0.1
