"""``python -m engine.cli`` is ``nhacviec``."""

from engine.cli import main

main()
