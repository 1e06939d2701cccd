"""The public clouds that have CBR's API: where their services are, and what they lack.

Sources, as of 2026-11:

- Huawei Cloud: the region files of the vendor's SDK 3.1.219, which contain every address, and its Terraform provider,
  which counts all regions that start with eu-west-1 as the European cloud. If the two differ, as for CBR and
  FunctionGraph in that cloud, the SDK's address is used. No file names Organizations or STS in that cloud: their
  addresses there are inferred.
- Open Telekom Cloud: "Regions and Endpoints" (opentelekomcloud-docs/regions-and-endpoints), which lists neither
  Organizations nor STS. The API reference of CBR has replication since 2023-10-23, although the SDK's texts do not.
- Flexible Engine: its Terraform provider, where object storage is ``oss``; its IAM has three regions ("Endpoints" of
  the eu-west-0 API reference).
- Cloud.ru: its Terraform provider, which has replication, although the SDK's texts do not.
- G42 Cloud: its Terraform provider. A policy and a vault are only for backups there, and in the SDK's texts, too.

A cloud lacks only what its own documents leave out and nothing contradicts; anything else is asked for, and judged.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct


class Feature(StrEnum):
    """What not every cloud has."""

    REPLICATION = "replication of backups"
    ORGANIZATIONS = "Organizations"
    STS = "temporary keys of STS v5"


class PublicCloud(Struct, frozen=True):
    """A public cloud.

    Attributes:
        name: what the setting calls it.
        title: what people call it.
        domains: the domains that its services are in.
        regions: the known regions; there may be newer ones.
        host: the name of the host of a service in a region.
        lacks: what it does not have, and what shows that.
    """

    name: str
    title: str
    domains: tuple[str, ...]
    regions: frozenset[str]
    host: Callable[[str, str], str]
    lacks: Mapping[Feature, str] = {}

    def has(self, host: str) -> bool:
        """Whether a host is in one of its domains."""
        return any(host == domain or host.endswith(f".{domain}") for domain in self.domains)


_USUAL: Final = "myhuaweicloud.com"
_EUROPEAN: Final = "myhuaweicloud.eu"
_CHINESE: Final = "myhuaweicloud.cn"
_IN_EUROPE: Final = "eu-west-1"  # the prefix of region names in the European cloud
_USUAL_IN_EUROPE: Final = frozenset({"cbr", "ces", "functiongraph", "rms", "secmaster"})
_ODD: Final = {("smn", "cn-north-2"): _CHINESE}
_GLOBAL: Final = frozenset({"eps", "rms"})
_WITH_OWN: Final = frozenset({"eu-west-101", "ru-moscow-1", "my-kualalumpur-1"})  # regions that have their own of both


def _at_huawei(service: str, region: str) -> str:
    is_european = region.startswith(_IN_EUROPE) and service not in _USUAL_IN_EUROPE
    domain = _ODD.get((service, region), _EUROPEAN if is_european else _USUAL)
    is_global = service == "organizations" or (service in _GLOBAL and region not in _WITH_OWN)
    return f"{service}.{domain}" if is_global else f"{service}.{region}.{domain}"


def _in(domain: str, **names: str) -> Callable[[str, str], str]:
    """Return what puts a service and a region before a domain; some services have another name there."""
    return lambda service, region: f"{names.get(service, service)}.{region}.{domain}"


_HUAWEI: Final = """
    ae-ad-1 af-north-1 af-south-1 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 cn-east-2
    cn-east-3 cn-east-4 cn-east-5 cn-north-1 cn-north-11 cn-north-12 cn-north-2 cn-north-4 cn-north-9 cn-south-1
    cn-south-2 cn-south-4 cn-southwest-2 cn-southwest-3 eu-west-0 eu-west-101 la-north-2 la-south-2 me-east-1
    my-kualalumpur-1 na-mexico-1 ru-moscow-1 ru-northwest-2 sa-brazil-1 tr-west-1
"""
_OTC: Final = "otc.t-systems.com"
_FLEXIBLE_ENGINE: Final = "prod-cloud-ocb.orange-business.com"
_CLOUD_RU: Final = "hc.sbercloud.ru"
_G42: Final = "g42cloud.com"
_NOT_LISTED: Final = "its list of endpoints has no such service"

CLOUDS: Final = {
    cloud.name: cloud
    for cloud in (
        PublicCloud("huawei", "Huawei Cloud", (_USUAL, _EUROPEAN, _CHINESE), frozenset(_HUAWEI.split()), _at_huawei),
        PublicCloud(
            "otc",
            "Open Telekom Cloud",
            (_OTC,),
            frozenset({"eu-de", "eu-nl"}),
            _in(_OTC),
            {Feature.ORGANIZATIONS: _NOT_LISTED, Feature.STS: _NOT_LISTED},
        ),
        PublicCloud(
            "flexible-engine",
            "Flexible Engine",
            (_FLEXIBLE_ENGINE,),
            frozenset({"eu-west-0", "eu-west-1", "na-east-0"}),
            _in(_FLEXIBLE_ENGINE, obs="oss"),
        ),
        PublicCloud("cloud.ru", "Cloud.ru Advanced", (_CLOUD_RU,), frozenset({"ru-moscow-1"}), _in(_CLOUD_RU)),
        PublicCloud(
            "g42",
            "G42 Cloud",
            (_G42,),
            frozenset({"ae-ad-1"}),
            _in(_G42),
            {Feature.REPLICATION: "its policies and vaults are only for backups"},
        ),
    )
}
"""Every cloud by its name."""

HUAWEI: Final = "huawei"
