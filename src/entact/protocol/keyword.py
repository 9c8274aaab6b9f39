"""Words of the rules, which nothing that a rule may name can be called."""

from __future__ import annotations

from typing import Final

KEYWORDS: Final = frozenset({"true", "false", "null", "in"})  # no part of a name may be one
RESERVED: Final = frozenset(
    {
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"),
        *("namespace", "package", "return", "var", "void", "while"),
        *("bool", "bytes", "double", "dyn", "int", "list", "map", "null_type", "string", "type", "uint"),
    }
)  # no name may begin with one
