"""How Cloud Trace Service reports errors: as CBR does, but another permission helps."""

from http import HTTPStatus
from typing import Final

from msgspec import structs

from audit.cloud.http.dialect import JSON


def _remedy(status: int, code: str, action: str) -> str:
    if status == HTTPStatus.FORBIDDEN:
        return f"give the user or agency the permission {action}"
    return JSON.remedy(status, code, action)


TRACING: Final = structs.replace(JSON, remedy=_remedy)
