import ast
from pathlib import Path

import pytest
from huaweicloudsdkcbr.v1.region.cbr_region import CbrRegion
from huaweicloudsdkcore.auth.endpoint import get_iam_endpoint_by_id

import audit
from audit.endpoints import endpoint_in

SERVICES = ("cbr", "functiongraph", "iam", "kms", "obs", "smn")


@pytest.mark.parametrize("region", sorted(CbrRegion.static_fields))
def test_cbr_is_where_the_vendor_says(region: str) -> None:
    assert endpoint_in(region, "cbr") == CbrRegion.static_fields[region].endpoints[0]


@pytest.mark.parametrize("region", ["cn-north-4", "eu-west-0", "ap-southeast-3", "af-south-1"])
def test_iam_is_where_the_vendor_says(region: str) -> None:
    assert endpoint_in(region, "iam") == get_iam_endpoint_by_id(region)


@pytest.mark.parametrize(
    ("service", "domain"),
    [("cbr", "com"), ("functiongraph", "com"), ("iam", "eu"), ("kms", "eu"), ("obs", "eu"), ("smn", "eu")],
)
def test_most_services_of_the_european_cloud_have_its_domain(service: str, domain: str) -> None:
    assert endpoint_in("eu-west-101", service) == f"https://{service}.eu-west-101.myhuaweicloud.{domain}"


@pytest.mark.parametrize("region", ["eu-west-0", "ap-southeast-1", "cn-north-4", "ru-moscow-1"])
def test_elsewhere_all_have_the_same_domain(region: str) -> None:
    assert {endpoint_in(region, each) for each in SERVICES} == {
        f"https://{each}.{region}.myhuaweicloud.com" for each in SERVICES
    }


def test_a_single_address_is_odd() -> None:
    assert endpoint_in("cn-north-2", "smn") == "https://smn.cn-north-2.myhuaweicloud.cn"
    assert endpoint_in("cn-north-2", "cbr") == "https://cbr.cn-north-2.myhuaweicloud.com"


def test_addresses_are_made_in_one_place_only() -> None:
    folder = Path(audit.__file__).parent
    making = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.JoinedStr) and "myhuaweicloud" in ast.unparse(node)
    }

    assert making == {"simulator/mock.py"}, "an address is made by audit.endpoints.endpoint_in"
    assert "myhuaweicloud" in (folder / "endpoints.py").read_text()
