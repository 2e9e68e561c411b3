"""The one family of errors that people meet.

Every error carries a whole Vietnamese sentence: what is wrong, where, and what to do about it.
The command line prints that sentence and leaves with a non-zero code; a traceback is a defect.
"""


class NhacViecError(Exception):
    """Something a person can mend. ``str(error)`` is the sentence to show."""


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
