"""What stands in the records of ODM beside answers, and answers that stand where none is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from lxml import etree

from entact.exchange.odm.left import bare
from entact.exchange.odm.space import tag

_ABOVE: Final = ("ItemGroupData", "FormData", "StudyEventData", "SubjectData")
_READ: Final = frozenset(
    {*_ABOVE, "AuditRecord", "UserRef", "LocationRef", "DateTimeStamp", "ReasonForChange", "SourceID"}
    | {"MeasurementUnitRef", "SiteRef"}
)


def misplaced(root: etree._Element) -> Iterator[str]:
    """Each answer that does not lie in a group, form, event and subject, one in the other."""
    for data in root.iter(tag("ClinicalData")):
        for one in data.iter():
            if _is_answer(one) and (above := _above(one)) != _ABOVE:
                yield (
                    f"line {one.sourceline}: this answer lies in {' in '.join(above) or 'nothing'}, and is "
                    f"not read; one lies in {' in '.join(_ABOVE)}"
                )


def beside(root: etree._Element, own: frozenset[str]) -> Iterator[str]:
    """What is not read of the records: each kind with how often it is there.

    Args:
        own: comments that are read, by their first words.
    """
    counts: Counter[str] = Counter()
    for data in root.iter(tag("ClinicalData")):
        for one in data:
            _count(one, own, counts)
    for data in root.iter(tag("ReferenceData")):
        counts["answers in ReferenceData, which are about nobody"] += sum(map(_is_answer, data.iter()))
    yield from (f"{name} (beside the answers): {count} times" for name, count in counts.items() if count)


def _count(element: etree._Element, own: frozenset[str], counts: Counter[str]) -> None:
    name = bare(str(element.tag), element)
    if name == "Annotation" and _is_own(element, own):
        return
    if name not in _READ and not _is_answer(element):
        counts[name] += 1
        return
    for one in element:
        _count(one, own, counts)


def _is_own(annotation: etree._Element, own: frozenset[str]) -> bool:
    said = [(one.text or "").partition(":")[0] for one in annotation.iter(tag("Comment"))]
    return bool(said) and own.issuperset(said) and annotation.find(tag("Flag")) is None


def _is_answer(element: etree._Element) -> bool:
    return isinstance(element.tag, str) and element.tag.startswith(tag("ItemData"))


def _above(element: etree._Element) -> tuple[str, ...]:
    names = (etree.QName(one).localname for one in element.iterancestors())
    return tuple(name for name, _ in zip(names, _ABOVE, strict=False) if name != "ClinicalData")
