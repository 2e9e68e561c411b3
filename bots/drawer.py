"""The process that turns SVG on its input into PNG on its output; :mod:`bots.picture` starts it for each picture."""

from __future__ import annotations

import sys


def main(background: str) -> None:
    """Draw with the faces that come along, whatever the machine has."""
    import font_roboto  # type: ignore[import-untyped]  # noqa: PLC0415
    import resvg_py  # noqa: PLC0415

    faces = [font_roboto.font_files[name] for name in ("Roboto", "RobotoBold")]
    drawn = resvg_py.svg_to_bytes(
        svg_string=sys.stdin.buffer.read().decode(),
        skip_system_fonts=True,
        font_files=faces,
        font_family="Roboto",
        background=background,
    )
    sys.stdout.buffer.write(drawn)


if __name__ == "__main__":
    main(sys.argv[1])
