"""The published schemas, generated from the models of what is published and read; `make schemas` writes them."""

from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import TypeAdapter

from audit.app.event import FleetEvent, ManualEvent, TimerEvent
from audit.evidence.chain import Digest
from audit.evidence.stored_forms import EnvelopeForm, HistoryLine, LatestForm, PackedForm, SegmentLine, WatchedForm
from audit.fleet.configuration import FleetConfiguration
from audit.fleet.fleet_call import FleetCall
from audit.fleet.forms import FleetManifest, FleetPlan, Receipt, ReceiptSeal
from audit.fleet.roll_up import FleetReport
from audit.profile import Profile
from audit.report.formats.ocsf_form import ComplianceFindingForm
from audit.report.models import FindingLine, ManifestFile, ReportFile, WebhookCall
from audit.watch.change_call import ChangeCall
from audit.watch.change_forms import ChangeReport
from audit.watch.change_manifest import ChangeManifest, ChangeNote

_WRITTEN: Final[dict[str, Any]] = {
    "report/v2.json": ReportFile,
    "findings/v1.json": FindingLine,
    "manifest/v2.json": ManifestFile,
    "envelope/v1.json": EnvelopeForm,
    "digest/v1.json": Digest,
    "latest/v1.json": LatestForm,
    "watched/v1.json": WatchedForm,
    "history/v1.json": HistoryLine,
    "history/v2.json": SegmentLine,
    "backups/v1.json": PackedForm,
    "ocsf/v1.json": ComplianceFindingForm,
    "webhook/v1.json": WebhookCall,
    "fleet-plan/v1.json": FleetPlan,
    "fleet-receipt/v1.json": Receipt,
    "fleet-seal/v1.json": ReceiptSeal,
    "fleet-report/v1.json": FleetReport,
    "fleet-manifest/v1.json": FleetManifest,
    "fleet-webhook/v1.json": FleetCall,
    "change-report/v1.json": ChangeReport,
    "change-manifest/v1.json": ChangeManifest,
    "change-note/v1.json": ChangeNote,
    "change-webhook/v1.json": ChangeCall,
}
_READ: Final[dict[str, Any]] = {
    "profile/v1.json": Profile,
    "fleet-file/v1.json": FleetConfiguration,
    "event/timer.json": TimerEvent,
    "event/manual.json": ManualEvent,
    "event/fleet.json": FleetEvent,
}
PUBLISHED: Final = {**_WRITTEN, **_READ}


def schema(name: str) -> bytes:
    """Generate one published schema as indented JSON."""
    generated: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:cbr-audit:{name.removesuffix('.json').replace('/', ':')}",
        **TypeAdapter(PUBLISHED[name]).json_schema(mode="serialization" if name in _WRITTEN else "validation"),
    }
    return orjson.dumps(generated, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def write(folder: Path) -> None:
    """Write every published schema below a folder."""
    for name in PUBLISHED:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(schema(name))
