"""``python -m tests.samples 0005``: write the sample of a version that is about to be released."""

from __future__ import annotations

import sys

from tests.samples import main

main(sys.argv[1:])
