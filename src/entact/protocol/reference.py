"""A reference that people read, made of the JSON Schema of a file: each block, each of its fields.

So that it can't say anything else than what is read: see `schema.study_schema`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Schema = Mapping[str, Any]

_COMMON: Final = ("source", "assumption")  # any block may have them, said once at the top
_SCALARS: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
}
_NAME: Final = re.compile(r"\^\[a-z\]")
_OTHER: Final = "An arm, a population, or `all`."  # what stands beside the fields of a row of results

# Values that are written as one text, as the file's words for them.
_WRITTEN: Final = {"Duration": "duration", "Span": "window", "Units": "whole units"}


@dataclass(slots=True)
class _Block:
    """A block with the places where it stands."""

    name: str
    schema: Schema
    places: list[str] = field(default_factory=list)


def reference(schema: Schema, examples: Mapping[str, str], *, level: int = 2) -> str:
    """The blocks of a file as Markdown, in the order in which they come up from its top.

    Args:
        schema: with `$defs` and a description of each field. examples: by block, as YAML. level: of headings.
    """
    defs: Mapping[str, Schema] = schema.get("$defs", {})
    blocks = _in_order(schema, defs)
    return "\n".join(
        line for block in blocks for line in _written(block, examples.get(block.name, ""), defs, level)
    )


def anchor(name: str) -> str:
    """What a heading of this name is linked by."""
    return re.sub(r"[^a-z0-9 -]", "", name.lower()).replace(" ", "-")


def _in_order(schema: Schema, defs: Mapping[str, Schema]) -> list[_Block]:
    """Every block once, depth first from the top; where it stands, as `schedule[].timed[]`."""
    found: dict[str, _Block] = {}

    def visit(block: _Block, at: str, seen: tuple[str, ...]) -> None:
        fields = {**block.schema.get("properties", {})}
        fields |= {"*": block.schema["additionalProperties"]} if _is_open(block.schema) else {}
        for name, said in fields.items():
            for inner, shape in _refs(said):
                if inner not in defs or inner in _WRITTEN or inner in seen:
                    continue
                place = f"{at}.{name}{shape}" if at else f"{name}{shape}"
                known = inner in found
                one = found.setdefault(inner, _Block(inner, defs[inner]))
                if place not in one.places:
                    one.places.append(place)
                if not known:
                    visit(one, place, (*seen, inner))

    top = _Block("", schema)
    visit(top, "", ())
    return [top, *found.values()]


def _is_open(schema: Schema) -> bool:
    """Whether a block takes other names beside its fields."""
    return isinstance(schema.get("additionalProperties"), Mapping) and "properties" in schema


def _refs(said: Any, shape: str = "") -> Iterator[tuple[str, str]]:
    """The blocks that a field may hold, and how: `[]` for each of a list, `.*` for each by a name."""
    if not isinstance(said, Mapping):
        return
    if "$ref" in said:
        yield said["$ref"].rpartition("/")[2], shape
    for one in said.get("anyOf", ()):
        yield from _refs(one, shape)
    yield from _refs(said.get("items"), f"{shape}[]")
    for one in (said.get("additionalProperties"), *said.get("patternProperties", {}).values()):
        yield from _refs(one, f"{shape}.*")


def _written(block: _Block, example: str, defs: Mapping[str, Schema], level: int) -> Iterator[str]:
    title = block.name or "The file"
    yield f"{'#' * level} {title}"
    yield ""
    if block.places:
        yield f"In {', '.join(f'`{place}`' for place in block.places)}."
        yield ""
    description = str(block.schema.get("description", "")).strip()
    if description and block.name:
        yield description if description.endswith(".") else f"{description}."
        yield ""
    properties = block.schema.get("properties", {})
    required = set(block.schema.get("required", ()))
    rows = [name for name in properties if name not in _COMMON]
    if rows or _is_open(block.schema):
        yield "| field | what it is | value |"
        yield "| --- | --- | --- |"
        for name in rows:
            yield _row(name, properties[name], name in required, defs)
        if _is_open(block.schema):
            value = _value(block.schema["additionalProperties"], defs)
            yield f"| *any other name* | {_OTHER} | {_cell(value)} |"
        yield ""
    if example:
        yield f"```text\n{example.strip()}\n```"
        yield ""


def _row(name: str, said: Schema, needed: bool, defs: Mapping[str, Schema]) -> str:
    value = _value(said, defs)
    default = said.get("default")
    if needed:
        value += "; **needed**"
    elif default not in (None, "") and not isinstance(default, list | Mapping):
        value += f"; `{_plain(default)}` when it is not said"
    examples = said.get("examples")
    if examples:
        value += f", as in `{examples[0]}`"
    return f"| `{name}` | {_cell(said.get('description', ''))} | {_cell(value)} |"


def _value(said: Schema, defs: Mapping[str, Schema], *, many: bool = False) -> str:
    """What a field holds, in words."""
    if "$ref" in said:
        return _named(said["$ref"].rpartition("/")[2], defs)
    if "enum" in said:
        shown = ", ".join(f"`{_plain(one)}`" for one in said["enum"])
        return shown if many else f"one of {shown}"
    if "const" in said:
        return f"`{_plain(said['const'])}`"
    if "anyOf" in said:
        return _either(said["anyOf"], defs)
    kind = said.get("type")
    if kind == "array" and "prefixItems" in said:
        return f"list of {len(said['prefixItems'])} numbers"
    if kind == "array":
        return f"list of {_value(said.get('items', {}), defs, many=True)}"
    if kind == "object":
        inner: Any = said.get("additionalProperties") or next(
            iter(said.get("patternProperties", {}).values()), {}
        )
        of = _value(inner, defs) if isinstance(inner, Mapping) and inner else "values"
        own = said.get("propertyNames", {}).get("enum", ())
        return f"by {' or '.join(f'`{name}`' for name in own) or 'name'}: {of}"
    if said.get("format") == "date":
        return "date, as in `2026-03-02`"
    if kind == "string" and _NAME.match(said.get("pattern", "")):
        return "name"
    return f"{_SCALARS.get(str(kind), 'value')}{_bounds(said)}"


def _either(ways: list[Schema], defs: Mapping[str, Schema]) -> str:
    """One of several: names of entact's own stand behind what the study names itself."""
    own = next((one for one in ways if "enum" in one), None)
    others = [_value(one, defs) for one in ways if one is not own]
    text = " or ".join(dict.fromkeys(others))
    return f"{text}; of entact's own {_value(own, defs, many=True)}" if own is not None else text


def _named(name: str, defs: Mapping[str, Schema]) -> str:
    if name in _WRITTEN:
        examples = defs.get(name, {}).get("examples", ())
        return _WRITTEN[name] + (f" (`{examples[0]}`)" if examples else "")
    return f"[{name}](#{anchor(name)})"


def _bounds(said: Schema) -> str:
    parts = [
        f"{word} {said[key]:g}"
        for key, word in (
            ("exclusiveMinimum", "above"),
            ("minimum", "from"),
            ("exclusiveMaximum", "below"),
            ("maximum", "to"),
        )
        if key in said
    ]
    return f" {', '.join(parts)}" if parts else ""


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _cell(text: str) -> str:
    """A text within a table."""
    return " ".join(str(text).split()).replace("|", "\\|")
