"""The endpoints of Huawei Cloud services by region.

Sources: the region files of the vendor's SDK 3.1.219, which contain every address, and its Terraform provider, which
counts
all regions that start with eu-west-1 as the European cloud. If the two differ, as for CBR and FunctionGraph in that
cloud, the SDK's address is used. Settings can override them.
"""

from typing import Final

_USUAL: Final = "myhuaweicloud.com"
_EUROPEAN: Final = "myhuaweicloud.eu"
_IN_EUROPE: Final = "eu-west-1"  # the prefix of region names in the European cloud
_USUAL_IN_EUROPE: Final = frozenset({"cbr", "functiongraph"})
_ODD: Final = {("smn", "cn-north-2"): "myhuaweicloud.cn"}


def endpoint_in(region: str, service: str) -> str:
    """Return the usual endpoint of a service, such as ``obs``, in a region."""
    is_european = region.startswith(_IN_EUROPE) and service not in _USUAL_IN_EUROPE
    domain = _ODD.get((service, region), _EUROPEAN if is_european else _USUAL)
    return f"https://{service}.{region}.{domain}"
