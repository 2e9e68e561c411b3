"""/healthz and /metrics over real HTTP, beside the webhooks and alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from engine.findings import Finding, bad, warn
from web.health import add_health, build_health_app
from web.webhooks import WebhookServer, build_app

LATE = bad("alarms", "3 việc đã tới giờ nhắc mà chưa được xem tới, lâu nhất 7 phút.", "Hãy xem nhật ký chạy.")


def served(app: Starlette, visit: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        server = WebhookServer(app)
        await server.start()
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
                return await visit(client)
        finally:
            await server.stop()

    return asyncio.run(run())


def test_all_is_well() -> None:
    answer = served(build_health_app(list, lambda: b"x 1\n"), lambda client: client.get("/healthz"))
    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "findings": []}
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_not_well_is_told_in_words() -> None:
    answer = served(build_health_app(lambda: [LATE], lambda: b""), lambda client: client.get("/healthz"))
    assert answer.status_code == 503
    assert answer.json() == {
        "ok": False,
        "findings": [{"level": "bad", "about": "alarms", "what": LATE.what, "what_to_do": LATE.what_to_do}],
    }


def test_a_warning_is_told_and_is_no_alarm() -> None:
    note = warn("setbacks", "1 tin chưa đọc được.", "Hãy xem nhacviec doctor.")
    answer = served(build_health_app(lambda: [note], lambda: b""), lambda client: client.get("/healthz"))
    assert answer.status_code == 200
    assert answer.json()["findings"][0]["what"] == note.what


def test_it_says_how_it_is_now_and_not_how_it_was() -> None:
    findings: list[Finding] = []

    async def visit(client: httpx.AsyncClient) -> list[int]:
        codes = [(await client.get("/healthz")).status_code]
        findings.append(LATE)
        codes.append((await client.get("/healthz")).status_code)
        findings.clear()
        return [*codes, (await client.head("/healthz")).status_code]

    assert served(build_health_app(lambda: findings, lambda: b""), visit) == [200, 503, 200]


def test_numbers_come_in_prometheus_own_format() -> None:
    from prometheus_client.parser import text_string_to_metric_families

    from engine.metrics import Metrics

    answer = served(build_health_app(list, Metrics().text), lambda client: client.get("/metrics"))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"nhacviec_turns", "nhacviec_oldest_due_lag_seconds", "nhacviec_unknown_messages"} <= names


def test_a_database_in_trouble_leaves_no_trace_of_its_rows(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> bytes:
        raise OSError("row: 7001, Nguyễn Văn A")

    answer = served(build_health_app(list, broken), lambda client: client.get("/metrics"))
    assert answer.status_code == 503
    assert "7001" not in answer.text + caplog.text
    assert "OSError" in caplog.text


def test_it_stands_beside_the_webhooks() -> None:
    async def keep(_: Any) -> None: ...

    app = build_app([], "mot-bi-mat-dai-va-kho-doan", keep, lambda: None)
    add_health(app, lambda: [LATE], lambda: b"")

    async def visit(client: httpx.AsyncClient) -> list[int]:
        return [(await client.get(path)).status_code for path in ("/health", "/healthz", "/metrics", "/webhook/a/b")]

    assert served(app, visit) == [200, 503, 200, 405]
