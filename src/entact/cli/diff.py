"""`entact diff`: what an amendment changes, for whom, and from when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from entact.protocol import Release, Study, StudyError, load_study
from entact.protocol.amendment import ABSENT, Applies, Difference, amendment_faults, differences
from entact.protocol.form import CompiledForm
from entact.protocol.load import FILE, amend
from entact.protocol.problem import Problem
from entact.protocol.source import field_of
from entact.protocol.words import Labels, rule_words

FOR_WHOM: Final[dict[Applies, str]] = {
    "immediately": "For everyone at a site, from the time at which its ledger approves {new}",
    "at_reconsent": "For those under way once they have consented to {new}, for others from the beginning",
    "new_participants": "For those alone whose first consent is to {new}; for nobody under way",
}

_RULES: Final = frozenset({"when", "rearm", "require", "applies_when", "rule", "value", "calculated"})


def compare(before: str, after: str) -> dict[str, Any]:
    """What changes between two releases, and what is missing in the amendment that should say so.

    Args:
        before, after: a study or the path of a study file; `mapp1@1.1` is one of the releases of a study.
    Raises:
        StudyError: when one of the two cannot be used.
    """
    old, new = release_named(before), release_named(after)
    return {
        "before": {"release": old.file.release, "id": old.id},
        "after": {"release": new.file.release, "id": new.id},
        "reason": new.file.amendment.reason if new.file.amendment is not None else None,
        "changes": [
            {**_as_data(one, new.file.release), "in_words": _rules_of(one, old, new)}
            for one in differences(old.data, new.data)
        ],
        "problems": [] if old == new else _problems(old, new, after),
    }


def print_comparison(result: dict[str, Any]) -> None:
    """The changes in words, gathered by whom they apply to."""
    console = Console(highlight=False)
    old, new = result["before"], result["after"]
    console.print(Text(f"release {old['release']} → {new['release']}", style="bold"))
    if result["reason"]:
        console.print(result["reason"], markup=False)
    if not result["changes"]:
        console.print("Nothing changes.")
    for whom in dict.fromkeys(change["for_whom"] for change in result["changes"]):
        console.print()
        console.print(Text(f"{whom}:", style="bold"))
        for change in result["changes"]:
            if change["for_whom"] == whom:
                _print_change(console, change)


def _print_change(console: Console, change: dict[str, Any]) -> None:
    before, after = change["before"], change["after"]
    field, because = change["field"], f"  ({change['because']})" if change["because"] else ""
    pairs = (
        _members(before, after)
        if isinstance(before, list) and isinstance(after, list)
        else [("", before, after)]
    )
    for member, old, new in pairs:
        said = Text.assemble("  • ", (field + member, "cyan"))
        if old is None:
            said.append(" is new: ").append(_words(new), "green")
        elif new is None:
            said.append(" is taken out: ").append(_words(old), "red")
        else:
            said.append(": ").append(_words(old), "red").append(" → ").append(_words(new), "green")
        console.print(said.append(because, "dim"), soft_wrap=True)
        rules = [change["in_words"].get(rule) for rule in (old, new) if isinstance(rule, str)]
        if any(rules):
            told = " → ".join(rule for rule in rules if rule)
            console.print(Text(f"    in words: {told}", "dim"), soft_wrap=True)


def _members(before: list[Any], after: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    """The members of a list that differ, each with its number in the list and, of blocks, what differs."""
    texts = [[_words(member) for member in side] for side in (before, after)]
    for same, i, i_end, j, j_end in SequenceMatcher(a=texts[0], b=texts[1], autojunk=False).get_opcodes():
        if same == "equal":
            continue
        for old, new in zip_longest(range(i, i_end), range(j, j_end)):
            one, other = None if old is None else before[old], None if new is None else after[new]
            number = f"[{(old if new is None else new) + 1}]"
            if isinstance(one, dict) and isinstance(other, dict):
                for name in dict.fromkeys([*one, *other]):
                    if one.get(name) != other.get(name):
                        yield f"{number}.{name}", one.get(name), other.get(name)
            else:
                yield number, one, other


def _problems(old: Release, new: Release, after: str) -> list[str]:
    """What is missing or wrong in the amendment, with its place where it is a file."""
    path = Path(after) / FILE if Path(after).is_dir() else Path(after)
    if not path.is_file():
        faults = amendment_faults(old.data, new.data)
        return [str(Problem(after, 0, 0, field_of(new.data, fault.path), fault.message)) for fault in faults]
    try:
        amend(Study(old.file.study, (old,)), {str(path): path.read_bytes()})
    except StudyError as error:
        return [str(problem) for problem in error.problems]
    return []


def _as_data(one: Difference, label: str) -> dict[str, Any]:
    if one.only_explains:
        whom = "Sources and assumptions, which change nothing that anybody does"
    elif one.applies is None:
        whom = "NOT SAID for whom"
    else:
        whom = FOR_WHOM[one.applies].format(new=label)
    return {
        "field": one.field,
        "before": None if one.before is ABSENT else one.before,
        "after": None if one.after is ABSENT else one.after,
        "applies": one.applies,
        "for_whom": whom,
        "because": one.because,
    }


def _rules_of(one: Difference, old: Release, new: Release) -> dict[str, str]:
    """Each rule in what a change had and has, in words."""
    found: dict[str, str] = {}
    for release, value in ((old, one.before), (new, one.after)):
        parts = one.field.split(".")
        form = release.forms.get(parts[1]) if parts[0] == "forms" and len(parts) > 1 else None
        own = _own_of(form, parts) if form is not None else {}
        for rule in _rules_in(value, parts[-1].partition("[")[0]):
            try:
                found[rule] = rule_words(rule, Labels(release.forms), own)
            except (KeyError, ValueError):
                continue  # it stands as it is in the file
    return found


def _own_of(form: CompiledForm, parts: list[str]) -> dict[str, CompiledForm]:
    """What a rule within a form names alone; within rows what stands beside it before what stands above."""
    return dict.fromkeys(form.items, form) | {
        name: rows for item, rows in form.rows.items() if item in parts for name in rows.items
    }


def _rules_in(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _rules_in(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _rules_in(inner, "")
    elif isinstance(value, str) and name in _RULES:
        yield value


def _words(value: Any) -> str:
    """A value as it would stand in the file, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_words(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_words, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def release_named(name: str) -> Release:
    """The newest release of a study, or the one that is named, as in `mapp1@1.0`.

    Raises:
        StudyError: when the study cannot be used, or has no such release.
    """
    study, at, label = name.rpartition("@")
    if not at:
        return load_study(name).newest
    releases = {release.file.release: release for release in load_study(study).releases}
    if label not in releases:
        message = f"there is no release {label!r}; there are {', '.join(releases)}"
        raise StudyError([Problem(study, 0, 0, "release", message)])
    return releases[label]
