"""The one frame of every page that is written to a file: it needs nothing but itself, in light and dark.

A page has a template that extends `frame.html.j2`, and a style sheet that goes on where `frame.css` ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, Final

import jinja2
from markupsafe import Markup

from entact.report.palette import DARK

PACKAGE: Final = "entact.report"
_FRAME: Final = "frame.css"
_SCHEDULE: Final = "schedule.css"


def render(
    template: str,
    style: str,
    values: Mapping[str, Any],
    *,
    filters: Mapping[str, Callable[..., Any]] | None = None,
    package: str = PACKAGE,
) -> str:
    """A page as HTML: no address, no script; the same values give the same text.

    Args:
        template, style: file names in the `templates` folder of the package. values: what the template names;
            markup goes through the filter `svg`. filters: of the template, beside those of jinja.
    """
    environment = _environment(package, filters or {})
    return environment.get_template(template).render(style=Markup(_style(package, style)), **values)


def rendered_macro(template: str, name: str, *values: Any, filters: Mapping[str, Callable[..., Any]]) -> str:
    """One part of a page as HTML: a macro of a template of this room, with its values."""
    module = _environment(PACKAGE, filters).get_template(template).module
    return Markup(getattr(module, name)(*values))


def schedule_style() -> str:
    """The style of a schedule, for a page with a frame of its own, and the dark colours of its drawing."""
    return "\n".join([_read(PACKAGE, _SCHEDULE), _in_the_dark()])


def _environment(package: str, filters: Mapping[str, Callable[..., Any]]) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package), jinja2.PackageLoader(PACKAGE)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"svg": Markup, **filters}
    return environment


def _style(package: str, name: str) -> str:
    """The frame's style and the page's own, with the dark colour of each colour that drawings have."""
    sheets = [_read(PACKAGE, _FRAME), _read(PACKAGE, _SCHEDULE), _read(package, name)]
    return "\n".join([*sheets, _in_the_dark()])


def _in_the_dark() -> str:
    swaps = "".join(
        f'  .chart [fill="{light}"], .key [fill="{light}"] {{ fill: {dark}; }}\n'
        f'  .chart [stroke="{light}"], .key [stroke="{light}"] {{ stroke: {dark}; }}\n'
        for light, dark in DARK.items()
    )
    return f"@media screen and (prefers-color-scheme: dark) {{\n{swaps}}}\n"


def _read(package: str, name: str) -> str:
    return files(package).joinpath("templates", name).read_text(encoding="utf-8")
