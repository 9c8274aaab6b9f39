"""What a page leads to: every address in it, and every form as a browser would send it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form: where it goes, and what it sends when nobody changes anything, by button.

    Attributes:
        fields: name and value of each, in order. buttons: of those that send it. free: names of what is
            typed.
    """

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    free: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """Reads one page.

    Attributes:
        addresses: whatever an attribute leads to on this server. forms: in their order.
    """

    def __init__(self, text: str, at: str) -> None:
        super().__init__()
        self.at = at
        self.addresses: list[str] = []
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = ""
        self._text: str | None = None
        self._typed = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        for name, value in said.items():
            if name in {"value", "content", "action"} or not value:
                continue
            if value.startswith("/") and not value.startswith("//"):
                self.addresses.append(value)
            elif name == "href" and value.startswith("?"):
                self.addresses.append(self.at.partition("?")[0] + value)
        if tag == "form":
            action = said.get("action") or self.at
            self._open = Form(action, said.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is not None:
            self._note(tag, said, self._open)

    def _note(self, tag: str, said: dict[str, str], form: Form) -> None:
        name, kind = said.get("name", ""), said.get("type", "text")
        if tag == "button" and kind != "button":
            form.buttons.append((name, said.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in said:
            form.fields.append((self._select, said.get("value", "")))
        elif tag == "textarea" and name:
            self._text = name
            form.free.add(name)
        elif tag == "input" and name:
            if kind in {"checkbox", "radio"} and "checked" not in said:
                return
            form.fields.append((name, said.get("value", "")))
            if kind not in {"hidden", "checkbox", "radio"}:
                form.free.add(name)

    def handle_data(self, data: str) -> None:
        self.addresses += re.findall(
            r"(?:https?://[\w.:-]+)?(/welcome/[\w-]+/)", data
        )  # a link that is to be copied
        if self._text is not None:
            self._typed += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._text is not None and self._open is not None:
            self._open.fields.append((self._text, self._typed.removeprefix("\n")))
            self._text, self._typed = None, ""
