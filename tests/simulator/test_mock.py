import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import requests

import audit.simulator
from audit.simulator import Simulator, mock_cbr
from tests.simulator.asking import AS_OF, CBR, IAM, password_request


def count(simulator: Simulator, host: str = CBR) -> int:
    url = f"{host}/v3/{simulator.project_id}/operation-logs"
    response = requests.get(url, headers={"X-Auth-Token": simulator.token}, timeout=1)
    found: int = response.json()["count"]
    return found


def test_a_block_gives_the_simulator() -> None:
    with mock_cbr("healthy", resources=2, days=3, as_of=AS_OF) as simulator:
        assert count(simulator) == len(simulator.tasks) > 0


def test_requests_sign_in_at_the_mocked_iam() -> None:
    with mock_cbr(resources=1, days=2, as_of=AS_OF) as simulator:
        asked = password_request(simulator)
        answer = requests.post(f"{IAM}/v3/auth/tokens?nocatalog=true", json=asked, timeout=1)

        assert answer.status_code == 201
        assert answer.headers["Content-Type"] == "application/json"
        assert requests.post(f"{IAM}/v3/auth/tokens", data="{}", timeout=1).status_code == 400


def test_a_decorated_function_gets_nothing_extra() -> None:
    cloud = mock_cbr(resources=1, days=2, as_of=AS_OF)

    @cloud
    def counted(factor: int, *, more: int) -> int:
        return count(cloud.simulator) * factor + more

    assert counted(2, more=1) == 2 * len(cloud.simulator.tasks) + 1
    assert counted.__name__ == "counted"


@mock_cbr(resources=1, days=2, as_of=AS_OF)
def test_a_test_can_be_decorated() -> None:
    assert requests.get(f"{CBR}/v3/x/vaults", timeout=1).status_code == 401


@pytest.mark.parametrize(
    "url",
    ["https://cbr.sim-2.myhuaweicloud.com/", "https://example.com/", "http://cbr.sim-1.myhuaweicloud.com/"],
)
def test_every_other_host_is_refused(url: str) -> None:
    with mock_cbr(resources=1, days=2, as_of=AS_OF), pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=1)


def test_the_region_is_part_of_the_hosts() -> None:
    with mock_cbr(resources=1, days=2, as_of=AS_OF, region="eu-west-101") as simulator:
        assert count(simulator, "https://cbr.eu-west-101.myhuaweicloud.com") == len(simulator.tasks)


def test_a_mock_can_be_nested_and_ends_with_its_outermost_block() -> None:
    cloud = mock_cbr(resources=1, days=2, as_of=AS_OF)
    with cloud as outer:
        with cloud as inner:
            assert inner is outer
        assert count(outer) == len(outer.tasks)

    with cloud as later:
        assert later is not outer


def test_a_mock_ends_when_its_block_fails() -> None:
    cloud = mock_cbr(resources=1, days=2, as_of=AS_OF)
    with pytest.raises(ZeroDivisionError), cloud:
        _ = 1 / 0
    send = requests.adapters.HTTPAdapter.send

    with cloud:
        assert requests.adapters.HTTPAdapter.send is not send
    assert requests.adapters.HTTPAdapter.send is send


def test_mocks_of_two_regions_can_be_nested() -> None:
    with mock_cbr(resources=1, days=2, as_of=AS_OF) as outer:
        with mock_cbr(resources=2, days=2, as_of=AS_OF, region="sim-2") as inner:
            assert count(inner, CBR.replace("sim-1", "sim-2")) == len(inner.tasks)
        assert count(outer) == len(outer.tasks)


def test_an_estate_ends_now_unless_told_otherwise() -> None:
    with mock_cbr("healthy", resources=1, days=2) as simulator:
        newest = next(iter(simulator.tasks))

    age = datetime.now(UTC) - datetime.fromisoformat(newest["created_at"]).replace(tzinfo=UTC)
    assert timedelta(0) <= age < timedelta(days=1)


def test_serving_needs_no_package_beside_the_standard_library() -> None:
    program = (
        "import sys, audit.simulator as s; s.serve; "
        "assert not {'responses', 'requests', 'urllib3', 'dateutil'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="mock_aws"):
        _ = audit.simulator.mock_aws


def test_without_responses_the_extra_that_brings_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "audit.simulator.mock")
    monkeypatch.setitem(sys.modules, "responses", None)

    with pytest.raises(ModuleNotFoundError, match=r"install cbr-audit\[simulator\]"):
        _ = audit.simulator.mock_cbr
