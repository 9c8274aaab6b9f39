"""The catalogues of the pages' words: what is to be translated is read from code and templates.

    python -m tests.conduct.language.catalogue

writes every word that pages say into `locale/*/LC_MESSAGES/django.po`, keeps what is translated, drops
what is said no more, and makes the `.mo` beside it that the server reads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import django
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from entact.conduct.language.scripts import OF_CONSOLE, OF_PAGES, marked_words
from entact.report.typeset import SHEETS, words_of
from entact.report.typeset import marked_words as marked_in_sheet

CONDUCT = Path(__file__).parents[3] / "src" / "entact" / "conduct"
KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "say": None,
}
LANGUAGES = ("de",)


def po_of(language: str) -> Path:
    """Where the words of a language are written."""
    return CONDUCT / "locale" / language / "LC_MESSAGES" / "django.po"


def templates() -> list[Path]:
    """What pages are made from; the console of a session is a file, and none of them."""
    return [one for one in sorted(CONDUCT.rglob("*.html")) if "console" not in one.parts]


def scripts() -> list[Path]:
    """What pages, and the console of a session, run."""
    return sorted([*OF_PAGES.glob("*.js"), *OF_CONSOLE.glob("*.js")])


def sheets() -> list[Path]:
    """What is printed from pages."""
    return [CONDUCT.parent / "report" / "templates" / f"{name}.typ" for name in SHEETS]


def drawings() -> list[Path]:
    """What a page has drawn by the room of reports: modules that mark their words by `say`, and templates."""
    report = CONDUCT.parent / "report"
    names = ("schedule.py", "pictures/schedule.py", "templates/schedule.html.j2")
    return [report / one for one in names]


def read_words(language: str) -> Catalog:
    """The catalogue of a language as it is written."""
    with po_of(language).open("rb") as file:
        return read_po(file, locale=language, domain="django")


def compiled(catalogue: Catalog) -> bytes:
    """A catalogue as the server reads it."""
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def said() -> Catalog:
    """Every word that pages say, with the places where they do."""
    if not settings.configured:
        settings.configure(USE_I18N=False)
        django.setup()
    found = Catalog(domain="django", charset="utf-8")
    for path in sorted([*CONDUCT.rglob("*.py"), *templates(), *scripts(), *sheets(), *drawings()]):
        place = [(path.relative_to(CONDUCT if CONDUCT in path.parents else CONDUCT.parent).as_posix(), None)]
        for function, words in _READ[path.suffix](path):
            if function == "pgettext":
                found.add(words[1], locations=place, context=words[0])
            else:
                found.add(words[:2] if function == "ngettext" else words[0], locations=place)
    return found


def _of_module(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a module marks: also within the braces of an f-string, where readers of tokens do not look."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
            words = tuple(
                one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
            )
            if words:
                yield node.func.id, words


def _of_template(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a template marks."""
    text = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for _, function, words, _ in extract_python(BytesIO(text.encode()), KEYWORDS, (), {"encoding": "utf-8"}):
        yield function, (words,) if isinstance(words, str) else tuple(one for one in words if one is not None)


def _of_script(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a script marks."""
    for words in marked_words(path.read_text(encoding="utf-8")):
        yield "gettext", (words,)


def _of_sheet(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a template of a sheet marks."""
    for words in words_of(path.stem):
        yield "gettext", (words,)


def _of_drawing(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a template of a drawing marks."""
    for words in marked_in_sheet(path.read_text(encoding="utf-8")):
        yield "gettext", (words,)


_READ = {
    ".html": _of_template,
    ".py": _of_module,
    ".js": _of_script,
    ".typ": _of_sheet,
    ".j2": _of_drawing,
}


def write(language: str) -> None:
    """Brings the catalogue of a language up to date with what pages say."""
    path = po_of(language)
    catalogue = read_words(language) if path.exists() else Catalog(locale=language, domain="django")
    catalogue.update(said(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.project, catalogue.version, catalogue.fuzzy = "entact", "", False
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)  # nothing to merge
    catalogue.header_comment = "# What the pages of entact say, in another language."
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(
            file, catalogue, sort_output=True, ignore_obsolete=True, include_lineno=False, omit_header=False
        )
    path.with_suffix(".mo").write_bytes(compiled(catalogue))


if __name__ == "__main__":
    for one in LANGUAGES:
        write(one)
