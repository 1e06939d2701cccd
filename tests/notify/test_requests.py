"""What each channel sends, as it stands on the wire."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import jsonschema
import orjson
import pytest

from audit import __version__
from audit.notify import smn, webhook
from audit.notify.change import compare
from audit.notify.ping import Signal, ping
from deploy.wheels import ROOT
from tests.notify.builders import a_problem, a_report

URN = "urn:smn:eu-west-101:0123456789abcdef:backups"
NOW = datetime(2026, 11, 23, 12, 0, 0, 5, tzinfo=UTC)
CHANGE = compare(a_report(a_problem("a"), a_problem("b")), a_report(a_problem("b"), a_problem("c")))


def test_a_message_goes_to_the_region_and_the_project_that_the_topic_belongs_to() -> None:
    topic = smn.Topic.of(URN)
    sent = smn.publish(topic, f"https://smn.{topic.region}.example", "subject", "text").prepare()

    assert sent.url == (f"https://smn.eu-west-101.example/v2/0123456789abcdef/notifications/topics/{URN}/publish")
    assert orjson.loads(sent.body or b"") == {"subject": "subject", "message": "text"}


@pytest.mark.parametrize("character", ["a", "é", "漢", "😀"])
def test_what_is_too_long_for_smn_is_cut_between_characters(character: str) -> None:
    sent: Any = smn.publish(smn.Topic.of(URN), "https://smn.example", character * 600, character * 300_000).json

    assert 512 - 3 <= len(sent["subject"].encode()) <= 512
    assert 256 * 1024 - 3 <= len(sent["message"].encode()) <= 256 * 1024
    assert set(sent["subject"] + sent["message"]) == {character}


def test_a_webhook_is_told_everything_as_its_schema_promises() -> None:
    sent = webhook.call(
        "https://hooks.example/in?key=1", "", webhook.content(CHANGE, "obs://reports/report.html"), NOW
    ).prepare()
    body = orjson.loads(sent.body or b"")
    schema = orjson.loads((ROOT / "schemas" / "webhook" / "v1.json").read_bytes())

    jsonschema.Draft202012Validator(schema).validate(body)
    assert sent.url == "https://hooks.example/in?key=1"
    assert (sent.headers["Content-Type"], sent.headers["User-Agent"]) == (
        "application/json",
        f"cbr-audit/{__version__}",
    )
    assert (body["conclusion"], body["conclusion_before"]) == ("non_compliant", "non_compliant")
    assert body["problems_count"] == 2
    assert [(problem["subject"]["name"], problem["new"]) for problem in body["problems"]] == [("a", True), ("b", False)]
    assert body["ended"] == [{"kind": "resource", "name": "c", "controls": ["CBR-101"]}]
    assert body["report"] == "obs://reports/report.html"
    assert webhook.SIGNATURE not in sent.headers


def test_a_receiver_can_check_the_signature_with_what_arrives() -> None:
    sent = webhook.call("https://hooks.example/", "shared-secret-of-16", webhook.content(CHANGE, ""), NOW).prepare()
    assert isinstance(sent.body, bytes)
    signed = f"{sent.headers[webhook.TIMESTAMP]}.".encode() + sent.body

    expected = hmac.new(b"shared-secret-of-16", signed, hashlib.sha256).hexdigest()
    assert sent.headers[webhook.TIMESTAMP] == "1795435200"
    assert sent.headers[webhook.SIGNATURE] == f"sha256={expected}"


def test_a_signature_once_computed_by_hand_stays_the_same() -> None:
    # printf '1795435200.{}' | openssl dgst -sha256 -hmac shared-secret-of-16
    assert webhook.signature("shared-secret-of-16", "1795435200", b"{}") == (
        "639dd6bdf29f7d9d5ba67fe63cdbb99720bd7fb8b1673916775091756f5f53c4"
    )


def test_a_webhook_is_never_sent_more_than_200_problems() -> None:
    many = compare(a_report(*(a_problem(f"db-{number}") for number in range(300))), None)
    body = orjson.loads(webhook.call("https://hooks.example", "", webhook.content(many, ""), NOW).data)

    assert (body["problems_count"], len(body["problems"])) == (300, 200)


@pytest.mark.parametrize("url", ["https://hc-ping.com/abc-1", "https://hc-ping.com/abc-1/"])
def test_a_signal_stands_behind_the_address_of_the_check(url: str) -> None:
    signals = {signal: ping(url, signal, "é").prepare() for signal in Signal}

    assert [sent.url for sent in signals.values()] == [
        "https://hc-ping.com/abc-1/start",
        "https://hc-ping.com/abc-1",
        "https://hc-ping.com/abc-1/fail",
    ]
    assert {sent.body for sent in signals.values()} == {"é".encode()}
