"""E-mail, the last channel: for people whom no chat reaches. One letter a message; nothing comes back this way.

The words are those of every channel; the subject counts the work and names none of it, as subjects are shown on locked
screens. aiosmtplib speaks SMTP (RFC 5321) and is imported here only. A letter is certainly not delivered until the
server has been told DATA; from then on a lost connection leaves it unknown (RFC 5321, 6.1).
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import re
import ssl
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime, make_msgid, parseaddr
from enum import Enum
from typing import Literal

import aiosmtplib

from bots.pacing import Lanes, Pace
from bots.wording import day, render
from engine.errors import BadSetting, NhacViecError
from engine.messages import DigestMessage, Edit, Message, Outcome, Refused, ReminderMessage, Retry, Sent, Unknown

LOG = logging.getLogger(__name__)

Security = Literal["starttls", "tls", "none"]
NOTE = "Thư tự động, xin trả lời qua Zalo hoặc Telegram; nếu chưa nối kênh, xin liên hệ cơ quan thường trực."
POLITE = Pace(per_second=5, burst=5)
CONNECTIONS = 3  # at once; Exchange Online takes three from one account
SOON, AFTER_A_WHILE, WHEN_MENDED = 60.0, 300.0, 3600.0  # seconds until the next try
GREETS_AS = "[127.0.0.1]"  # RFC 5321, 4.1.3: a machine without a name of its own; looking for one takes seconds

# addr-spec of RFC 5321 without quoted names and without letters beyond ASCII, which few servers take.
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_MAILBOX = re.compile(r"^5\.[12]\.\d")  # RFC 3463: the address or the mailbox is at fault, not the letter


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: for each step up to the letter, for the answer to it, to say goodbye, and for all of it.

    All of it stays under the lease of a claimed message (120 s).
    """

    connect: float = 20.0
    answer: float = 60.0
    leave: float = 2.0
    whole: float = 90.0


class MailTrouble(NhacViecError):
    """The mail server does not take us, in words for an operator."""


class _Stage(Enum):
    """How far a letter has come."""

    CONNECT = "nối máy chủ thư"
    LOGIN = "đăng nhập máy chủ thư"
    ENVELOPE = "báo người nhận"
    DATA = "gửi thư"
    TAKEN = "đã nhận"


