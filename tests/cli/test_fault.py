from __future__ import annotations

import pytest

from entact.cli.fault import was_interrupted


def interrupted_amid_a_statement() -> None:
    try:
        try:
            raise KeyboardInterrupt
        finally:
            raise ValueError("the connection cannot be rolled back")
    finally:
        raise RuntimeError("nor closed")


def failed_after_an_interruption_was_answered() -> None:
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    raise ValueError("another matter")


def test_what_fails_while_a_command_is_being_ended_is_an_interruption() -> None:
    with pytest.raises(RuntimeError) as caught:
        interrupted_amid_a_statement()
    assert was_interrupted(caught.value)


def test_what_fails_afterwards_is_none() -> None:
    with pytest.raises(ValueError, match="another") as caught:
        failed_after_an_interruption_was_answered()
    assert not was_interrupted(caught.value)
