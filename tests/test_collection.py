from datetime import UTC, datetime, timedelta

import pytest

from audit.collection import Kind
from audit.timestamps import instant, shown
from tests.builders import a_page, a_reading

EXACT = datetime(2019, 5, 23, 14, 35, 23, 584418, tzinfo=UTC)
WHOLE = EXACT.replace(microsecond=0)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019-05-23T14:35:23.584418", EXACT),
        ("2019-05-23 14:35:23.584418", EXACT),
        ("2019-05-23T14:35:23.584418Z", EXACT),
        ("2019-05-23T14:35:23.584418+00:00", EXACT),
        ("2019-05-23T22:35:23.584418+08:00", EXACT),
        ("2019-05-23T09:05:23.584418-05:30", EXACT),
        ("2019-05-24T00:05:23.584418+09:30", EXACT),
        ("2019-05-23T14:35:23", WHOLE),
        ("2019-05-23 14:35:23", WHOLE),
        ("2019-05-23T14:35:23Z", WHOLE),
        ("2019-05-23T14:35:23.5", WHOLE.replace(microsecond=500_000)),
        ("2019-05-23T14:35:23.584", WHOLE.replace(microsecond=584_000)),
        ("2019-05-23T14:35:23.584418999Z", EXACT),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_every_form_of_timestamp_is_read_to_the_microsecond_as_utc(text: str, moment: datetime) -> None:
    assert instant(text) == moment
    assert instant(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2019-05-23",
        "2019-05-23T14:35",
        "2019-13-23T14:35:23",
        "2026-02-30T14:35:23",
        "2019-05-23T24:35:23",
        "2019-05-23T14:35:23 o'clock",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_what_names_no_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        instant(text)


def test_a_time_is_shown_in_utc_with_whole_seconds() -> None:
    assert shown(instant("2026-11-23T06:00:00.999999+02:00")) == "2026-11-23T04:00:00Z"
    assert shown(datetime.fromisoformat("2026-11-23T06:00:00.999999+02:00")) == "2026-11-23T04:00:00Z"


@pytest.mark.parametrize("year", ["0001", "0987", "2026", "9999"])
def test_a_year_is_shown_with_four_digits(year: str) -> None:
    assert shown(instant(f"{year}-01-02T03:04:05")) == f"{year}-01-02T03:04:05Z"


def test_every_list_has_a_name_for_people() -> None:
    assert [kind.words for kind in Kind] == [
        "task log",
        "policies",
        "vaults",
        "backups",
        "protectable resources",
        "agents",
        "organisation policies",
        "deployments of organisation policies",
        "members of backups",
        "storage usage",
        "traces",
    ]


def test_every_list_has_the_key_of_its_answer_and_the_action_that_reading_it_needs() -> None:
    assert " ".join(kind.key for kind in Kind) == (
        "operation_logs policies vaults backups instances agents policies policies members storage_usage traces"
    )
    assert [kind.permission for kind in Kind] == [
        "cbr:tasks:list",
        "cbr:policies:list",
        "cbr:vaults:list",
        "cbr:backups:list",
        "cbr:vaults:listProtectables",
        "cbr:agents:list",
        "cbr:organizationPolicies:list",
        "cbr:organizationPolicies:list",
        "cbr:member:list",
        "",
        "cts:trace:list",
    ]


def test_the_count_of_a_page_is_the_total_that_the_cloud_states() -> None:
    assert a_page({}, {}, count=700).count == 700


def test_a_reading_is_complete_when_nothing_is_in_doubt() -> None:
    assert a_reading(Kind.VAULTS).complete
    assert not a_reading(Kind.VAULTS, "vaults: a page is missing").complete