class Mail:
    """A channel whose addresses are e-mail addresses. It sends from one address, which is its ``bot``.

    ``security``: "starttls" (usually port 587) and "tls" (465) demand a valid certificate; "none" is for a server in
    the same house. ``now``: what the clock says, for the date of a letter. ``context``: other certificates than the
    system's.

    :raises BadSetting: a setting makes no sense; names it, never its value.
    """

    name = "email"
    bot = "email"  # a person's address stays theirs when the office sends from another
    edits = False

    def __init__(
        self,
        host: str,
        port: int,
        username: str | None,
        password: str | None,
        sender: str,
        security: Security = "starttls",
        timeouts: Timeouts | None = None,
        *,
        now: Callable[[], dt.datetime],
        context: ssl.SSLContext | None = None,
        pace: Pace = POLITE,
    ) -> None:
        shown_as, self._sender = parseaddr(sender)
        if not _is_address(self._sender) or any(ord(letter) < 32 for letter in sender):
            raise BadSetting("NHACVIEC_SMTP_FROM không đúng dạng. Hãy ghi như: nhacviec@xa.gov.vn.")
        if security not in ("starttls", "tls", "none"):
            raise BadSetting("NHACVIEC_SMTP_SECURITY không đúng. Hãy ghi starttls, tls hoặc none.")
        if not host or any(letter.isspace() for letter in host):
            raise BadSetting("NHACVIEC_SMTP_HOST không đúng dạng. Hãy ghi tên máy chủ thư.")
        if bool(username) != bool(password):
            raise BadSetting("Cần đặt cả NHACVIEC_SMTP_USER và NHACVIEC_SMTP_PASSWORD, hoặc bỏ cả hai.")
        self._from = Address(shown_as, addr_spec=self._sender)
        self._host, self._port, self._security, self._context = host, port, security, context
        self._username, self._password = username or None, password or None
        self._timeouts, self._now = timeouts or Timeouts(), now
        self._lanes = self.turns = Lanes(pace)
        self.at_once = pace.ahead
        self.connections = CONNECTIONS
        self._connections = asyncio.Semaphore(CONNECTIONS)

    async def send(self, address: str, message: Message) -> Outcome:
        """Send one letter. ``Sent.provider_id`` is its Message-ID; an edit is taken and shown nowhere (``parts=0``)."""
        if isinstance(message, Edit):
            return Sent(message.provider_id, "", parts=0)
        if not _is_address(address):
            return Refused("địa chỉ thư điện tử không đúng dạng")
        handing = _Handing(address)
        try:
            letter, text = self._letter(address, message)
            async with asyncio.timeout(self._timeouts.whole), self._lanes.turn(address), self._connections:
                await self._hand_over(letter.as_bytes(), handing)
        except Exception as error:
            if handing.stage is not _Stage.TAKEN:
                return _outcome_of(handing, error)
        return Sent(str(letter["Message-ID"]), text)

    def _letter(self, address: str, message: Message) -> tuple[EmailMessage, str]:
        """The letter, and its words as the person sees them."""
        rendered = render(message)
        text = _clean(f"{rendered.text}\n\n{NOTE}")
        letter = EmailMessage(policy=WIRE)
        letter["From"], letter["To"], letter["Subject"] = self._from, address, subject(message, text)
        letter["Date"] = format_datetime(self._now())
        letter["Message-ID"] = make_msgid(domain=self._sender.partition("@")[2])
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
        letter["X-Auto-Response-Suppress"] = "All"  # and Exchange's own word for that
        # Encoded as letters of 7 bits: not every server between here and there passes 8.
        letter.set_content(text, cte="quoted-printable")
        letter.add_alternative(_page(_clean(rendered.html)), subtype="html", cte="quoted-printable")
        return letter, text

    async def try_out(self) -> None:
        """Connect, greet and log in as for a letter; none is sent.

        :raises MailTrouble: the server is not there or does not let us in; with what to do.
        """
        handing, client = _Handing(""), self._client()
        try:
            async with asyncio.timeout(self._timeouts.whole):
                await client.connect()
                await client.ehlo()
                if self._username:
                    handing.stage = _Stage.LOGIN
                    await client.login(self._username, self._password or "")
                await self._take_leave(client)
        except Exception as error:
            outcome = _outcome_of(handing, error)
            why = getattr(outcome, "reason", "")
        else:
            return
        finally:
            client.close()
        raise MailTrouble(
            f"Máy chủ thư {self._host}:{self._port}: {why}. Hãy kiểm tra mạng và các thiết lập NHACVIEC_SMTP_HOST, "
            "NHACVIEC_SMTP_PORT, NHACVIEC_SMTP_SECURITY, NHACVIEC_SMTP_USER, NHACVIEC_SMTP_PASSWORD."
        )

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            local_hostname=GREETS_AS,
            timeout=self._timeouts.connect,
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",
            tls_context=self._context,
        )

    async def _hand_over(self, letter: bytes, handing: _Handing) -> None:
        client = self._client()
        try:
            await client.connect()
            if self._username:
                handing.stage = _Stage.LOGIN
                await client.login(self._username, self._password or "")
            handing.stage = _Stage.ENVELOPE
            await client.mail(self._sender)
            await client.rcpt(handing.address)
            if client.is_connected:  # else nothing of the letter can leave, and data() says so
                handing.stage = _Stage.DATA
            await client.data(letter, timeout=self._timeouts.answer)
            handing.stage = _Stage.TAKEN
            await self._take_leave(client)
        except aiosmtplib.SMTPResponseException:
            await self._take_leave(client)
            raise
        finally:
            client.close()

    async def _take_leave(self, client: aiosmtplib.SMTP) -> None:
        """QUIT, and no matter what comes of it: what was said before it stands."""
        with contextlib.suppress(Exception):
            await client.quit(timeout=self._timeouts.leave)


@dataclass(slots=True)
class _Handing:
    """One letter on its way: to whom, and how far it has come."""

    address: str
    stage: _Stage = _Stage.CONNECT


def subject(message: Message, text: str) -> str:
    """What the letter with these words is about; no work is named: "Nhắc việc ngày 25/3/2026: 2 việc cần xử lý"."""
    if isinstance(message, ReminderMessage):
        count, again = len(message.items) + message.more, " (gửi lại)" if message.resent else ""
        if text.startswith("Thông báo"):  # as it calls itself: news that ask for nothing are no reminder
            return f"Thông báo ngày {day(message.today)}: {count} việc{again}"
        return f"Nhắc việc ngày {day(message.today)}: {count} việc cần xử lý{again}"
    if isinstance(message, DigestMessage):
        year, week = message.monday.isocalendar()[:2]
        return f"Bản tin tuần {week}/{year}"
    return "Trả lời tự động của hệ thống nhắc việc"


