"""The command line. Each command imports what it needs when it runs, so that ``--help`` stays fast."""

from __future__ import annotations

import re
import sys
from copy import copy
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException
from typer.main import get_command_name

from engine.cli import keeping_commands, reporting
from engine.cli.help_words import unknown_command, vietnamese
from engine.cli.people_commands import people_app
from engine.errors import NhacViecError, NotFound
from engine.memory import leave_as_it_is, look_less_often

app = typer.Typer(
    name="nhacviec",
    help="Nhắc Việc: nhắc hạn báo cáo và nhiệm vụ của UBND xã, phường qua tin nhắn.",
    no_args_is_help=True,
    rich_markup_mode=None,  # the fancy help imports rich; this one starts in a third of the time
    pretty_exceptions_enable=False,
    add_completion=False,
)
journal = typer.Typer(help="Nhật ký: kiểm tra lịch sử có bị sửa không.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(journal, name="journal")
app.add_typer(people_app, name="people")
keeping_commands.register(app)
reporting.register(app)

AsJson = Annotated[bool, typer.Option("--json", help="In kết quả dạng JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Không hỏi lại.")]
LARGEST_NUMBER = 2**63 - 1  # of a row, in either database


def _of_a_row(number: int) -> int:
    if abs(number) > LARGEST_NUMBER:
        raise NotFound(f"Không có việc nào mang mã {number}. Xem mã bằng lệnh: nhacviec status.")
    return number


Occurrence = Annotated[int, typer.Argument(metavar="MÃ", help="Mã của việc, xem ở lệnh status.", callback=_of_a_row)]
Person = Annotated[str, typer.Argument(metavar="CÁN-BỘ", help="Mã cán bộ, hoặc họ tên viết đủ.")]
OfficeName = Annotated[str | None, typer.Option("--office", help="Mã cơ quan hoặc đường dẫn tệp nhiệm vụ.")]


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="TỆP", help="Một hoặc nhiều tệp nhiệm vụ.")],
    as_json: AsJson = False,
) -> None:
    """Kiểm tra tệp nhiệm vụ: báo mọi lỗi kèm số dòng, không ghi gì."""
    from engine.cli import files as commands

    commands.check(files, as_json)


