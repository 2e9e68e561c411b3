"""Reading a YAML file that a person has written: plain values, and the line of each, for whoever must mend it.

Values are those of YAML 1.2's core schema (yaml.org/spec/1.2.2, section 10.3.2): "no" and "08:30" are text, 08 is
eight. A date stays as it is written, so that an impossible one is told by whoever expects a date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.errors import BadOfficeFile, in_vietnamese

LARGEST_FILE = 2_000_000  # bytes; the largest real commune needs some 60 kB
DEEPEST = 50  # lists and mappings within each other; an office file needs eight
Where = tuple[int | str, ...]


class Mapped(dict[Any, Any]):
    """A mapping of the file; ``lines`` holds the line of each key, counted from 1."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[Any, int] = {}


class Listed(list[Any]):
    """A list of the file; ``lines`` holds the line of each entry, counted from 1."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []


def read_yaml(path: Path) -> Any:
    """What a YAML file holds, each entry with its line (see :func:`at_line`).

    :raises BadOfficeFile: it cannot be read as YAML; none of its words are repeated.
    """
    text = _text_of(path)
    try:
        too_deep = _too_deep(text)
        if too_deep is not None:
            raise BadOfficeFile(
                [
                    f"{path}, dòng {too_deep}: các mục lồng vào nhau quá sâu. "
                    "Hãy xem lại thụt đầu dòng và các dấu ngoặc [ {."
                ]
            )
        return yaml.load(text, _Reader)  # noqa: S506  (a safe loader's child, with fewer tags)
    except _KeyTwice as error:
        raise BadOfficeFile([f"{path}, dòng {_line(error)}: một khoá bị viết hai lần. Hãy bỏ bớt một."]) from None
    except yaml.MarkedYAMLError as error:
        raise BadOfficeFile(
            [
                f"{path}, dòng {_line(error)}: sai cú pháp YAML. Hãy xem lại thụt đầu dòng, dấu hai chấm và dấu nháy "
                "(giá trị có dấu “:” hoặc “#” cần đặt trong nháy kép)."
            ]
        ) from None
    except yaml.YAMLError:
        raise BadOfficeFile(
            [f"{path}: tệp có ký tự không hợp lệ với YAML. Hãy mở và lưu lại dưới dạng văn bản."]
        ) from None


def at_line(path: Path, tree: Any, where: Where) -> str:
    """ "file, dòng N": the line of the entry, or of the nearest one around it."""
    line, node = 1, tree
    for step in where:
        inside = step in node if isinstance(node, Mapped) else isinstance(node, Listed) and step in range(len(node))
        if not inside:
            break
        line, node = node.lines[step], node[step]
    return f"{path}, dòng {line}"


def _text_of(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise BadOfficeFile(
                [
                    f"{path}: tệp quá lớn ({size / 1e6:.0f} MB, tối đa {LARGEST_FILE / 1e6:.0f} MB). "
                    "Đây có đúng là tệp nhiệm vụ của một cơ quan không?"
                ]
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise BadOfficeFile([f"{path}: không có tệp này. Hãy kiểm tra lại đường dẫn."]) from None
    except OSError as error:
        raise BadOfficeFile([f"{path}: không đọc được tệp ({in_vietnamese(error)}). Hãy kiểm tra quyền đọc."]) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadOfficeFile(
            [f"{path}, dòng {line}: chữ không phải mã UTF-8. Hãy lưu lại tệp với mã hoá (encoding) UTF-8."]
        ) from None


def _too_deep(text: str) -> int | None:
    """The line on which it goes too deep; looked for first, as what composes the values takes the stack of C for it."""
    depth = 0
    for event in yaml.parse(text, _Reader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                return _line_of(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


# ---- values -------------------------------------------------------------------------------------------------------


class _KeyTwice(yaml.MarkedYAMLError):
    """One mapping names a key a second time."""


def _line(error: yaml.MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1


def _line_of(read: yaml.Event | Node) -> int:
    return int(read.start_mark.line) + 1  # type: ignore[union-attr]  # whatever was read stands somewhere


class _Reader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # in C, where there is a library
    """Knows the values of the core schema, and no others."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (so the library keeps them)
    yaml_constructors: dict[str, Any] = {}  # noqa: RUF012


def _mapping(reader: Any, node: MappingNode) -> Mapped:
    if not isinstance(node, MappingNode):
        raise ConstructorError(None, None, "no mapping", node.start_mark)
    own: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, ScalarNode):
            if key.value in own:
                raise _KeyTwice(None, None, "twice", key.start_mark)
            own.add(key.value)
    reader.flatten_mapping(node)  # "<<": what comes from elsewhere stands first, and the mapping's own keys win
    found = Mapped()
    for key_node, value_node in node.value:
        key = reader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise ConstructorError(None, None, "no key", key_node.start_mark)
        found[key] = reader.construct_object(value_node, deep=True)
        found.lines[key] = _line_of(key_node)
    return found


def _list(reader: Any, node: SequenceNode) -> Listed:
    if not isinstance(node, SequenceNode):
        raise ConstructorError(None, None, "no list", node.start_mark)
    found = Listed()
    for one in node.value:
        found.append(reader.construct_object(one, deep=True))
        found.lines.append(_line_of(one))
    return found


def _scalar(value_of: Callable[[str], Any]) -> Callable[[Any, Node], Any]:
    def construct(reader: Any, node: Node) -> Any:
        text = reader.construct_scalar(node)
        try:
            return value_of(text)
        except (KeyError, ValueError) as error:  # a tag promises what the text is not: "!!int ba"
            raise ConstructorError(None, None, "no such value", node.start_mark) from error

    return construct


def _unknown(_reader: Any, node: Node) -> Any:
    raise ConstructorError(None, None, "no tag of ours", node.start_mark)


def _number(text: str) -> int:
    return int(text, 0 if text[:2] in ("0o", "0x") else 10)


def _real(text: str) -> float:
    return float(re.sub(r"\.(inf|nan)", r"\1", text, flags=re.IGNORECASE))


_TAG = "tag:yaml.org,2002:"
_YES_NO = {"true": True, "false": False}
_SCALARS: dict[str, tuple[Callable[[str], Any], str, str]] = {  # the value, how it is written, and how that begins
    "null": (lambda _: None, r"(~|null|Null|NULL|)$", "~nN"),
    "bool": (lambda text: _YES_NO[text.lower()], r"(true|True|TRUE|false|False|FALSE)$", "tTfF"),
    "int": (_number, r"([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    "float": (
        _real,
        r"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$",
        "-+.0123456789",
    ),
    "merge": (str, r"<<$", "<"),
}
for _name, (_value_of, _written, _begins) in _SCALARS.items():
    _Reader.add_constructor(_TAG + _name, _scalar(_value_of))
    _Reader.add_implicit_resolver(_TAG + _name, re.compile(_written), [*_begins, *([""] if _name == "null" else [])])
_Reader.add_constructor(None, _unknown)
_Reader.add_constructor(_TAG + "str", _scalar(str))
_Reader.add_constructor(_TAG + "map", _mapping)
_Reader.add_constructor(_TAG + "seq", _list)
