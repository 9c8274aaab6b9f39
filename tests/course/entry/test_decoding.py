"""Whatever is wrong with a text that others wrote, it is one kind of error."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from entact.course.allocation.allocation import Allocation
from entact.course.entry import parse, read
from entact.course.entry.decoding import decoded
from entact.store.sealed_list import Openings

BROKEN = [
    b"",
    b"\xff",
    b'{"\xff":1}',
    b'{"study":"\xff"}',
    b'{"study":"\\ud800"}',
    b'{"x":' + b"[" * 100_000,
    b'{"data":' + b'{"a":' * 100_000,
    b'{"seq":' + b"9" * 5_000 + b"}",
]


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: repr(text[:20]))
@pytest.mark.parametrize("type_", [Allocation, Openings])
def test_a_damaged_text_is_a_decode_error(type_: type[Any], text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decoded(text, type_)
    for reads in (read, parse):
        with pytest.raises(msgspec.DecodeError):
            reads(text)


def test_a_whole_text_is_its_value() -> None:
    assert decoded('{"a": [1]}', dict) == {"a": [1]}