@app.command()
def load(
    file: Annotated[str, typer.Argument(metavar="TỆP", help="Tệp nhiệm vụ, hoặc mã cơ quan có sẵn (hung-thang).")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Nạp tệp nhiệm vụ: cho xem thay đổi trước, rồi mới ghi (với --json chỉ ghi khi có --yes)."""
    from engine.cli import files as commands

    commands.load(file, yes, as_json)


@app.command()
def export(
    office: Annotated[str, typer.Argument(metavar="CƠ QUAN", help="Mã cơ quan đã nạp, hoặc tệp nhiệm vụ của cơ quan.")],
    out: Annotated[Path | None, typer.Option("--out", help="Tệp .yaml sẽ ghi; bỏ trống hoặc - là in ra.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Ghi đè tệp đã có.")] = False,
) -> None:
    """Lấy tệp nhiệm vụ từ dữ liệu đang lưu, gồm mọi sửa đổi trên web; nạp lại thì không có gì thay đổi."""
    from engine.cli import files as commands

    commands.export(office, out, force)


@app.command()
def bundle(
    occurrence: Occurrence,
    out: Annotated[Path | None, typer.Option("--out", help="Tệp .zip sẽ ghi.")] = None,
    secret: Annotated[bool, typer.Option("--secret", help="Ghi cả nội dung của việc có dấu mật.")] = False,
    office: Annotated[str | None, typer.Option("--office", help="Chỉ khi là việc của cơ quan này.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Ghi đè tệp đã có.")] = False,
) -> None:
    """Hồ sơ của một việc trong một tệp: dữ kiện, các lần nhắc, nhật ký có dấu, minh chứng."""
    from engine.cli import files as commands

    commands.bundle(occurrence, out, office, secret=secret, force=force)


@app.command(name="import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="TỆP", help="Văn bản (.docx, .pdf, .xlsx, .csv, .md, .txt); - là dán.")
    ],
    year: Annotated[int | None, typer.Option("--year", min=2000, max=2100, help="Năm của kế hoạch.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Ghi bản nháp tệp nhiệm vụ vào đây.")] = None,
    as_json: AsJson = False,
    accept_confident: Annotated[
        bool, typer.Option("--accept-confident", help="Nhận ngay mục chắc chắn; mục khác để chờ quyết định.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Đọc văn bản kế hoạch, tìm nhiệm vụ và thời hạn, cho duyệt từng mục rồi ghi bản nháp tệp nhiệm vụ."""
    from engine.cli import importing as commands

    commands.import_plan(file, year, out, as_json, accept_confident, yes)


@app.command()
def deadline(
    phrase: Annotated[str | None, typer.Argument(metavar="CÂU", help="Ví dụ: trước ngày 15/12 hằng năm")] = None,
    year: Annotated[int | None, typer.Option("--year", help="Năm của kế hoạch; năm nay nếu không ghi.")] = None,
    tsv: Annotated[
        Path | None, typer.Option("--tsv", help="Tệp mỗi dòng một câu, cột sau là năm; in mỗi dòng một JSON.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Đọc một thời hạn bằng lời (trước ngày 25 tháng cuối quý): loại, hạn đầu tiên, quy tắc lặp, điều chưa chắc."""
    from engine.cli import reading as commands

    commands.deadline(phrase, year, tsv, as_json)


@app.command()
def understand(
    text: Annotated[str | None, typer.Argument(metavar="CÂU", help='Câu trả lời, ví dụ "xong 3".')] = None,
    open_: Annotated[str | None, typer.Option("--open", help="Số các việc đang mở, viết 3,5.")] = None,
    today: Annotated[
        str | None, typer.Option("--today", help="Ngày nhắn, viết 2026-03-10; hôm nay nếu không ghi.")
    ] = None,
    tsv: Annotated[
        Path | None, typer.Option("--tsv", help="Tệp mỗi dòng: câu, số các việc đang mở, ngày; in mỗi dòng một JSON.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Câu trả lời sẽ được hiểu thế nào: báo xong, gia hạn, hay phải hỏi lại; không ghi, không gửi gì."""
    from engine.cli import understanding as commands

    commands.understand_reply(text, open_, today, tsv, as_json)


@app.command()
def preview(
    office: Annotated[str, typer.Option("--office", help="Mã cơ quan (hung-thang) hoặc đường dẫn tệp nhiệm vụ.")],
    first: Annotated[str, typer.Option("--from", help="Từ ngày, viết 2026-01-01.")],
    last: Annotated[str, typer.Option("--to", help="Đến hết ngày, viết 2026-12-31.")],
    full: Annotated[bool, typer.Option("--full", help="In cả nội dung từng tin.")] = False,
    as_json: AsJson = False,
) -> None:
    """Xem trước mọi tin sẽ gửi nếu không ai trả lời: lúc nào, cho ai, bậc nào, vì sao."""
    from engine.cli import looking as commands

    commands.preview(office, first, last, full, as_json)


@app.command()
def why(occurrence: Occurrence, office: OfficeName = None, as_json: AsJson = False) -> None:
    """Vì sao đã nhắc, vì sao không nhắc: toàn bộ câu chuyện của một việc (mã xem ở lệnh status)."""
    from engine.cli import looking as commands

    commands.why(occurrence, office, as_json)


@app.command()
def status(
    office: OfficeName = None,
    everything: Annotated[bool, typer.Option("--all", help="Cả những việc còn xa, khoảng một năm tới.")] = False,
    as_json: AsJson = False,
) -> None:
    """Các việc đang mở và sắp tới hạn trong 30 ngày: mã, hạn, tình trạng, người phụ trách."""
    from engine.cli import looking as commands

    commands.status(office, everything, as_json)


@app.command()
def suspend(
    occurrence: Occurrence,
    reason: Annotated[str, typer.Option("--reason", help="Lý do, ghi vào nhật ký.")],
    office: OfficeName = None,
    yes: Yes = False,
) -> None:
    """Tạm dừng một việc: thôi nhắc cho tới khi có lệnh resume."""
    from engine.cli import work as commands

    commands.suspend(occurrence, reason, office, yes)


@app.command()
def resume(occurrence: Occurrence, office: OfficeName = None, yes: Yes = False) -> None:
    """Nhắc tiếp một việc đã tạm dừng."""
    from engine.cli import work as commands

    commands.resume(occurrence, office, yes)


@app.command()
def cancel(
    occurrence: Occurrence,
    reason: Annotated[str, typer.Option("--reason", help="Lý do, ghi vào nhật ký.")],
    office: OfficeName = None,
    yes: Yes = False,
) -> None:
    """Huỷ một việc: kỳ này không phải làm nữa; việc và lý do vẫn còn trong nhật ký."""
    from engine.cli import work as commands

    commands.cancel(occurrence, reason, office, yes)


@app.command()
def digest(
    week: Annotated[str, typer.Option("--week", help="Tuần, viết 2026-W11.")],
    office: OfficeName = None,
    as_json: AsJson = False,
) -> None:
    """Bản tin tuần của một tuần, như lãnh đạo nhận được."""
    from engine.cli import looking as commands

    commands.digest(week, office, as_json)


@app.command()
def demo(quiet: Annotated[bool, typer.Option("--quiet", help="Chỉ in bảng tổng kết.")] = False) -> None:
    """Xem thử: quý I/2026 của xã Hùng Thắng trong chưa đầy một phút, không cần tài khoản."""
    from engine.cli import running as commands

    commands.demo(quiet)


@app.command()
def run() -> None:
    """Chạy thật, bằng mọi kênh đã đặt (Zalo, Telegram, thư điện tử); chưa đặt thì mô phỏng. Ctrl+C để dừng."""
    from engine.cli import running as commands

    commands.run()


@app.command()
def worker(
    lanes: Annotated[int | None, typer.Option("--lanes", min=1, max=2000, help="Số bot gửi tin cùng lúc.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Tên máy trong nhật ký chạy.")] = None,
) -> None:
    """Chạy thật trên nhiều máy cùng dùng một PostgreSQL; chạy lệnh này ở mỗi máy. Ctrl+C để dừng."""
    from engine.cli import running as commands

    commands.worker(lanes, name)


@app.command()
def say(
    words: Annotated[str, typer.Argument(metavar="CÂU", help='Câu trả lời, ví dụ "xong 3".')],
    person: Annotated[str, typer.Option("--as", help="Mã cán bộ, ví dụ ttpvhcc-cv hoặc hung-thang/ttpvhcc-cv.")],
) -> None:
    """Trả lời thay một cán bộ trên trình mô phỏng: nhacviec say --as ttpvhcc-cv "xong 3"."""
    from engine.cli import running as commands

    commands.say(person, words)


@app.command(name="login-link")
def login_link(
    person: Annotated[
        str, typer.Argument(metavar="CÁN-BỘ", help="Mã cán bộ, ví dụ vhxh-truong hoặc hung-thang/vhxh-truong.")
    ],
    office: Annotated[str | None, typer.Option(help="Cơ quan, khi có nhiều cơ quan.")] = None,
) -> None:
    """Lấy liên kết vào bảng điều hành cho một cán bộ (dùng một lần, 10 phút)."""
    from engine.cli import console as commands

    commands.login_link(person, office)


@app.command()
def sandbox(
    office: Annotated[
        str, typer.Argument(metavar="CƠ-QUAN", help="Mã cơ quan có sẵn, hoặc tệp nhiệm vụ.")
    ] = "hung-thang",
    port: Annotated[
        int | None, typer.Option(help="Cổng trên máy này; không ghi thì là 8041.", min=0, max=65535)
    ] = None,
) -> None:
    """Chạy thử một xã trên trình duyệt: điện thoại mô phỏng, đồng hồ kéo được, không gửi gì ra ngoài."""
    from engine.cli import console as commands

    commands.sandbox(office, port)


@app.command(name="stand-in")
def stand_in(
    person: Person,
    substitute: Annotated[str, typer.Argument(metavar="NGƯỜI-THAY", help="Mã cán bộ, hoặc họ tên viết đủ.")],
    first: Annotated[str, typer.Option("--from", help="Từ ngày, viết 2026-03-01.")],
    last: Annotated[str, typer.Option("--to", help="Đến hết ngày.")],
    decision: Annotated[str, typer.Option("--decision", help="Số quyết định.")],
    office: OfficeName = None,
) -> None:
    """Ghi người thay: trong thời gian này tin của cán bộ ấy được gửi cho người thay."""
    from engine.cli import people as commands

    commands.stand_in(person, substitute, first, last, decision, office)


@app.command()
def link(
    person: Person,
    channel: Annotated[str, typer.Option("--channel", metavar="KÊNH", help="zalo, telegram hoặc email.")],
    address: Annotated[
        str,
        typer.Option(
            "--address",
            metavar="ĐỊA-CHỈ",
            help="Mã hội thoại (chat id), lấy ở lệnh strangers sau khi cán bộ nhắn tới bot.",
        ),
    ],
    office: OfficeName = None,
) -> None:
    """Nối một cán bộ với địa chỉ nhắn tin. Địa chỉ lấy ở lệnh strangers."""
    from engine.cli import people as commands

    commands.link(person, channel, address, office)


@app.command()
def channels(
    check: Annotated[
        bool, typer.Option("--check", help="Hỏi cả nhà cung cấp: mã bot đúng không, webhook ra sao.")
    ] = False,
    drop_webhook: Annotated[
        bool, typer.Option("--drop-webhook", help="Bỏ webhook ở nhà cung cấp, trở lại cách hỏi tin.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Các bot đang dùng: số người nối, số tin tháng này, tin không rõ đã tới hay chưa."""
    from engine.cli import channel_list as commands

    commands.channels(check, drop_webhook, as_json)


@app.command()
def doctor(
    as_json: AsJson = False,
    offline: Annotated[bool, typer.Option("--offline", help="Không hỏi nhà cung cấp: xem riêng máy này.")] = False,
) -> None:
    """Khám: đồng hồ, dữ liệu, ổ đĩa, bot, lịch nghỉ, nhiệm vụ, cán bộ, sao lưu; mỗi điều kèm cách xử lý."""
    from engine.cli.doctor import doctor as look_at_everything

    look_at_everything(as_json, offline)


@app.command()
def strangers(as_json: AsJson = False) -> None:
    """Những người nhắn tới mà chưa được nối: kênh, địa chỉ, mấy chữ đầu. Dùng để nối bằng lệnh link."""
    from engine.cli import looking as commands

    commands.strangers(as_json)


@journal.command()
def verify(
    head: Annotated[
        list[str] | None,
        typer.Option("--head", help="Mã nhật ký trong bản tin tuần, ví dụ 124:1f2e3d4c5b6a7988; dùng được nhiều lần."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Kiểm tra chuỗi nhật ký: dòng bị sửa hoặc mất sẽ lộ ra; mất ở cuối thì cần --head.

    Mỗi lần in mã nhật ký của từng cơ quan; mỗi bản tin tuần cũng mang một mã như thế. Đưa mã cũ vào --head để biết
    từ lúc ấy lịch sử có còn nguyên không.
    """
    from engine.cli import history as commands

    commands.verify_journal(head or [], as_json)


def _in_vietnamese(error: TyperException) -> str:
    """What was typed wrongly, for people who do not read the library's English."""
    name = type(error).__name__
    if name == "NoArgsIsHelpError":  # its message is the help page
        return str(error)
    parameter = getattr(error, "param", None)
    what = getattr(error, "option_name", None) or (parameter.get_error_hint() if parameter else "một mục")
    said = {
        "MissingParameter": f"Thiếu {what}.",
        "NoSuchOption": f"Không có tuỳ chọn {what}.",
        "BadParameter": f"Giá trị của {what} không đúng.",
        "BadOptionUsage": f"Tuỳ chọn {what} thiếu giá trị.",
    }.get(name, "Lệnh viết chưa đúng.")
    context = getattr(error, "ctx", None)
    if name == "UsageError" and (unknown := unknown_command(typer.main.get_command(app), sys.argv[1:])):
        return unknown
    if extra := re.match(r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)$", str(getattr(error, "message", ""))):
        said = f"Lệnh này không nhận thêm “{extra[1]}”."
    return f"{said} Xem cách viết: {context.command_path if context else 'nhacviec'} --help"


def _with_what_was_typed(whole: typer.Typer, words: list[str]) -> typer.Typer:
    """The same program with the one command that was typed: making all forty ready takes longer than many of them run.

    Whatever else was typed (an option, a group, a word that is no command) needs to know them all.
    """
    commands = {
        info.name or get_command_name(info.callback.__name__): info
        for info in whole.registered_commands
        if info.callback
    }
    if not words or words[0] not in commands:
        return whole
    alone = copy(whole)
    alone.registered_commands, alone.registered_groups = [commands[words[0]]], []
    return alone


def main() -> None:
    """Run the command line: errors are sentences, and the exit code says that something went wrong."""
    look_less_often()
    leave_as_it_is()
    try:
        command = vietnamese(typer.main.get_group(_with_what_was_typed(app, sys.argv[1:])))
        ended = command(prog_name="nhacviec", standalone_mode=False)
        sys.exit(ended if isinstance(ended, int) else 0)
    except TyperException as error:
        sys.stderr.write(f"{_in_vietnamese(error)}\n")
        sys.exit(getattr(error, "exit_code", 2))
    except typer.Abort:
        sys.stderr.write("Đã dừng.\n")
        sys.exit(1)
    except NhacViecError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output has left: `nhacviec preview … | head`
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if getattr(error, "orig", None) is None:  # a defect of ours: with its traceback
            raise
        from engine.cli.finding import in_a_sentence  # the database broke in the middle of a command

        sys.stderr.write(f"{in_a_sentence(error)}\n")
        sys.exit(1)
