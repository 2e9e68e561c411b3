"""Words that only hand in a paper: "bổ sung việc 2 số 45/BC-UBND ngày 16/3", when the work was reported already."""

from __future__ import annotations

import re

from engine.rules.chat_letters import fold
from engine.rules.replies.meaning import Intent, Verb

# What stands around the paper and the work's number. A word outside of these may say anything, so it is asked about.
_AROUND = frozenset(
    [
        *("viec", "vc", "nhiem", "vu", "nv", "cho", "cua", "ve", "o", "ngay", "so", "ky", "hieu", "la"),
        *("van", "ban", "vb", "bao", "cao", "bc", "cong", "cv", "quyet", "dinh", "qd", "to", "trinh", "thong", "tb"),
        *("minh", "chung", "lien", "ket", "link", "tai", "kem", "them", "bo", "sung", "bs"),
        *("em", "toi", "xin", "gui", "nop", "da", "vua", "day", "nhe", "a"),
    ]
)


def only_papers(text: str, said: Intent) -> bool:
    """Whether the words are a document's number or a link for one work, and nothing else that could be meant."""
    paper = said.document or said.link
    if (
        said.verb is not Verb.UNKNOWN
        or paper is None
        or len(said.numbers) != 1
        or "?" in text.replace(said.link or "", "")
    ):
        return False
    rest = re.sub(r"\s+", " ", text)
    for named in (said.link, said.document):
        if named:
            rest = re.sub(re.escape(named).replace("/", r"\s*/\s*").replace(r"\-", r"\s*\-\s*"), " ", rest, flags=re.I)
    words = re.findall(r"[a-z]+|[0-9]+(?:[/.-][0-9]+)*", fold(rest))
    return all(not word.isalpha() or word in _AROUND for word in words)
