"""The JSON Schema of office files, for editors: ``python -m schedules.office_schema``."""

import json
import sys

from schedules.office_model import OfficeFile


def schema() -> str:
    """The schema as text, as it stands in ``schedules/office.schema.json``."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **OfficeFile.model_json_schema()}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema())
