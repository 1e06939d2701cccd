"""fleet.csv and fleet.prom: a roll-up for spreadsheets and alarms."""

import csv

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from audit.fleet.fleet_tables import COLUMNS, render_csv, render_metrics
from tests.fleet.test_fleet_page import full


def test_the_csv_has_a_line_for_each_target_and_no_number_for_one_that_was_not_audited() -> None:
    report = full("=cmd")
    rows = [*csv.DictReader(render_csv(report).decode().splitlines())]

    assert len(rows) == len(report.targets)
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["status"], rows[0]["conclusion"], rows[0]["failing"], rows[0]["critical"]) == (
        *("audited", "non_compliant", "2", "1"),
    )
    assert (rows[3]["status"], rows[3]["conclusion"], rows[3]["failing"]) == ("denied", "", "")
    assert rows[0]["account_name"] == "'=cmd-1"


def test_the_metrics_are_read_by_prometheus() -> None:
    report = full()
    families = {family.name: family for family in text_string_to_metric_families(render_metrics(report).decode())}  # type: ignore[no-untyped-call]
    seen = {sample.labels["account"]: sample.value for sample in families["cbr_audit_fleet_target_seen"].samples}

    assert len(seen) == len(report.targets)
    assert sum(seen.values()) == report.summary.by_status["audited"] == 3
    assert {sample.labels["fleet"] for family in families.values() for sample in family.samples} == {"all"}
    assert [sample.value for sample in families["cbr_audit_fleet_complete"].samples] == [0.0]
