"""The Zalo Bot channel: one bot's token, its sends, its polls, its webhook."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
import unicodedata
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from bots.pacing import Held, Lanes, Pace
from bots.wording import plain
from bots.zalo import parts
from bots.zalo.api import Api, Denied, NeverLeft, NotZalo, Timeouts, Trouble
from bots.zalo.fate import MONTH_SPENT, QUOTA_SPENT, ZaloTrouble, in_words, is_quota_of_the_month, outcome_of
from bots.zalo.hearing import Ears
from bots.zalo.hiding import hide
from bots.zalo.polling import Poll, Polls
from bots.zalo.webhooks import (
    Account,
    Verification,
    Webhook,
    account_from,
    verification_from,
    webhook_from,
)
from engine.errors import BadSetting
from engine.messages import Answer, DigestMessage, Edit, Inbound, Message, Outcome, Retry, Sent, Store, Unknown

OFFICIAL = "https://bot-api.zaloplatforms.com"
# What Zalo bears in a second is not documented: this is a polite guess, and one message a second to one person.
POLITE = Pace(per_second=5, per_chat_seconds=1.0)
SEND_AT_MOST = 90.0  # seconds for one message, under the lease of its claim
SHOW_AT_MOST = 20.0  # seconds for a picture; with the words still under the lease
CAPTION = "Bản tin tuần bằng hình."  # a caption of 1 to 2,000 letters must be there [O]
PATIENCE = 10.0  # seconds of a wait that Zalo named; a longer one goes back to the outbox

LOG = logging.getLogger(__name__)
_TOKEN = re.compile(r"([0-9]+):[A-Za-z0-9._~-]+")  # "12345689:abc-xyz" [O]


class Zalo:
    """A channel whose addresses are Zalo chat ids (20 hexadecimal digits [M]).

    Its connections belong to one event loop: ``async with Zalo(token) as channel``. One office may have several
    bots; each is a channel of its own, told apart by ``bot``, the digits of its token.

    :raises BadSetting: the token, the base URL or the proxy is not of the right form; none is shown.
    """

    name = "zalo"
    edits = False
    budget: int | None = None  # messages a month; None: not counted
    office_id: str | None = None  # the one office it serves; None: every office
    picture_link: Callable[[DigestMessage], str | None] | None = None  # where Zalo may fetch a digest's picture

    def __init__(
        self,
        token: str,
        base_url: str = OFFICIAL,
        proxy: str | None = None,
        timeouts: Timeouts | None = None,
        pace: Pace = POLITE,
        polls: Polls | None = None,
        send_at_most: float = SEND_AT_MOST,
    ) -> None:
        token = token.strip()
        found = _TOKEN.fullmatch(token)
        if not found:
            raise BadSetting("NHACVIEC_ZALO_TOKEN không đúng dạng. Hãy chép lại token do Zalo Bot Creator cấp.")
        if not re.match(r"https?://[^/\s]+", base_url):
            raise BadSetting("NHACVIEC_ZALO_BASE_URL không đúng dạng. Hãy ghi địa chỉ bắt đầu bằng https://.")
        self.bot = found[1]
        hide(token.partition(":")[2])  # before the library logs its own URL
        self._api = Api(token, base_url, proxy, timeouts or Timeouts())
        self._ears = Ears(self.name, self.bot)
        self._lanes = self.turns = Lanes(pace)
        self.at_once = pace.ahead
        self._polls = polls or Polls()
        self._poll = Poll(self.bot, self._ask, self._has_webhook, self._polls)  # remembers from one run to the next
        self._send_at_most = send_at_most
        self._introduced = False  # getMe has told the bot's names
        self._month_spent_until = 0.0  # by time.monotonic()

    async def __aenter__(self) -> Self:
        await self._api.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._api.close()

    # ---- send -----------------------------------------------------------------------------------------------------

    async def send(self, address: str, message: Message) -> Outcome:
        """Send one message to one chat as plain text, a long one in parts; each part counts against the plan.

        An edit is taken and shown nowhere: Zalo cannot change what was sent (``parts=0``).
        """
        if isinstance(message, Edit):
            return Sent(message.provider_id, "", parts=0)
        if (left := self._month_spent_until - time.monotonic()) > 0:
            return Retry(MONTH_SPENT, left)
        sending = _Sending(unicodedata.normalize("NFC", plain(message)))
        try:
            async with asyncio.timeout(self._send_at_most):
                async with self._lanes.turn(address, patience=PATIENCE, first=isinstance(message, Answer)):
                    await self._send_parts(address, sending)
        except TimeoutError:
            return sending.cut_short()
        except Held as held:
            return sending.failed(Retry("Zalo yêu cầu chờ vì gửi quá nhanh", held.seconds, named=True))
        except Exception as error:
            return sending.failed(self._outcome_of(address, error))
        shown = isinstance(message, DigestMessage) and await self._show(address, message)
        return Sent(sending.provider_id, sending.text, parts=sending.sent + shown)

    async def _show(self, address: str, message: DigestMessage) -> bool:
        """The digest's picture, after its words have arrived: whatever becomes of it, they are there.

        Zalo takes the address of a picture [O] and fetches it itself, so there is none without a public address of
        ours. A picture that may have been taken counts as sent.
        """
        link = self.picture_link(message) if self.picture_link else None
        if link is None:
            return False
        try:
            async with asyncio.timeout(SHOW_AT_MOST), self._lanes.turn(address, patience=PATIENCE):
                await self._api.call("sendPhoto", {"chat_id": address, "photo": link, "caption": CAPTION})
        except (Denied, NotZalo, NeverLeft, Held) as error:
            LOG.warning("Zalo chưa nhận ảnh của bản tin (%s)", type(error).__name__)
            return False
        except Exception as error:
            LOG.warning("Chưa rõ Zalo đã nhận ảnh của bản tin hay chưa (%s)", type(error).__name__)
        return True

    async def _send_parts(self, address: str, sending: _Sending) -> None:
        for part in sending.parts:
            if sending.sent:
                await self._lanes.again(address, patience=PATIENCE)
            sending.arrived(await self._post(address, part, sending))

    async def _post(self, address: str, part: str, sending: _Sending) -> Any:
        """One part, through waits that Zalo names and that are short enough: they hold this chat's lane alone."""
        while True:
            sending.asked = True
            try:
                # No parse_mode: the words stand as they are, and nothing in a title can be taken for a mark.
                return await self._api.call("sendMessage", {"chat_id": address, "text": part})
            except (Denied, NotZalo) as error:
                sending.asked = False  # it was answered
                outcome = outcome_of(error)
                if not (isinstance(outcome, Retry) and outcome.named and outcome.seconds <= PATIENCE):
                    raise
                self._lanes.hold(address, outcome.seconds)
            await self._lanes.again(address, patience=PATIENCE)

    def _outcome_of(self, address: str, error: Exception) -> Outcome:
        outcome = outcome_of(error)
        if isinstance(error, Denied) and is_quota_of_the_month(error):  # no other chat fares better
            self._month_spent_until = time.monotonic() + QUOTA_SPENT
        elif isinstance(outcome, Retry) and outcome.named:
            self._lanes.hold(address, outcome.seconds)
        return outcome

    # ---- receive --------------------------------------------------------------------------------------------------

    async def poll(self, store: Store, offset: int | None, stop: asyncio.Event) -> None:
        """Receive until ``stop``. Zalo has no offset: ``offset`` is not looked at, and ``store`` gets None for it.

        Zalo documents polling for development only and recommends the webhook [O]; the two exclude each other.
        """
        del offset
        await self._poll.run(store, stop)

    async def _ask(self) -> list[Inbound]:
        # Names first: between an update that is served once and its store, nothing may wait.
        if not self._introduced:
            with contextlib.suppress(ZaloTrouble):  # a name to strip from words is not worth missing them
                await self.me()
        # "timeout" is documented as a string of seconds [O].
        idle = self._polls.idle
        return self._ears.understand(await self._api.call("getUpdates", {"timeout": str(max(1, round(idle)))}, idle))

    async def _has_webhook(self) -> bool:
        return webhook_from(await self._api.call("getWebhookInfo")).url != ""

    def heard(self, body: bytes) -> list[Inbound]:
        """What one webhook request says, flat or wrapped; an empty list for an empty body or nobody's words.

        Whoever receives it compares the header :data:`SECRET_HEADER` first.

        :raises ValueError: the body is not a JSON object.
        """
        return self._ears.heard(body)

    # ---- for the operator -----------------------------------------------------------------------------------------

    async def me(self) -> Account:
        """Who the bot is; a token that Zalo does not know fails here.

        :raises ZaloTrouble: Zalo did not say; so for all calls of this section.
        """
        account = account_from(await self._call("getMe"))
        self._ears.names = tuple(name for name in (account.display_name, account.name) if name)
        self._introduced = True
        return account

    async def set_webhook(self, url: str, secret: str) -> Webhook:
        """Have what people write sent to ``url`` with ``secret`` in a header; polling gets nothing then.

        :raises BadSetting: ``url`` is not HTTPS, or ``secret`` has not 8 to 256 characters; neither is shown.
        """
        if not url.startswith("https://"):
            raise BadSetting("Địa chỉ webhook phải bắt đầu bằng https://.")
        if not 8 <= len(secret) <= 256:
            raise BadSetting("Khoá bí mật của webhook phải dài từ 8 đến 256 ký tự.")
        hide(secret)
        return webhook_from(await self._call("setWebhook", {"url": url, "secret_token": secret}))

    async def webhook_info(self) -> Webhook | None:
        """The webhook in force; None when there is none (Zalo says 404 then [M])."""
        try:
            webhook = webhook_from(await self._api.call("getWebhookInfo"))
        except Denied as denied:
            if denied.code == 404:
                return None
            raise ZaloTrouble(in_words(denied)) from None
        except Trouble as trouble:
            raise ZaloTrouble(in_words(trouble)) from None
        return webhook if webhook.url else None

    async def delete_webhook(self) -> Webhook:
        """Back to polling; no harm where there was no webhook."""
        return webhook_from(await self._call("deleteWebhook"))

    async def test_webhook(self) -> Verification:
        """Have Zalo call the webhook now. Not to be repeated within minutes (Zalo says 426 then)."""
        return verification_from(await self._call("testWebhook"))

    async def _call(self, method: str, parameters: dict[str, object] | None = None) -> Any:
        try:
            return await self._api.call(method, parameters)
        except Trouble as trouble:
            raise ZaloTrouble(in_words(trouble)) from None


class _Sending:
    """How far one message has come."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts = parts.split(text) or [text]
        self.sent = 0
        self.provider_id = ""
        self.asked = False  # a request is under way, and may be obeyed

    def arrived(self, result: Any) -> None:
        """One more part is there. Should Zalo not name it, the time does: a message needs a name of its own."""
        named = result.get("message_id") if isinstance(result, dict) else None
        self.provider_id = str(named) if named else f"t{time.time_ns()}"
        self.sent += 1
        self.asked = False

    def failed(self, outcome: Outcome) -> Outcome:
        """What the failure of one part makes of the whole: once one has arrived, "not delivered" would repeat it."""
        return Unknown(f"mới gửi được {self.sent}/{len(self.parts)} phần của tin") if self.sent else outcome

    def cut_short(self) -> Outcome:
        """Time was up: harmless while the message still waited for its turn."""
        if self.asked or self.sent:
            return self.failed(Unknown("gửi quá lâu, chưa rõ tin đã tới hay chưa"))
        return Retry("nhiều tin đang chờ gửi qua Zalo", 5.0)
