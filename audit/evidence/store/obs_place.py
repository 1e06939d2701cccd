"""Where in OBS a store is: ``obs://bucket/prefix``, and how to reach the bucket."""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from audit.clouds import HUAWEI
from audit.endpoints import endpoint_in, is_loopback
from audit.errors import SettingsError

SCHEME: Final = "obs://"
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_PREFIX: Final = re.compile(r"(?:[A-Za-z0-9_=-][A-Za-z0-9._=-]*/)*")
_ENDPOINT: Final = re.compile(r"(?:obs|oss)\.([a-z0-9-]+)\..+")
_NO_REGION: Final = "us-east-1"  # what S3 stores without regions expect


class BucketPlace(Struct, frozen=True):
    """A bucket, a prefix (empty or ending with a slash), and ``base``, the URL to which object names are appended."""

    bucket: str
    prefix: str
    base: str
    region: str

    @property
    def url(self) -> str:
        """The address as people write it."""
        return f"{SCHEME}{self.bucket}/{self.prefix}".rstrip("/")


def place(url: str, endpoint: str | None, region: str | None, cloud: str = HUAWEI) -> BucketPlace:
    """Parse the address of a store in OBS.

    Args:
        url: the address, such as ``obs://bucket/prefix``.
        endpoint: the OBS endpoint, if it is not the region's usual one.
        region: the region of the bucket, if the endpoint does not name one.
        cloud: the name of the cloud that the region belongs to.

    Raises:
        SettingsError: says what is wrong with the address and how to correct it.
    """
    bucket, _, prefix = url.removeprefix(SCHEME).partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise SettingsError(
            f"{url!r} names no bucket: write obs://BUCKET/PREFIX without the endpoint; a bucket has 3 to 63 small "
            "letters, digits and - (one with dots cannot be reached over HTTPS)"
        )
    prefix = f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else ""
    if not _PREFIX.fullmatch(prefix):
        raise SettingsError(f"{url!r}: a prefix has letters, digits and . _ = - / only, and no part begins with a dot")
    if not (endpoint or region):
        raise SettingsError(f"set HUAWEICLOUD_SDK_REGION or CBR_AUDIT_OBS_ENDPOINT to say where {url!r} is")
    endpoint = endpoint or endpoint_in(region or "", "obs", cloud)
    named = _ENDPOINT.fullmatch(urlsplit(endpoint).hostname or "")
    return BucketPlace(bucket, prefix, _base(bucket, endpoint), named[1] if named else region or _NO_REGION)


def _base(bucket: str, endpoint: str) -> str:
    """Put the bucket into the host name, as OBS requires, or into the path if the host is an IP address."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    if host.startswith(f"{bucket}."):
        raise SettingsError(
            f"CBR_AUDIT_OBS_ENDPOINT: {endpoint} contains the bucket; leave it out: "
            f"{endpoint.replace(f'{bucket}.', '', 1)}"
        )
    if _is_address(host) or is_loopback(host):
        return f"{endpoint}/{bucket}"
    return f"{parts.scheme}://{bucket}.{parts.netloc}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
