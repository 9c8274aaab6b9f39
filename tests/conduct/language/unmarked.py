"""Words that pages show and that are not marked for translation: in templates and in modules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.conduct.language.catalogue import KEYWORDS

from entact.conduct.language.scripts import MARKED
from entact.report.typeset import MARKED as SHEET_MARKED

_TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
_TRANSLATED = re.compile(r"{%\s*blocktranslate\b.*?{%\s*endblocktranslate\s*%}", re.DOTALL)
_CODE = re.compile(r"<(script|style)\b[^>]*>.*?</\1>|<!--.*?-->|<!doctype[^>]*>", re.DOTALL | re.IGNORECASE)
_ATTRIBUTE = re.compile(r'\b(?:placeholder|aria-label|data-label|title|alt)="([^"]*)"')
_ELEMENT = re.compile(r"</?[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_WORDS = re.compile(r"[^\W\d_]{2,}")
NAMES = frozenset({"entact", "UTC", "SHA-256", "PDF", "CSV"})  # read the same in every language


def unmarked_in_template(text: str) -> list[str]:
    """Text and attributes of a template that people read as they stand there."""
    text = _CODE.sub(" ", _TRANSLATED.sub("\0", text))
    text = _TAG.sub("\0", text)
    shown = [*_ATTRIBUTE.findall(text), *_ELEMENT.sub("\n", text).replace("\0", "\n").split("\n")]
    plain = (re.sub(r"&#?\w+;", " ", one).replace("\0", " ").strip(" ·:,.;()/›–") for one in shown)
    return [one for one in plain if _WORDS.search(one) and one not in NAMES]


# What takes texts that nobody reads: addresses, patterns, keys, headers.
_UNREAD = frozenset(
    {"reverse", "compile", "search", "sub", "path", "getattr", "setattr", "enter", "note_given"}
    | {"execute", "salted_hmac", "startswith", "endswith", "removeprefix", "turn_of", "Http404", "NotTaken"}
)


def unmarked_in_module(text: str) -> list[str]:
    """Sentences of a module that are neither marked nor for the code itself.

    A sentence has two words or more. A single word may be a code, which no reader of code can tell: those are
    held to the catalogue by the pages' own tests.
    """
    tree = ast.parse(text)
    return [f"{node.lineno}: {said}" for node, said in _sentences(tree, _documentation(tree))]


def _documentation(tree: ast.Module) -> set[int]:
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _sentences(node: ast.AST, left_out: set[int]) -> Iterator[tuple[ast.expr, str]]:
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in KEYWORDS or called in _UNREAD:
            return
    if isinstance(node, ast.Compare | ast.Subscript | ast.Match):
        children = [one for one in ast.iter_child_nodes(node) if not isinstance(one, ast.Constant)]
    elif isinstance(node, ast.JoinedStr):
        said = "".join(one.value for one in node.values if isinstance(one, ast.Constant))
        if _is_sentence(said):
            yield node, said
        children = [one for one in node.values if isinstance(one, ast.FormattedValue)]
    else:
        children = list(ast.iter_child_nodes(node))
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out
    if is_text and _is_sentence(node.value):
        yield node, node.value
    for child in children:
        yield from _sentences(child, left_out)


# Headers, media types, patterns, markup, SQL and scripts.
_NO_SENTENCE = re.compile(
    r"(attachment|inline); |[a-z-]+=|[\w.-]+/[\w.*-]+(; charset=utf-8)?$|<|\(\?|\[|\\"
    r"|SELECT|INSERT|UPDATE|const "
)


def _is_sentence(text: str) -> bool:
    said = text.strip()
    if _NO_SENTENCE.match(said):
        return False
    return len(re.findall(r"[^\W\d_]{2,}", said)) > 1 and " " in said and "\\" not in said


_COMMENT = re.compile(r"^[ \t]*(//[^\n]*|/\*\*(?:(?!\*/).)*\*/[ \t]*)$", re.MULTILINE | re.DOTALL)
# What no reader sees: imports, errors of code, classes, what is looked for and compared.
_UNSEEN = re.compile(
    r'^import .*$|new Error\("[^"\n]*"\)|\bclass: (?:`[^`\n]*`|[^,}\n]*)|className = [^;\n]*|[=!]== "[^"\n]*"'
    r'|"signed out": |(?:querySelector(?:All)?|closest|matchMedia|includes|startsWith)'
    r'\((?:"[^"\n]*"|`[^`\n]*`|\'[^\'\n]*\')\)',
    re.MULTILINE,
)
_TEXT = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
_VALUE = re.compile(r"\$\{[^{}]*\}")
_ATTRIBUTES = re.compile(r"[\w ]*(?:[=/<>){}\[\]|#$]|(?<!\w )\(|\?\S)|[\w-]+: ?[\w-]+$")


def unmarked_in_script(text: str) -> list[str]:
    """Texts of two words and more in a script that are not marked, and what is marked amiss."""
    plain = MARKED.sub('""', _UNSEEN.sub("", _COMMENT.sub("", text)))
    amiss = re.findall(r"\bt`[^`\n]*", plain)
    found = (one[0] or _VALUE.sub("\0", one[1]) for one in _TEXT.findall(plain))
    return amiss + [one for one in found if is_said(one)]


def is_said(text: str) -> bool:
    """Whether a text of a script has words beside each other, and is no address, style or selector."""
    text = text.strip()
    return bool(
        re.search(r"[^\W\d_]{2,}[,.:;]? +[^\W\d_]{2,}|\0[,:]? [^\W\d_]{2,}|[^\W\d_]{2,} \0", text)
    ) and not (_ATTRIBUTES.match(text))


# What no reader sees in the template of a sheet: comments, fonts, languages, keys, and what is compared.
_UNSEEN_IN_SHEET = re.compile(
    r'//[^\n]*|(?:font|lang|paper|weight|format|label|hint|default): "[^"\n]*"|\.at\("[^"\n]*"'
    r'|[!=]= "[^"\n]*"|not in \([^()]*\)|rgb\("[^"\n]*"\)'
)
_CODE_IN_SHEET = re.compile(
    r"#for \w+ in [\w.]+|#?[\w.-]+\((?:[^()\[\]]|\([^()\[\]]*\))*\)|#[\w.-]+\b(?!\()|\b[a-z-]+: "
    r"|\b(?:else|if|not|and)\b"
)


def unmarked_in_sheet(text: str) -> list[str]:
    """Words of a sheet's template that are not marked: in strings, in brackets, in lines of markup."""
    plain = SHEET_MARKED.sub("t(", _UNSEEN_IN_SHEET.sub("", text))
    found = [one for one in re.findall(r'"([^"\n]*)"', plain) if re.search(r"[^\W\d_]{2,}", one)]
    found = [one for one in found if one != "sha256 "]
    plain = re.sub(r'"[^"\n]*"', "", plain)
    lines = [one for one in plain.split("\n") if re.match(r"=|[^\W\d_][^=(]*$|[^\W\d_]+: #", one)]
    for one in (*re.findall(r"\[([^\[\]]*)\]", plain), *lines):
        words = _CODE_IN_SHEET.sub("", _CODE_IN_SHEET.sub("", one))
        if re.search(r"[^\W\d_]{2,}", words):
            found.append(words.strip())
    return found


def modules(conduct: Path) -> list[Path]:
    """The modules whose words pages may show."""
    return [one for one in sorted(conduct.rglob("*.py")) if "migrations" not in one.parts]