# ---- words --------------------------------------------------------------------------------------------------------


def _page(html: str) -> str:
    """The marked-up words as a page: the templates know lines and ``<b>`` only."""
    body = "<br>\n".join(html.splitlines())
    return (
        '<!doctype html>\n<html lang="vi">\n<head><meta charset="utf-8"></head>\n<body>\n'
        f"<p>{body}</p>\n<p><i>{NOTE}</i></p>\n</body>\n</html>\n"
    )


def _clean(text: str) -> str:
    """As every mail program shows it: marks joined to their letters, nothing that UTF-8 cannot write."""
    return unicodedata.normalize("NFC", text).encode("utf-8", "replace").decode()


def _is_address(text: str) -> bool:
    return len(text) <= 254 and bool(_ADDRESS.fullmatch(text)) and ".." not in text


# ---- what came of it ----------------------------------------------------------------------------------------------


def _outcome_of(handing: _Handing, error: Exception) -> Outcome:
    answered = isinstance(error, aiosmtplib.SMTPResponseException) and 400 <= error.code < 600
    if handing.stage is _Stage.DATA and not answered:
        return Unknown("mất kết nối với máy chủ thư khi đang gửi, chưa rõ thư đã tới hay chưa")
    if handing.stage is _Stage.LOGIN and type(error) is aiosmtplib.SMTPException:  # it offers no login here
        return _not_let_in("không cho đăng nhập")
    if _is_about_tls(error):
        LOG.error("Không lập được kết nối bảo mật với máy chủ thư: xem NHACVIEC_SMTP_SECURITY và NHACVIEC_SMTP_PORT.")
        return Retry("không lập được kết nối bảo mật với máy chủ thư", AFTER_A_WHILE)
    if isinstance(error, aiosmtplib.SMTPResponseException) and answered:
        return _answered(handing.stage, error)
    if isinstance(error, OSError | aiosmtplib.SMTPException):  # TimeoutError is one
        return Retry(f"mất kết nối khi {handing.stage.value}", SOON)
    LOG.error("Lỗi lạ khi %s: %s", handing.stage.value, type(error).__name__)
    return Retry(f"lỗi lạ khi {handing.stage.value} ({type(error).__name__})", AFTER_A_WHILE)


def _answered(stage: _Stage, error: aiosmtplib.SMTPResponseException) -> Outcome:
    """The server said no: to us, to the person's address, or to this letter."""
    code, permanent = error.code, error.code >= 500
    if permanent and (code in (530, 534, 535, 538) or isinstance(error, aiosmtplib.SMTPAuthenticationError)):
        return _not_let_in(f"trả lời {code}")
    if not permanent:
        return Retry(f"máy chủ thư đang bận hoặc hẹn gửi lại ({code})", AFTER_A_WHILE)
    if isinstance(error, aiosmtplib.SMTPRecipientRefused) and not _refuses_us(error):
        return Refused(f"máy chủ thư không nhận địa chỉ này ({code})")
    if stage is _Stage.DATA and _MAILBOX.match(error.message):
        return Refused(f"máy chủ thư không nhận địa chỉ này ({code})")
    LOG.error("Máy chủ thư từ chối (%d) khi %s: xem NHACVIEC_SMTP_FROM, NHACVIEC_SMTP_USER.", code, stage.value)
    return Retry(f"máy chủ thư từ chối khi {stage.value} ({code})", WHEN_MENDED)


def _refuses_us(error: aiosmtplib.SMTPRecipientRefused) -> bool:
    """It would refuse any address beyond its own house: the account is at fault, and no person's address."""
    return error.code == 503 or "relay" in error.message.lower()


def _not_let_in(what: str) -> Retry:
    LOG.error(
        "Máy chủ thư %s: hãy kiểm tra NHACVIEC_SMTP_USER, NHACVIEC_SMTP_PASSWORD và NHACVIEC_SMTP_SECURITY.", what
    )
    return Retry("máy chủ thư không nhận tài khoản gửi", WHEN_MENDED)


def _is_about_tls(error: BaseException) -> bool:
    while True:
        if isinstance(error, ssl.SSLError) or "STARTTLS" in str(error):
            return True
        if error.__cause__ is None:
            return False
        error = error.__cause__
