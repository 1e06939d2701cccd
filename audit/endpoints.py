"""Where a service of Huawei Cloud is reached in a region.

Sources: the region files of the vendor's SDK 3.1.219, which name every address, and its Terraform provider, which takes
all regions that begin with eu-west-1 for the European cloud. Where the two differ, for CBR and FunctionGraph in that
cloud, the address is the SDK's. Settings can name others.
"""

from typing import Final

_USUAL: Final = "myhuaweicloud.com"
_EUROPEAN: Final = "myhuaweicloud.eu"
_IN_EUROPE: Final = "eu-west-1"  # what the names of the regions of the European cloud begin with
_USUAL_IN_EUROPE: Final = frozenset({"cbr", "functiongraph"})
_ODD: Final = {("smn", "cn-north-2"): "myhuaweicloud.cn"}


def endpoint_in(region: str, service: str) -> str:
    """Return the usual endpoint of a service, such as ``obs``, in a region."""
    is_european = region.startswith(_IN_EUROPE) and service not in _USUAL_IN_EUROPE
    domain = _ODD.get((service, region), _EUROPEAN if is_european else _USUAL)
    return f"https://{service}.{region}.{domain}"
