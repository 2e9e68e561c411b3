"""The chat grammar: what a person's reply means, or what is doubtful about it.

One reply is read in three steps, each over a small table; the modules in reading order:

1. ``chat_words`` (beside this package) cuts it into typed tokens;
2. ``vocabulary``, ``phrases``, ``pieces``, ``reading``: tokens become *pieces*: a command, a task number, a date, a
   document, a courtesy, a hedge ("chưa", "sắp", "nếu", "?"), or something unread;
3. the pieces are one of ``requests`` (``việc``), ``commands`` (``gia hạn 3 đến 25/3 vì …``) or ``statements``
   (``em nộp 3 rồi ạ``); ``meaning`` says what comes out.

``deciding`` then holds the meaning against the numbers that are open, and says what to do or what to ask.

Closing work is the one thing that must never happen by mistake. So a statement is "done" without doubt only when every
piece of it is known and harmless: any hedge makes it something else, and any unread word makes the engine ask.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from engine.rules.chat_letters import LONGEST, clean
from engine.rules.chat_tokens import tokens_of
from engine.rules.replies.commands import command
from engine.rules.replies.deciding import Action, Decision, Missing, decide
from engine.rules.replies.meaning import Doubt, Intent, Verb
from engine.rules.replies.papers import only_papers
from engine.rules.replies.pieces import Reply
from engine.rules.replies.reading import pieces_of
from engine.rules.replies.requests import request
from engine.rules.replies.statements import statement

__all__ = ["Action", "Decision", "Doubt", "Intent", "Missing", "Verb", "decide", "only_papers", "understand"]

_CHANGES_NOTHING = frozenset(
    [Verb.UNKNOWN, Verb.GREETING, Verb.HELP, Verb.WEB, Verb.WORK, Verb.UNIT_WORK, Verb.WEEK, Verb.DETAILS]
)


def understand(text: str, today: dt.date) -> Intent:
    """What this reply means. Never raises; takes no action on anything it doubts."""
    said = clean(text)
    tokens = tokens_of(said)
    reply = Reply(said, tokens, pieces_of(tokens, today), today)
    intent = request(reply) or command(reply) or statement(reply)
    if len(text) > LONGEST and intent.doubt is None and intent.verb not in _CHANGES_NOTHING:
        return replace(intent, doubt=Doubt.TOO_LONG)
    return intent
