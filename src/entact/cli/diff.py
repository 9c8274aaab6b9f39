"""`entact diff`: what an amendment changes, for whom, and from when."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from entact.protocol import Release, Study, StudyError, load_study
from entact.protocol.amendment import ABSENT, Applies, Difference, amendment_faults, differences
from entact.protocol.load import FILE, amend
from entact.protocol.problem import Problem
from entact.protocol.source import field_of
from entact.protocol.words.change import members_changed, rules_in_words, value_text

FOR_WHOM: Final[dict[Applies, str]] = {
    "immediately": "For everyone at a site, from the time at which its ledger approves {new}",
    "at_reconsent": "For those under way once they have consented to {new}, for others from the beginning",
    "new_participants": "For those alone whose first consent is to {new}; for nobody under way",
}


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
            {**_as_data(one, new.file.release), "in_words": rules_in_words(one, old, new)}
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
        members_changed(before, after)
        if isinstance(before, list) and isinstance(after, list)
        else [("", before, after)]
    )
    for member, old, new in pairs:
        said = Text.assemble("  • ", (field + member, "cyan"))
        if old is None:
            said.append(" is new: ").append(value_text(new), "green")
        elif new is None:
            said.append(" is taken out: ").append(value_text(old), "red")
        else:
            said.append(": ").append(value_text(old), "red").append(" → ").append(value_text(new), "green")
        console.print(said.append(because, "dim"), soft_wrap=True)
        rules = [change["in_words"].get(rule) for rule in (old, new) if isinstance(rule, str)]
        if any(rules):
            told = " → ".join(rule for rule in rules if rule)
            console.print(Text(f"    in words: {told}", "dim"), soft_wrap=True)


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
