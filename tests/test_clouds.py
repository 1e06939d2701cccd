import json
import re
from pathlib import Path
from typing import Final

import pytest
import yaml
from huaweicloudsdkcbr.v1.region.cbr_region import CbrRegion
from huaweicloudsdkcore.auth.endpoint import get_iam_endpoint_by_id

from audit.clouds import CLOUDS, HUAWEI
from audit.endpoints import endpoint_in

ROOT: Final = Path(__file__).parents[1]
RECORDED: Final[dict[str, dict[str, str]]] = json.loads((Path(__file__).parent / "sdk_regions.json").read_text())
"""The region files of huaweicloudsdk{eg,iam,obs …} 3.1.219: regions of the usual address, and other addresses."""

SERVICES: Final = ("cbr", "functiongraph", "iam", "kms", "obs", "smn")


def test_the_regions_are_those_of_the_vendor() -> None:
    assert CLOUDS[HUAWEI].regions == CbrRegion.static_fields.keys()


@pytest.mark.parametrize("region", sorted(CbrRegion.static_fields))
def test_cbr_is_where_the_vendor_says(region: str) -> None:
    assert endpoint_in(region, "cbr") == CbrRegion.static_fields[region].endpoints[0]


@pytest.mark.parametrize("region", ["cn-north-4", "eu-west-0", "ap-southeast-3", "af-south-1"])
def test_iam_is_where_the_vendor_says(region: str) -> None:
    assert endpoint_in(region, "iam") == get_iam_endpoint_by_id(region)


@pytest.mark.parametrize("service", RECORDED)
def test_every_service_is_where_the_vendor_says(service: str) -> None:
    others = dict(RECORDED[service])
    usual = {region: f"https://{service}.{region}.myhuaweicloud.com" for region in others.pop("usual").split()}

    assert usual | others
    assert {region: endpoint_in(region, service) for region in usual | others} == usual | others


def test_the_european_cloud_has_its_own_domain_for_most_services() -> None:
    said = {service: addresses["eu-west-101"] for service, addresses in RECORDED.items() if "eu-west-101" in addresses}

    assert said.keys() == {"cts", "dli", "eg", "eps", "iam", "kms", "lts", "obs", "smn"}
    assert all(address.endswith(".eu-west-101.myhuaweicloud.eu") for address in said.values())
    assert endpoint_in("eu-west-101", "sts") == "https://sts.eu-west-101.myhuaweicloud.eu"
    assert endpoint_in("eu-west-101", "organizations") == "https://organizations.myhuaweicloud.eu"


def test_the_region_of_the_examples_has_every_service_that_they_need() -> None:
    template = yaml.safe_load((ROOT / "template.yaml").read_text())["services"]["cbr-audit"]["props"]
    (exported,) = re.findall(r"export HUAWEICLOUD_SDK_REGION=(\S+)", (ROOT / "README.md").read_text())

    assert exported == template["region"] == template["function"]["environmentVariables"]["HUAWEICLOUD_SDK_REGION"]
    assert {service: endpoint_in(exported, service) for service in SERVICES} == {
        "cbr": "https://cbr.eu-west-101.myhuaweicloud.com",
        "functiongraph": "https://functiongraph.eu-west-101.myhuaweicloud.com",
        "iam": "https://iam.eu-west-101.myhuaweicloud.eu",
        "kms": "https://kms.eu-west-101.myhuaweicloud.eu",
        "obs": "https://obs.eu-west-101.myhuaweicloud.eu",
        "smn": "https://smn.eu-west-101.myhuaweicloud.eu",
    }


@pytest.mark.parametrize(
    ("cloud", "region", "service", "host"),
    [
        ("otc", "eu-de", "cbr", "cbr.eu-de.otc.t-systems.com"),
        ("otc", "eu-nl", "obs", "obs.eu-nl.otc.t-systems.com"),
        ("flexible-engine", "eu-west-0", "iam", "iam.eu-west-0.prod-cloud-ocb.orange-business.com"),
        ("flexible-engine", "eu-west-0", "obs", "oss.eu-west-0.prod-cloud-ocb.orange-business.com"),
        ("cloud.ru", "ru-moscow-1", "cbr", "cbr.ru-moscow-1.hc.sbercloud.ru"),
        ("g42", "ae-ad-1", "iam", "iam.ae-ad-1.g42cloud.com"),
    ],
)
def test_other_clouds_have_the_addresses_of_their_documents(cloud: str, region: str, service: str, host: str) -> None:
    assert region in CLOUDS[cloud].regions
    assert endpoint_in(region, service, cloud) == f"https://{host}"


@pytest.mark.parametrize("name", CLOUDS)
def test_what_a_cloud_composes_is_in_its_domains_and_in_those_of_no_other(name: str) -> None:
    hosts = {CLOUDS[name].host(service, region) for region in CLOUDS[name].regions for service in SERVICES}

    assert {each.name for each in CLOUDS.values() for host in hosts if each.has(host)} == {name}
    assert all(CLOUDS[name].has(host) for host in hosts)
