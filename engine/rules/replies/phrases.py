"""The vocabulary, found by its first word; and the signs and faces people type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.rules.chat_letters import fold
from engine.rules.chat_tokens import Token, is_word
from engine.rules.replies.meaning import Verb
from engine.rules.replies.vocabulary import COURTEOUS, TABLE, Role, Value

__all__ = ["COURTEOUS", "TABLE", "Role", "Value"]

GOOD_ICONS = frozenset("👍🎉🥰🫶🤗😊🙏💪👌❤😀😁😃😄🙂😇🥳🫡💯🌹👏☺😍🤝💐")
TICKS = frozenset("✅✔☑✓🗹")
BAD_ICONS = frozenset("❌✖❎🚫⛔👎❗⏳⌛😭😢🤣😂🙅✗✘☒")
ASKING_ICONS = frozenset("❓❔⁉🤔")
SAD = re.compile(r"\(|\[|_")  # ":(", "T_T", and a box that is not ticked: "[ ]"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase of the table. ``words`` may be a joined spelling: ``giahan``."""

    words: tuple[str, ...]
    role: Role
    value: Value
    rank: int


def words_of(phrases: str) -> tuple[tuple[str, ...], ...]:
    """``"công văn | cv"`` → its phrases, as words."""
    return tuple(tuple(phrase.split()) for phrase in phrases.split("|"))


def are(tokens: Sequence[Token], at: int, words: Sequence[str]) -> bool:
    return is_word(tokens, at, words[0]) and all(is_word(tokens, at + i, words[i]) for i in range(1, len(words)))


def _phrases() -> dict[str, list[Phrase]]:
    """The table by the folded first word of each phrase."""
    by_first: dict[str, list[Phrase]] = {}
    for rank, (role, value, phrases) in enumerate(TABLE):
        for words in words_of(phrases):
            spellings = [words]
            if role in (Role.COMMAND, Role.FINISHED) and len(words) > 1 and len("".join(words)) >= 5:
                spellings.append(("".join(words),))
            for spelling in spellings:
                by_first.setdefault(fold(spelling[0]), []).append(Phrase(spelling, role, value, rank))
    return by_first


PHRASES = _phrases()
# A slip of the finger is forgiven only in commands that close nothing, allow nothing and take nothing back.
_FORGIVING = (Verb.DOING, Verb.EXTEND, Verb.REFUSE, Verb.RETURN, Verb.HAND_OVER, Verb.DETAILS, Verb.SNOOZE)
_LONG_COMMANDS = {
    fold("".join(words)): verb
    for role, verb, phrases in TABLE
    if role is Role.COMMAND and verb in _FORGIVING
    for words in words_of(phrases)
    if len("".join(words)) >= 6 and words[-1] != "nào"  # "hạn hôm nay" is no slip of "hạn hôm nào"
}
# By first letter: a slip keeps it.
SLIPPERY = {
    letter: {meant: verb for meant, verb in _LONG_COMMANDS.items() if meant[0] == letter}
    for letter in {meant[0] for meant in _LONG_COMMANDS}
}
# Words of their own; and "xhong" is as near to "không".
NOT_XONG = frozenset({"xung", "xang", "xuong", "xoong", "xoang", "xhong"})
