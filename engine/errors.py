"""The one family of errors that people meet.

Every error carries a whole Vietnamese sentence: what is wrong, where, and what to do about it.
The command line prints that sentence and leaves with a non-zero code; a traceback is a defect.
"""

from __future__ import annotations

import errno


class NhacViecError(Exception):
    """Something a person can mend. ``str(error)`` is the sentence to show."""


#: What the system says of a file, in the reader's language.
_SYSTEM = {
    errno.ENOENT: "không có tệp hoặc thư mục này",
    errno.EACCES: "không có quyền",
    errno.EPERM: "không có quyền",
    errno.EEXIST: "đã có tệp mang tên này",
    errno.EISDIR: "đó là một thư mục",
    errno.ENOTDIR: "một phần của đường dẫn không phải thư mục",
    errno.ENOSPC: "ổ đĩa đã đầy",
    errno.EDQUOT: "đã hết hạn mức ổ đĩa",
    errno.EFBIG: "tệp lớn quá mức được phép",
    errno.EROFS: "ổ đĩa chỉ cho đọc",
    errno.EIO: "ổ đĩa không đọc hoặc ghi được",
    errno.EADDRINUSE: "cổng đã có chương trình khác dùng",
    errno.EADDRNOTAVAIL: "máy này không có địa chỉ đó",
    errno.ECONNREFUSED: "không có chương trình nào nghe ở đó",
}


def in_vietnamese(error: OSError) -> str:
    """Why a file, a folder or a port could not be had: a piece of a sentence."""
    return _SYSTEM.get(error.errno or 0) or error.strerror or type(error).__name__


class BadOfficeFile(NhacViecError):
    """An office file that cannot be used as it stands."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class BadSetting(NhacViecError):
    """A setting is missing or has no sense; the program does not start with it."""


class DatabaseTrouble(NhacViecError):
    """The database cannot be opened, written, or is of another version."""


class NotFound(NhacViecError):
    """The thing named on the command line is not there."""


class BadDocument(NhacViecError):
    """A document that cannot be read into paragraphs and tables."""
