"""The bench: our own figures beside APScheduler's own job store, in one run on one disk (``make bench``)."""


def send_reminder(office: str, occurrence: int, rung: str) -> None:
    """What one job of the naive design would call; the bench never lets it get so far."""
