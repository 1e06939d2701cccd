"""The published schemas, generated from the models of what is published and read; `make schemas` writes them."""

from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import BaseModel

from audit.app.event import ManualEvent, TimerEvent
from audit.profile import Profile
from audit.report.models import ManifestFile, ReportFile, WebhookCall

PUBLISHED: Final[dict[str, type[BaseModel]]] = {
    "report/v1.json": ReportFile,
    "manifest/v1.json": ManifestFile,
    "profile/v1.json": Profile,
    "event/timer.json": TimerEvent,
    "event/manual.json": ManualEvent,
    "webhook/v1.json": WebhookCall,
}


def schema(name: str) -> bytes:
    """Generate one published schema as indented JSON."""
    generated: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:cbr-audit:{name.removesuffix('.json').replace('/', ':')}",
        **PUBLISHED[name].model_json_schema(),
    }
    return orjson.dumps(generated, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def write(folder: Path) -> None:
    """Write every published schema below a folder."""
    for name in PUBLISHED:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(schema(name))
