"""The endpoints of the services by cloud and region, and where signed requests may go; settings can override them."""

import ipaddress
from collections.abc import Iterable

from audit.clouds import CLOUDS, HUAWEI


def endpoint_in(region: str, service: str, cloud: str = HUAWEI) -> str:
    """Return the usual endpoint of a service, such as ``obs``, in a region of a cloud."""
    return f"https://{CLOUDS[cloud].host(service, region)}"


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_trusted(host: str, others: Iterable[str] = (), cloud: str = HUAWEI) -> bool:
    """Return whether signed requests may go to a host: to the cloud, this machine, and other domains."""
    named = any(host == domain or host.endswith(f".{domain}") for domain in others)
    return named or is_loopback(host) or CLOUDS[cloud].has(host)
