"""A study in words: rules, times, schedule, gates and plan, as a protocol says them."""

from __future__ import annotations

from entact.protocol.words.account import Account, Section, account
from entact.protocol.words.label import Labels
from entact.protocol.words.passage import Passage
from entact.protocol.words.rule import name_words, rule_words
from entact.protocol.words.schedule import Activities, Group, VisitRow, activities

__all__ = [
    "Account",
    "Activities",
    "Group",
    "Labels",
    "Passage",
    "Section",
    "VisitRow",
    "account",
    "activities",
    "name_words",
    "rule_words",
]
