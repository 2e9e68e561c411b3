"""E-mail against a real SMTP server on this machine (aiosmtpd), with the troubles that mail servers make."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import email.policy
import logging
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bots.mail import NOTE, Mail, MailTrouble, Timeouts
from bots.pacing import Pace
from bots.wording import plain
from engine.errors import BadSetting
from engine.messages import (
    HIDDEN_TITLE,
    Answer,
    DigestMessage,
    Edit,
    Item,
    Message,
    Outcome,
    Refused,
    ReminderMessage,
    Retry,
    Said,
    Says,
    Sent,
    Unknown,
)

HUONG, BINH = "huong@hungthang.gov.vn", "binh@hungthang.gov.vn"
SENDER = "nhacviec@hungthang.gov.vn"
USER, PASSWORD = "nhacviec", "mat-khau-rieng"
IMPATIENT = Timeouts(answer=0.2, leave=0.1)

REPORT = Item(
    number=3,
    occurrence_id=417,
    says=Says.LAST_CALL,
    title='Báo cáo <b>kiểm soát</b> TTHC & "một cửa" tháng 3/2026',
    unit="Trung tâm Phục vụ hành chính công",
    nominal_due=dt.date(2026, 3, 25),
    due=dt.date(2026, 3, 25),
    internal_due=dt.date(2026, 3, 25),
)
REMINDER = ReminderMessage(
    person="đồng chí Nguyễn Thị Hường",
    office="UBND xã Hưng Thắng",
    today=dt.date(2026, 3, 25),
    items=(REPORT, REPORT._replace(number=4, occurrence_id=418, title="Kế hoạch cải cách hành chính")),
)
WRITTEN = dt.datetime(2026, 3, 25, 0, 30, tzinfo=dt.UTC)
DIGEST = DigestMessage(
    person="đồng chí Chủ tịch",
    office="UBND xã Hưng Thắng",
    week="2026-W11",
    monday=dt.date(2026, 3, 9),
    sunday=dt.date(2026, 3, 15),
    on_time=4,
    late=1,
    late_accepted=0,
    overdue=(),
    overdue_total=0,
    coming=(),
    coming_total=0,
    extensions_granted=0,
    extensions_waiting=0,
)


class PostOffice:
    """The other side: takes letters, or answers as it is told. ``does`` are orders for one command."""

    def __init__(self) -> None:
        self.letters: list[Envelope] = []
        self.says: dict[str, str] = {}  # MAIL, RCPT, DATA: the answer instead of 250
        self.hangs_up_at: str | None = None
        self.silent_at: str | None = None
        self.commands: list[str] = []
        self.at_once = self.most_at_once = 0
        self.port = 0

    async def _react(self, server: SMTP, command: str) -> str | None:
        self.commands.append(command)
        if self.hangs_up_at == command:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
            await asyncio.sleep(5)  # ended with the connection
        if self.silent_at == command:
            await asyncio.sleep(5)
        return self.says.get(command)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := await self._react(server, "MAIL"):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := await self._react(server, "RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0.01)
            answer = await self._react(server, "DATA")
        finally:
            self.at_once -= 1
        if answer:
            return answer
        self.letters.append(envelope)
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return await self._react(server, "QUIT") or "221 Bye"

    def read(self) -> list[EmailMessage]:
        """The letters as a mail program reads them."""
        return [_parsed(letter) for letter in self.letters]


def _parsed(letter: Envelope) -> EmailMessage:
    assert isinstance(letter.content, bytes)
    message = email.message_from_bytes(letter.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _part(letter: EmailMessage, kind: str) -> str:
    body = letter.get_body((kind,))
    assert isinstance(body, EmailMessage)
    return str(body.get_content()).replace("\r\n", "\n")


@asynccontextmanager
async def a_post_office(tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[PostOffice]:
    office, loop = PostOffice(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(office, hostname="mail.hungthang.gov.vn", loop=loop, **options), "127.0.0.1", 0, ssl=tls
    )
    office.port = server.sockets[0].getsockname()[1]
    before = asyncio.all_tasks()
    try:
        yield office
    finally:
        server.close()
        for task in asyncio.all_tasks() - before - {asyncio.current_task()}:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task


def mail(office: PostOffice, **changes: Any) -> Mail:
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": office.port,
        "username": None,
        "password": None,
        "sender": f"Nhắc việc xã Hưng Thắng <{SENDER}>",
        "security": "none",
        "now": lambda: WRITTEN,
    }
    return Mail(**given | changes)


def play(story: Callable[[PostOffice], Awaitable[None]], **options: Any) -> None:
    async def told() -> None:
        async with asyncio.timeout(20), a_post_office(**options) as office:
            await story(office)

    asyncio.run(told())


def outcome(office_is: Callable[[PostOffice], None], message: Message = REMINDER, **changes: Any) -> Outcome:
    """What one letter to Hường comes to at a post office that has been prepared so."""
    came: list[Outcome] = []

    async def story(office: PostOffice) -> None:
        office_is(office)
        came.append(await mail(office, **changes).send(HUONG, message))

    play(story)
    return came[0]


# ---- the letter ---------------------------------------------------------------------------------------------------


def test_a_reminder_arrives_in_words_and_as_a_page() -> None:
    async def story(office: PostOffice) -> None:
        sent = await mail(office).send(HUONG, REMINDER)

        [envelope], [letter] = office.letters, office.read()
        assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, [HUONG])
        assert isinstance(sent, Sent)
        text = _part(letter, "plain")
        assert text.startswith(plain(REMINDER))
        assert text.rstrip("\n") == sent.text
        assert text.rstrip("\n").endswith(NOTE)
        page = _part(letter, "html")
        assert "<b>1" not in page  # nothing of a title is markup
        assert "Báo cáo &lt;b&gt;kiểm soát&lt;/b&gt; TTHC &amp; &#34;một cửa&#34; tháng 3/2026" in page
        assert "<br>" in page
        assert NOTE in page
        assert sent.parts == 1

    play(story)


def test_its_headers_say_who_when_and_that_a_machine_wrote_it() -> None:
    async def story(office: PostOffice) -> None:
        channel = mail(office)
        first, second = await channel.send(HUONG, REMINDER), await channel.send(HUONG, REMINDER)

        letters = office.read()
        assert letters[0]["Subject"] == "Nhắc việc ngày 25/3/2026: 2 việc cần xử lý"
        assert (letters[0]["From"], letters[0]["To"]) == (f"Nhắc việc xã Hưng Thắng <{SENDER}>", HUONG)
        assert letters[0]["Auto-Submitted"] == "auto-generated"
        assert parsedate_to_datetime(letters[0]["Date"]) == WRITTEN
        ids = [letter["Message-ID"] for letter in letters]
        assert isinstance(first, Sent)
        assert isinstance(second, Sent)
        assert ids == [first.provider_id, second.provider_id]
        assert ids[0] != ids[1]
        assert ids[0].endswith("@hungthang.gov.vn>")
        assert (channel.name, channel.bot, channel.edits) == ("email", "email", False)

    play(story)


def test_it_passes_servers_that_know_seven_bits_only() -> None:
    async def story(office: PostOffice) -> None:
        await mail(office).send(HUONG, REMINDER)

        content = office.letters[0].content
        assert isinstance(content, bytes)
        assert content.isascii()
        assert max(len(line) for line in content.split(b"\r\n")) <= 998

    play(story)


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        (replace(REMINDER, items=(REPORT,), more=4), "Nhắc việc ngày 25/3/2026: 5 việc cần xử lý"),
        (replace(REMINDER, resent=True), "Nhắc việc ngày 25/3/2026: 2 việc cần xử lý (gửi lại)"),
        (
            replace(REMINDER, items=(REPORT._replace(says=Says.CONFIRMED),)),
            "Thông báo ngày 25/3/2026: 1 việc",
        ),
        (DIGEST, "Bản tin tuần 11/2026"),
        (Answer(Said.HELP), "Trả lời tự động của hệ thống nhắc việc"),
    ],
)
def test_the_subject_counts_and_names_nothing(message: Message, subject: str) -> None:
    async def story(office: PostOffice) -> None:
        await mail(office).send(HUONG, message)

        [letter] = office.read()
        assert letter["Subject"] == subject
        assert "Báo cáo" not in letter["Subject"]

    play(story)


def test_secret_work_is_named_nowhere() -> None:
    async def story(office: PostOffice) -> None:
        await mail(office).send(HUONG, replace(REMINDER, items=(REPORT._replace(title=HIDDEN_TITLE),)))

        [letter] = office.read()
        assert HIDDEN_TITLE in _part(letter, "plain")
        assert HIDDEN_TITLE not in str(letter["Subject"])

    play(story)


def test_lines_that_begin_with_a_dot_and_odd_letters_arrive() -> None:
    async def story(office: PostOffice) -> None:
        # A title with decomposed marks (as macOS types them), a lone surrogate, and what would end a letter.
        odd = REPORT._replace(title="Ba\u0301o ca\u0301o \ud83d\r\n.\r\nMAIL FROM:<a@b.vn>")
        sent = await mail(office).send(HUONG, replace(REMINDER, items=(odd,)))

        [letter] = office.read()
        assert isinstance(sent, Sent)
        assert "Báo cáo ?" in _part(letter, "plain")
        assert "MAIL FROM:<a@b.vn>" in _part(letter, "plain")
        assert office.commands.count("MAIL") == 1

    play(story)


def test_an_edit_is_taken_and_sent_nowhere() -> None:
    async def story(office: PostOffice) -> None:
        taken = await mail(office).send(HUONG, Edit("<1@hungthang.gov.vn>", REMINDER))

        assert taken == Sent("<1@hungthang.gov.vn>", "", parts=0)
        assert not office.commands

    play(story)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "huong",
        "huong@",
        "@hungthang.gov.vn",
        "hường@hungthang.gov.vn",
        "huong@hungthang.gov.vn\r\nBcc: all@hungthang.gov.vn",
        "huong@hungthang.gov.vn\n",
        "huong@hungthang.gov.vn, binh@hungthang.gov.vn",
        "huong@hungthang.gov.vn> SIZE=1",
        "huong binh@hungthang.gov.vn",
        "a@" + "b" * 260,
        "hung-thang/nguyen-thi-huong",
    ],
)
def test_what_is_no_address_is_refused_and_reaches_no_server(address: str) -> None:
    async def story(office: PostOffice) -> None:
        assert await mail(office).send(address, REMINDER) == Refused("địa chỉ thư điện tử không đúng dạng")
        assert not office.commands

    play(story)


# ---- what comes of it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "said", "kind"),
    [
        ("RCPT", "550 5.1.1 No such user", Refused),
        ("RCPT", "553 5.1.3 Bad address", Refused),
        ("RCPT", "552 5.2.2 Mailbox full", Refused),
        ("RCPT", "450 4.2.0 Greylisted", Retry),
        ("RCPT", "452 4.2.2 Over quota", Retry),
        ("RCPT", "554 5.7.1 <huong@hungthang.gov.vn>: Relay access denied", Retry),  # our account, and no address
        ("RCPT", "530 5.7.0 Authentication required", Retry),
        ("MAIL", "553 5.7.1 Sender address rejected", Retry),
        ("MAIL", "421 4.7.0 Try again later", Retry),
        ("MAIL", "530 5.7.0 Must issue a STARTTLS command first", Retry),
        ("DATA", "451 4.3.0 Try again", Retry),
        ("DATA", "554 5.7.1 Message looks like spam", Retry),  # this letter, and not the address
        ("DATA", "550 5.1.1 User unknown", Refused),
    ],
)
def test_what_the_server_answers_decides(command: str, said: str, kind: type[Outcome]) -> None:
    came = outcome(lambda office: office.says.update({command: said}))

    assert isinstance(came, kind)
    assert not isinstance(came, Sent)
    assert came.reason
    assert HUONG not in came.reason
    assert said not in came.reason  # the standing office reads Vietnamese


def test_a_refused_person_is_named_as_such() -> None:
    came = outcome(lambda office: office.says.update(RCPT="550 5.1.1 No such user"))

    assert came == Refused("máy chủ thư không nhận địa chỉ này (550)")


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
def test_a_connection_lost_before_the_letter_is_tried_again(command: str) -> None:
    def hangs_up(office: PostOffice) -> None:
        office.hangs_up_at = command

    def falls_silent(office: PostOffice) -> None:
        office.silent_at = command

    assert outcome(hangs_up) == Retry("mất kết nối khi báo người nhận", 60)
    assert isinstance(outcome(falls_silent, timeouts=Timeouts(connect=0.3)), Retry)


def test_a_connection_lost_after_the_letter_leaves_it_unknown() -> None:
    def hangs_up(office: PostOffice) -> None:
        office.hangs_up_at = "DATA"

    def falls_silent(office: PostOffice) -> None:
        office.silent_at = "DATA"

    assert isinstance(outcome(hangs_up), Unknown)
    assert isinstance(outcome(falls_silent, timeouts=IMPATIENT), Unknown)


@pytest.mark.parametrize(("command", "kind"), [("RCPT", Retry), ("DATA", Unknown)])
def test_the_patience_for_all_of_it_ends_as_the_stage_says(command: str, kind: type[Outcome]) -> None:
    async def story(office: PostOffice) -> None:
        office.silent_at = command
        for seconds in (0.3, 1.0, 5.0):  # a busy machine may need longer to come so far
            came = await mail(office, timeouts=Timeouts(whole=seconds)).send(HUONG, REMINDER)
            if command in office.commands:
                break
            assert isinstance(came, Retry)
        assert isinstance(came, kind)

    play(story)


def test_what_was_taken_stands_though_the_leave_is_taken_badly() -> None:
    def hangs_up(office: PostOffice) -> None:
        office.hangs_up_at = "QUIT"

    def falls_silent(office: PostOffice) -> None:
        office.silent_at = "QUIT"

    assert isinstance(outcome(hangs_up), Sent)
    assert isinstance(outcome(falls_silent, timeouts=IMPATIENT), Sent)


def test_nobody_there_is_tried_again() -> None:
    def closed(office: PostOffice) -> None:
        office.port = 9  # discard: nothing listens

    assert outcome(closed) == Retry("mất kết nối khi nối máy chủ thư", 60)


def test_what_is_no_mail_server_is_tried_again() -> None:
    async def run(greeting: bytes) -> Outcome:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(greeting)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            office = PostOffice()
            office.port = server.sockets[0].getsockname()[1]
            return await mail(office).send(HUONG, REMINDER)

    for greeting in (
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"554 5.3.2 No service\r\n",
        b"421 Busy\r\n",
        b"\xff" * 99,
    ):
        assert isinstance(asyncio.run(run(greeting)), Retry)


# ---- login and TLS ------------------------------------------------------------------------------------------------


def _knows(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
    assert isinstance(given, LoginPassword)
    return AuthResult(success=(given.login, given.password) == (USER.encode(), PASSWORD.encode()), handled=False)


NO_TLS_IS_MEANT = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
AUTH: dict[str, Any] = {"authenticator": _knows, "auth_required": True, "auth_require_tls": False}


@NO_TLS_IS_MEANT
def test_it_logs_in() -> None:
    async def story(office: PostOffice) -> None:
        assert isinstance(await mail(office, username=USER, password=PASSWORD).send(HUONG, REMINDER), Sent)

    play(story, **AUTH)


@NO_TLS_IS_MEANT
def test_a_wrong_password_waits_long_and_names_the_setting_not_the_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(office: PostOffice) -> None:
        wrong = await mail(office, username=USER, password="sai-" + PASSWORD).send(HUONG, REMINDER)
        without = await mail(office).send(HUONG, REMINDER)

        assert wrong == Retry("máy chủ thư không nhận tài khoản gửi", 3600)
        assert without == wrong
        assert not office.letters

    with caplog.at_level(logging.DEBUG):
        play(story, **AUTH)
    assert "NHACVIEC_SMTP_PASSWORD" in caplog.text
    assert PASSWORD not in "".join(r.getMessage() for r in caplog.records if r.name.startswith(("bots", "aiosmtplib")))


def test_a_server_that_offers_no_login_is_the_accounts_trouble() -> None:
    came = outcome(lambda _: None, username=USER, password=PASSWORD)

    assert came == Retry("máy chủ thư không nhận tài khoản gửi", 3600)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file with a key and a certificate for localhost that signs itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    command = f"{openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*command.split(), *names], cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both


def contexts(certificate: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's, and that of a client who trusts it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    return server, ssl.create_default_context(cafile=certificate)


def test_with_tls_from_the_start(certificate: Path) -> None:
    server, client = contexts(certificate)

    async def story(office: PostOffice) -> None:
        trusting = mail(office, host="localhost", security="tls", context=client)
        assert isinstance(await trusting.send(HUONG, REMINDER), Sent)
        stranger = await mail(office, host="localhost", security="tls").send(HUONG, REMINDER)
        assert stranger == Retry("không lập được kết nối bảo mật với máy chủ thư", 300)
        assert len(office.letters) == 1

    play(story, tls=server)


def test_with_starttls(certificate: Path, caplog: pytest.LogCaptureFixture) -> None:
    server, client = contexts(certificate)

    async def story(office: PostOffice) -> None:
        trusting = mail(office, host="localhost", security="starttls", context=client, username=USER, password=PASSWORD)
        assert isinstance(await trusting.send(HUONG, REMINDER), Sent)
        stranger = mail(office, host="localhost", security="starttls", username=USER, password=PASSWORD)
        assert await stranger.send(HUONG, REMINDER) == Retry("không lập được kết nối bảo mật với máy chủ thư", 300)

    play(story, tls_context=server, require_starttls=True, authenticator=_knows, auth_required=True)
    assert "NHACVIEC_SMTP_SECURITY" in caplog.text


def test_a_server_without_tls_never_gets_the_password() -> None:
    for security in ("starttls", "tls"):
        came = outcome(lambda _: None, security=security, username=USER, password=PASSWORD)

        assert isinstance(came, Retry)
        assert came.reason == "không lập được kết nối bảo mật với máy chủ thư"


# ---- many at once, and settings -----------------------------------------------------------------------------------


def test_a_morning_leaves_by_few_connections_and_in_order_for_each() -> None:
    async def story(office: PostOffice) -> None:
        channel = mail(office, pace=Pace(per_second=1000, burst=1000))
        addresses = [HUONG, *(f"can-bo-{n}@hungthang.gov.vn" for n in range(20)), HUONG]
        messages = [replace(REMINDER, more=n) for n in range(len(addresses))]
        came = await asyncio.gather(*map(channel.send, addresses, messages))

        assert all(isinstance(each, Sent) for each in came)
        assert office.most_at_once <= 3
        hers = [letter["Subject"] for letter in office.read() if letter["To"] == HUONG]
        assert hers == [f"Nhắc việc ngày 25/3/2026: {n} việc cần xử lý" for n in (2, 23)]

    play(story)


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ({"sender": "nhacviec"}, "NHACVIEC_SMTP_FROM"),
        ({"sender": "a@b.vn\r\nBcc: c@d.vn"}, "NHACVIEC_SMTP_FROM"),
        ({"sender": "Nhắc\nviệc <a@b.vn>"}, "NHACVIEC_SMTP_FROM"),
        ({"security": "ssl"}, "NHACVIEC_SMTP_SECURITY"),
        ({"host": "mail .vn"}, "NHACVIEC_SMTP_HOST"),
        ({"username": USER}, "NHACVIEC_SMTP_PASSWORD"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(wrong: dict[str, Any], names: str) -> None:
    with pytest.raises(BadSetting, match=names):
        mail(PostOffice(), **wrong)


# ---- trying it out --------------------------------------------------------------------------------------------------


def test_a_server_that_takes_us_is_tried_out_without_a_letter() -> None:
    async def story(office: PostOffice) -> None:
        await mail(office).try_out()
        assert office.letters == []

    play(story)


def test_a_server_that_is_not_there_is_told() -> None:
    async def story(office: PostOffice) -> None:
        here = mail(office, port=1, username=USER, password=PASSWORD)
        with pytest.raises(MailTrouble, match="NHACVIEC_SMTP_HOST") as refusal:
            await here.try_out()
        assert PASSWORD not in str(refusal.value)

    play(story)


@NO_TLS_IS_MEANT
def test_an_account_that_is_not_let_in_is_told() -> None:
    async def story(office: PostOffice) -> None:
        await mail(office, username=USER, password=PASSWORD).try_out()
        with pytest.raises(MailTrouble, match="tài khoản gửi") as refusal:
            await mail(office, username=USER, password="khong-phai").try_out()
        assert "khong-phai" not in str(refusal.value)

    play(story, **AUTH)
