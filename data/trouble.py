"""What a database says when it refuses, turned into a sentence that says what to do."""

from __future__ import annotations

# PostgreSQL's own codes: they are the same in every language a server may speak.
_BY_CODE = {
    "28P01": "Máy chủ cơ sở dữ liệu không nhận mật khẩu cho {where}. "
    "Hãy sửa mật khẩu trong NHACVIEC_DATABASE hoặc tệp .pgpass.",
    "28000": "Máy chủ cơ sở dữ liệu không cho tài khoản này vào {where}. Hãy hỏi người quản trị máy chủ.",
    "3D000": "Máy chủ chưa có cơ sở dữ liệu {where}. Hãy tạo nó trước (createdb), rồi chạy lại.",
    "42501": "Tài khoản không đủ quyền ở {where}. Hãy cấp quyền tạo và ghi bảng rồi chạy lại.",
    "53100": "Ổ đĩa của máy chủ chứa {where} đã đầy. Hãy giải phóng chỗ trống rồi chạy lại; chưa có gì bị ghi dở.",
    "53300": "Máy chủ chứa {where} đã hết chỗ kết nối. Hãy đóng bớt chương trình khác, hoặc nâng max_connections.",
    "25006": "Không ghi được vào {where}: máy chủ chỉ cho đọc (có thể là bản sao). Hãy dùng máy chủ chính.",
    "55P03": "{where} đang bị chương trình khác giữ quá lâu. Hãy thử lại sau; chưa có gì bị ghi dở.",
    "57014": "{where} trả lời quá lâu nên câu hỏi đã bị dừng. Hãy thử lại; chưa có gì bị ghi dở.",
    "40P01": "Hai chương trình cùng ghi một chỗ trong {where}; lần này đã nhường. Hãy thử lại; chưa có gì bị ghi dở.",
    "40001": "Hai chương trình cùng ghi một chỗ trong {where}; lần này đã nhường. Hãy thử lại; chưa có gì bị ghi dở.",
    "57P03": "Máy chủ chứa {where} đang khởi động. Hãy đợi ít phút rồi thử lại.",
}
_GONE = (
    "Mất kết nối với máy chủ chứa {where}. Hãy kiểm tra máy chủ và mạng; chương trình tự nối lại khi chạy tiếp, "
    "chưa có gì bị ghi dở."
)
# No server has answered, so there is no code; the words are those of libpq and of SQLite, which speak English.
_BY_WORDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("locked", "busy"),
        "Cơ sở dữ liệu {where} đang bị chương trình khác giữ. Hãy đóng chương trình đó "
        "(có thể là một Nhắc Việc khác đang chạy) rồi thử lại; chưa có gì bị ghi dở.",
    ),
    (
        ("readonly", "read-only"),
        "Không ghi được vào {where}: tệp hoặc thư mục chỉ cho đọc. Hãy cấp quyền ghi rồi chạy lại.",
    ),
    (("unable to open",), "Không mở được {where}. Hãy kiểm tra thư mục có tồn tại và có quyền ghi không."),
    (
        ("not a database", "malformed"),
        "Tệp {where} bị hỏng hoặc không phải cơ sở dữ liệu. Hãy giữ nguyên tệp, dừng nhacviec run rồi phục hồi "
        "bản sao lưu mới nhất: nhacviec restore TỆP --replace; tệp hỏng được giữ lại dưới tên khác.",
    ),
    (
        ("disk is full", "disk full"),
        "Ổ đĩa chứa {where} đã đầy. Hãy giải phóng chỗ trống rồi chạy lại; chưa có gì bị ghi dở.",
    ),
    (
        ("disk i/o error",),
        "Ổ đĩa chứa {where} không đọc hoặc ghi được. Hãy xem ổ đĩa còn chỗ và còn tốt không (dây, quyền, hạn mức) rồi "
        "chạy lại; chưa có gì bị ghi dở.",
    ),
    (
        ("connection refused", "no such file or directory"),
        "Không có máy chủ cơ sở dữ liệu nào nghe ở {where}. Hãy kiểm tra máy chủ đã bật chưa, địa chỉ và cổng.",
    ),
    (
        ("resolve host", "translate host", "name or service not known", "network is unreachable", "no route to host"),
        "Không tìm thấy máy chủ của {where}. Hãy kiểm tra tên máy chủ và mạng.",
    ),
    (("password authentication failed", "no password supplied"), _BY_CODE["28P01"]),
    (("pg_hba.conf", "role"), _BY_CODE["28000"]),
    (("does not exist",), _BY_CODE["3D000"]),
    (("too many clients", "remaining connection slots"), _BY_CODE["53300"]),
    (("starting up",), _BY_CODE["57P03"]),
    (
        ("timeout expired", "timed out"),
        "Máy chủ của {where} không trả lời. Hãy kiểm tra máy chủ, mạng và tường lửa.",
    ),
    (("queuepool",), "Mọi kết nối tới {where} đều đang bận. Hãy thử lại sau; chưa có gì bị ghi dở."),
    (
        ("server closed", "connection is lost", "connection is closed", "terminating connection", "connection reset"),
        _GONE,
    ),
)


def sentence(where: str, error: BaseException) -> str:
    """What to tell the operator about ``error`` of the database at ``where``."""
    code: str | None = getattr(error, "sqlstate", None)
    if code in _BY_CODE:
        return _BY_CODE[code].format(where=where)
    if code is not None and (code.startswith("57P0") or code.startswith("08")):
        return _GONE.format(where=where)
    said = str(error).lower()
    for signs, words in _BY_WORDS:
        if any(sign in said for sign in signs):
            return words.format(where=where)
    return f"Cơ sở dữ liệu {where} báo lỗi: {said.strip()}."
