"""Signing for OBS: AWS Signature Version 4 over the real hash of the body, with the cloud's time."""

from typing import Final

from requests import PreparedRequest
from requests_aws4auth import AWS4Auth

from audit.cloud.http.auth import DATE_FORMAT, SigningAuth
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.renewable import Fresh, Keys

_SIGNED: Final = ("host", "content-type", "content-md5", "x-amz-*")


class ObsAuth(SigningAuth):
    """Signs with SigV4; the session token of temporary keys is sent and signed."""

    date_header = "x-amz-date"

    def __init__(self, keys: Fresh[Keys], clock: CloudClock, *, region: str) -> None:
        """Store where the keys come from, the clock, and the region of the bucket."""
        super().__init__(keys, clock)
        self._region = region

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign with a new signer: a shared one must not be used by two threads."""
        keys = self._keys.get()
        request.headers[self.date_header] = self._clock().strftime(DATE_FORMAT)
        sign = AWS4Auth(
            keys.access_key,
            keys.secret_key,
            self._region,
            "s3",
            session_token=keys.security_token or None,
            include_hdrs=_SIGNED,
        )
        signed: PreparedRequest = sign(request)
        return signed
