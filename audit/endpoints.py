"""The endpoints of Huawei Cloud services by region.

Sources: the region files of the vendor's SDK 3.1.219, which contain every address, and its Terraform provider, which
counts all regions that start with eu-west-1 as the European cloud. If the two differ, as for CBR and FunctionGraph in
that cloud, the SDK's address is used. Settings can override them.
"""

import ipaddress
from collections.abc import Iterable
from typing import Final

_USUAL: Final = "myhuaweicloud.com"
_EUROPEAN: Final = "myhuaweicloud.eu"
_IN_EUROPE: Final = "eu-west-1"  # the prefix of region names in the European cloud
_USUAL_IN_EUROPE: Final = frozenset({"cbr", "functiongraph"})
_CHINESE: Final = "myhuaweicloud.cn"
_ODD: Final = {("smn", "cn-north-2"): _CHINESE}


def endpoint_in(region: str, service: str) -> str:
    """Return the usual endpoint of a service, such as ``obs``, in a region."""
    is_european = region.startswith(_IN_EUROPE) and service not in _USUAL_IN_EUROPE
    domain = _ODD.get((service, region), _EUROPEAN if is_european else _USUAL)
    return f"https://{service}.{region}.{domain}"


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_trusted(host: str, others: Iterable[str] = ()) -> bool:
    """Return whether signed requests may go to a host: to Huawei's public clouds, this machine, and other domains."""
    domains = (_USUAL, _EUROPEAN, _CHINESE, *others)
    return is_loopback(host) or any(host == domain or host.endswith(f".{domain}") for domain in domains)
