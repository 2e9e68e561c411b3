"""The words of the commands that keep the records safe; what they do stands in :mod:`engine.cli.keeping`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Không hỏi lại.")]

database_app = typer.Typer(help="Cơ sở dữ liệu: chuyển nơi lưu.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to the program's."""
    for command in (backup, restore, unmute, tidy):
        app.command()(command)
    app.add_typer(database_app, name="db")


def backup(
    to: Annotated[Path | None, typer.Option("--to", help="Thư mục chứa các bản sao lưu.")] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="Giữ bao nhiêu ngày gần nhất; mặc định NHACVIEC_BACKUP_KEEP.")
    ] = None,
    zipped: Annotated[bool, typer.Option("--gzip", help="Nén bản sao lưu.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sao lưu ngay, cả khi đang chạy: chép, kiểm tra, so với nhật ký; giữ bản của 14 ngày và 12 tháng gần nhất."""
    from engine.cli import keeping

    keeping.backup(to, keep, zipped, as_json)


def restore(
    file: Annotated[Path, typer.Argument(metavar="TỆP", help="Bản sao lưu (.db hoặc .db.gz).")],
    to: Annotated[str | None, typer.Option("--to", help="Phục hồi vào cơ sở dữ liệu này.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Thay cơ sở dữ liệu đang có; tệp cũ được giữ.")] = False,
    keep_queued: Annotated[
        bool, typer.Option("--keep-queued", help="Không bỏ các tin đang chờ trong bản sao lưu.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Phục hồi một bản sao lưu: kiểm tra trước, và tắt gửi cho tới khi có lệnh unmute."""
    from engine.cli import keeping

    keeping.restore(file, to, replace, keep_queued, yes)


def unmute(
    yes: Yes = False,
    keep_old: Annotated[bool, typer.Option("--keep-old", help="Gửi cả câu trả lời và bản tin đã cũ.")] = False,
) -> None:
    """Bật gửi lại sau khi phục hồi: cho xem sẽ gửi gì, rồi mới hỏi."""
    from engine.cli import keeping

    keeping.unmute(yes, keep_old)


def tidy(
    older_than: Annotated[str, typer.Option("--older-than", help="Cũ hơn bao nhiêu tháng, ví dụ 24m.")],
    yes: Yes = False,
) -> None:
    """Xoá nội dung tin cũ của việc đã khép; số đếm và nhật ký được giữ lại."""
    from engine.cli import keeping

    keeping.tidy(older_than, yes)


@database_app.command()
def move(
    source: Annotated[str, typer.Argument(metavar="TỪ", help="Ví dụ sqlite:///nhacviec.db")],
    target: Annotated[str, typer.Argument(metavar="ĐẾN", help="Ví dụ postgresql://tài-khoản@máy-chủ/nhacviec")],
    as_json: AsJson = False,
) -> None:
    """Chuyển mọi dữ liệu sang cơ sở dữ liệu khác (trống), so từng bảng; nơi cũ còn nguyên."""
    from engine.cli import keeping

    keeping.move(source, target, as_json)
