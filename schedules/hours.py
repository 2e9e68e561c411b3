"""Working hours: the two slots of an office's day, as instants.

People name hours in the office's zone; rows keep UTC. This module is where the two meet, and nothing here
reads a clock: every instant is handed in, aware.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.errors import BadSetting
from schedules.workdays import ONE_DAY, WorkCalendar

SlotName = Literal["morning", "afternoon"]
_KEY_ENDINGS: dict[SlotName, str] = {"morning": "am", "afternoon": "pm"}


@dataclass(frozen=True, slots=True)
class Slot:
    """Half a working day: ``starts`` (inside) to ``ends`` (outside), in UTC; ``day`` is the office's civil date."""

    day: dt.date
    name: SlotName
    starts: dt.datetime
    ends: dt.datetime

    @property
    def key(self) -> str:
        """Stable name of the slot, such as "2026-03-16/am"."""
        return f"{self.day.isoformat()}/{_KEY_ENDINGS[self.name]}"


class WorkingHours:
    """An office's two slots a day in its own zone, on the days its calendar works.

    ``morning`` and ``afternoon`` are "HH:MM" pairs as the office file writes them. Raises BadSetting when the zone
    is unknown or the hours do not follow each other.
    """

    def __init__(self, calendar: WorkCalendar, zone: str, morning: tuple[str, str], afternoon: tuple[str, str]) -> None:
        self.calendar = calendar
        self.zone = _zone(zone)
        opens, noon = _clock(morning[0]), _clock(morning[1])
        resumes, closes = _clock(afternoon[0]), _clock(afternoon[1])
        if not opens < noon <= resumes < closes:
            raise BadSetting(
                f"Giờ làm việc {morning[0]}-{morning[1]}, {afternoon[0]}-{afternoon[1]} không theo thứ tự trong ngày."
            )
        self._hours: dict[SlotName, tuple[dt.time, dt.time]] = {
            "morning": (opens, noon),
            "afternoon": (resumes, closes),
        }
        self._slots: dict[tuple[dt.date, SlotName], Slot] = {}  # a year's few hundred, asked for again and again

    def civil_day(self, instant: dt.datetime) -> dt.date:
        """The date on the office's wall at that instant."""
        return instant.astimezone(self.zone).date()  # UTC to civil

    def instant(self, day: dt.date, clock: str | None = None) -> dt.datetime:
        """The UTC instant of "HH:MM" on ``day`` at the office; the end of that day, 24:00, when no clock is given."""
        if clock is None:
            return self._to_utc(day + ONE_DAY, dt.time.min)
        return self._to_utc(day, _clock(clock))

    def slot_on(self, day: dt.date, name: SlotName) -> Slot:
        """That half of that day. The calendar is not asked: a day off has the slot it would have if it were worked."""
        slot = self._slots.get((day, name))
        if slot is None:
            starts, ends = self._hours[name]
            slot = Slot(day, name, self._to_utc(day, starts), self._to_utc(day, ends))
            self._slots[day, name] = slot
        return slot

    def slot_at(self, instant: dt.datetime) -> Slot | None:
        """The slot the office is working in at that instant; None at lunch, at night and on days off."""
        day = self.civil_day(instant)
        if not self.calendar.is_working(day):
            return None
        # Compared as instants, not as wall clocks: on the night clocks go back one wall time happens twice.
        for name in self._hours:
            slot = self.slot_on(day, name)
            if slot.starts <= instant < slot.ends:
                return slot
        return None

    def next_slot(self, instant: dt.datetime) -> Slot:
        """The first slot that starts strictly later than the instant."""
        today = self.civil_day(instant)
        day = self.calendar.on_or_after(today)
        if day == today:
            for name in self._hours:
                slot = self.slot_on(day, name)
                if slot.starts > instant:
                    return slot
            day = self.calendar.add(day, 1)
        return self.slot_on(day, "morning")

    def this_or_next_slot(self, instant: dt.datetime) -> Slot:
        """The slot running at that instant, else the next one: when a message that is ready now may leave."""
        return self.slot_at(instant) or self.next_slot(instant)

    def _to_utc(self, day: dt.date, clock: dt.time) -> dt.datetime:
        """Civil to UTC, the one crossing.

        A wall time that the clocks skip in spring is read with the offset before the jump, one that comes twice in
        autumn as its first coming (PEP 495, fold 0).
        """
        return dt.datetime.combine(day, clock, tzinfo=self.zone).astimezone(dt.UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadSetting(f'Không có múi giờ "{name}". Hãy dùng tên như Asia/Ho_Chi_Minh.') from error


def _clock(text: str) -> dt.time:
    try:
        return dt.time.fromisoformat(text)
    except ValueError as error:
        raise BadSetting(f'Giờ "{text}" không đúng. Hãy viết như 07:30.') from error
