"""``nhacviec people …``: the words of the commands; what they do stands in :mod:`engine.cli.people`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

people_app = typer.Typer(
    help="Cán bộ: danh sách, mã liên kết, chuyển đơn vị, nghỉ, người thay, ai cần gọi điện.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

AsJson = Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Không hỏi lại.")]
Office = Annotated[
    str | None, typer.Option("--office", help="Mã cơ quan hoặc đường dẫn tệp nhiệm vụ; bỏ được khi chỉ có một.")
]
Person = Annotated[str, typer.Argument(metavar="CÁN-BỘ", help="Mã cán bộ, hoặc họ tên viết đủ.")]
Days = Annotated[int, typer.Option("--days", min=1, max=60, help="Mã có hiệu lực mấy ngày.")]
Again = Annotated[bool, typer.Option("--again", help="Cả người đã có mã còn hiệu lực; mã ấy bị huỷ.")]
Give = Annotated[
    list[str] | None,
    typer.Option("--give", metavar="MÃ-VIỆC=CÁN-BỘ", help="Giao một việc cho đúng người; dùng được nhiều lần."),
]


@people_app.command(name="list")
def list_(office: Office = None, as_json: AsJson = False) -> None:
    """Danh sách cán bộ: đơn vị, vai trò, kênh đã nối hay bị chặn, lần cuối nhắn tới."""
    from engine.cli import people as commands

    commands.show(office, as_json)


@people_app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="TỆP", help="Danh sách .csv hoặc .xlsx có dòng tiêu đề.")],
    office: Office = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Nhập danh sách cán bộ: cho xem thay đổi trước, rồi mới ghi (với --json chỉ ghi khi có --yes)."""
    from engine.cli import people as commands

    commands.import_list(file, office, yes, as_json)


@people_app.command()
def codes(
    persons: Annotated[
        list[str] | None, typer.Argument(metavar="CÁN-BỘ", help="Mã cán bộ, hoặc họ tên viết đủ.")
    ] = None,
    office: Office = None,
    all_unlinked: Annotated[
        bool, typer.Option("--all-unlinked", help="Mọi người chưa nối kênh nào và chưa có mã còn hiệu lực.")
    ] = False,
    unit: Annotated[str | None, typer.Option("--unit", help="Mã cho nhóm chat của một đơn vị.")] = None,
    days: Days = 7,
    again: Again = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Cấp mã liên kết dùng một lần; mã chỉ hiện ra lần này. Mã cấp trước đó của người ấy hết hiệu lực."""
    from engine.cli import people as commands

    commands.codes(persons or [], office, all_unlinked, unit, days, again, yes, as_json)


@people_app.command()
def sheet(
    file: Annotated[Path, typer.Argument(metavar="TỆP", help="Tệp sẽ ghi: .docx để in và cắt, hoặc .csv.")],
    office: Office = None,
    zalo: Annotated[str | None, typer.Option("--zalo", help="Tên bot Zalo, như cán bộ thấy khi tìm.")] = None,
    telegram: Annotated[str | None, typer.Option("--telegram", help="Tên bot Telegram, ví dụ @NhacViecBot.")] = None,
    days: Days = 7,
    again: Again = False,
    yes: Yes = False,
) -> None:
    """Cấp mã cho người chưa nối kênh và chưa có mã, ghi thành phiếu để phát tận tay; nêu tên và hỏi trước."""
    from engine.cli import people as commands

    commands.sheet(file, office, zalo, telegram, days, again, yes)


@people_app.command()
def unlink(
    person: Person,
    channel: Annotated[str | None, typer.Option("--channel", help="Chỉ gỡ một kênh: zalo, telegram, email.")] = None,
    office: Office = None,
    yes: Yes = False,
) -> None:
    """Gỡ kênh nhắn tin của một người: mất máy, đổi số, nối nhầm."""
    from engine.cli import people as commands

    commands.unlink(person, channel, office, yes)


@people_app.command()
def move(
    person: Person,
    to: Annotated[str, typer.Option("--to", metavar="ĐƠN-VỊ", help="Đơn vị mới: mã, tên hoặc tên gọi khác.")],
    give: Give = None,
    office: Office = None,
    yes: Yes = False,
) -> None:
    """Chuyển một người sang đơn vị khác; việc đang mở được liệt kê và bàn giao."""
    from engine.cli import people as commands

    commands.move(person, to, give or [], office, yes)


@people_app.command()
def leave(
    person: Person,
    first: Annotated[str, typer.Option("--from", help="Từ ngày, viết 25/3/2026 hoặc 2026-03-25.")],
    last: Annotated[str, typer.Option("--to", help="Đến hết ngày.")],
    stand_in: Annotated[str, typer.Option("--stand-in", metavar="CÁN-BỘ", help="Người thay.")],
    decision: Annotated[str, typer.Option("--decision", help="Số quyết định, ví dụ 12/QĐ-UBND.")],
    office: Office = None,
) -> None:
    """Nghỉ có thời hạn: trong những ngày ấy tin đến người thay, ghi rõ “thay …”."""
    from engine.cli import people as commands

    commands.stand_in(person, stand_in, first, last, decision, office)


@people_app.command()
def left(
    person: Person,
    on: Annotated[str, typer.Option("--on", help="Nghỉ từ ngày, viết 25/3/2026 hoặc 2026-03-25.")],
    give: Give = None,
    office: Office = None,
    yes: Yes = False,
) -> None:
    """Thôi công tác hẳn: bàn giao việc đang mở, gỡ mọi kênh, huỷ mã đã cấp."""
    from engine.cli import people as commands

    commands.left(person, on, give or [], office, yes)


@people_app.command()
def calls(office: Office = None, as_json: AsJson = False) -> None:
    """Gọi điện cho những người này: việc đang mở mà tin không tới được họ, gấp nhất đứng trước."""
    from engine.cli import people as commands

    commands.calls(office, as_json)
