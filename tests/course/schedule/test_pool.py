"""Whom an assessment is offered to: somebody who can, who has not met the person, and has least to do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from entact.course.schedule.pool import SPREAD, Open, Rater, offers_of

NAMES = ("ida", "jo", "kim", "lea")
LANGUAGES = st.frozensets(st.sampled_from(("de", "en", "es")), max_size=3)
RATERS = st.lists(
    st.builds(Rater, st.sampled_from(NAMES), LANGUAGES, st.integers(0, 9)),
    unique_by=lambda one: one.name,
)
OPEN = st.lists(
    st.builds(
        Open,
        st.text("abcdef", min_size=4, max_size=8),
        st.sampled_from(("de", "en", "es")),
        st.frozensets(st.sampled_from(NAMES)),
        st.booleans(),
    ),
    unique_by=lambda one: one.token,
    max_size=8,
)


@given(RATERS, OPEN)
def test_nobody_is_offered_what_they_cannot_take_and_somebody_who_can_is_asked(
    raters: list[Rater], open_ones: list[Open]
) -> None:
    offered = offers_of(raters, open_ones)
    for one in open_ones:
        able = {rater.name for rater in raters if rater.can(one)}
        asked = {name for name, tokens in offered.items() if one.token in tokens}
        assert asked <= able
        assert bool(asked) == bool(able)
        assert not one.is_soon or asked == able
    assert all(list(tokens) == sorted(tokens) for tokens in offered.values())  # the order tells nothing


@given(st.integers(2, 4), st.integers(1, 40))
def test_raters_of_one_language_who_take_all_that_they_can_end_up_with_as_much(
    raters: int, count: int
) -> None:
    load = dict.fromkeys(NAMES[:raters], 0)
    for number in range(count):
        pool = [Rater(name, frozenset({"en"}), taken) for name, taken in load.items()]
        offered = offers_of(pool, [Open(str(number), "en")])
        greedy = next(name for name, tokens in offered.items() if tokens)
        load[greedy] += 1
    assert max(load.values()) - min(load.values()) <= SPREAD + 1


def test_who_alone_speaks_a_language_is_spared_for_it() -> None:
    ida, jo = Rater("ida", frozenset({"de", "en"})), Rater("jo", frozenset({"en"}))
    german = [Open(f"g{number}", "de") for number in range(3)]
    offered = offers_of([ida, jo], [*german, Open("e", "en")])
    assert offered == {"ida": ("g0", "g1", "g2"), "jo": ("e",)}
