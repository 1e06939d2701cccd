from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_prometheus

from audit.judging.findings import Outcome
from audit.report.facts import AuditedAccount
from audit.report.formats.metrics_report import render
from audit.subjects import Subjects
from tests.builders import DAY, HOUR, NOW, a_backup, a_point, a_protected, a_vault, arranged
from tests.report.estate import GOLDEN, a_report
from tests.report.payloads import PAYLOADS

LAST = "cbr_audit_resource_last_success_timestamp_seconds"


def samples(
    name: str, subjects: Subjects | None = None, read: Any = read_openmetrics
) -> list[tuple[dict[str, str], float]]:
    text = render(a_report(subjects)).decode()
    return [(sample.labels, sample.value) for family in read(text) for sample in family.samples if sample.name == name]


def test_the_bytes_are_those_of_the_golden_file() -> None:
    assert render(a_report()) == (GOLDEN / "metrics.prom").read_bytes()


def test_prometheus_and_openmetrics_read_the_same() -> None:
    for name in ("cbr_audit_problems", "cbr_audit_findings", LAST):
        assert samples(name) == samples(name, read=read_prometheus)
        assert samples(name)


def test_exactly_the_conclusion_is_one() -> None:
    found = {labels["conclusion"]: value for labels, value in samples("cbr_audit_conclusion")}

    assert found == {"compliant": 0, "non_compliant": 1, "incomplete": 0}


def test_the_findings_add_up() -> None:
    report = a_report()

    assert sum(value for _, value in samples("cbr_audit_findings")) == len(report.findings)
    assert len(samples("cbr_audit_findings")) == len(report.controls) * len(Outcome)
    assert sum(value for _, value in samples("cbr_audit_problems")) == len(report.problems)


def test_the_time_of_judgement_and_of_each_last_success_are_seconds() -> None:
    seen = {line.id for line in a_report().resources if line.last_success}

    assert [value for _, value in samples("cbr_audit_as_of_timestamp_seconds")] == [NOW.timestamp()]
    assert {labels["resource_id"] for labels, _ in samples(LAST)} == seen
    assert samples("cbr_audit_collection_complete")[0][1] == 0


def test_the_newest_recovery_point_of_each_resource_is_told() -> None:
    subjects = arranged([a_backup(HOUR)], vaults=[a_vault()], backups=[a_point(DAY)])

    ((_, value),) = samples("cbr_audit_resource_newest_point_timestamp_seconds", subjects)
    assert value == (NOW - DAY).timestamp()


@pytest.mark.parametrize("name", PAYLOADS)
@pytest.mark.no_cover
def test_a_name_stays_a_name_and_ends_no_line(name: str) -> None:
    subjects = arranged([a_backup(DAY)], vaults=[a_vault(resources=(a_protected(name=name),))])
    text = render(a_report(subjects)).decode()

    assert text.count("\n") == render(a_report(arranged([a_backup(DAY)], vaults=[a_vault()]))).count(b"\n")
    assert text.endswith("\n# EOF\n")
    ((labels, _),) = samples(LAST, subjects, read_prometheus)
    assert labels["resource"] == name.replace("\r", "\\r")


def test_the_account_is_a_label_where_it_is_known() -> None:
    report = a_report()
    run = structs.replace(report.run, account=AuditedAccount(id='a"1'))
    read: Any = read_openmetrics
    found = [sample for family in read(render(replace(report, run=run)).decode()) for sample in family.samples]

    assert {sample.labels["account"] for sample in found} == {'a"1'}
    assert not any("account" in labels for labels, _ in samples("cbr_audit_findings"))
