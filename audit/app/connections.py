"""What a run has of the world: the cloud, the store and the key that signs, each behind its own transport."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from typing import Final
from weakref import finalize

from msgspec import Struct

from audit.app.request import RunRequest
from audit.cloud.credentials import SignedIn, signed_in
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.transport import Credentials, RequestLimits, Transport
from audit.evidence.kms import KmsSigner
from audit.evidence.kms.dialect import KMS
from audit.evidence.store import Access, ProbedStore, open_store
from audit.evidence.store.obs_dialect import OBS
from audit.log import REDACTOR
from audit.settings import STORES, Settings, StoreSettings, scheme_of

_HOUR: Final = timedelta(hours=1)
_FOR_SIGNING: Final = timedelta(seconds=20)
_MOST_BYTES: Final = 512 * 1024 * 1024


class Connections(Struct, frozen=True):
    """Everything that a run needs of the world.

    Attributes:
        reading: what requests to CBR go through.
        storing: what requests to OBS go through.
        kms: the key that signs, None where it does not lie in KMS.
    """

    settings: Settings
    who: SignedIn
    reading: Transport
    storing: Transport
    store: ProbedStore
    kms: KmsSigner | None


@contextmanager
def opened(request: RunRequest) -> Iterator[Connections]:
    """Prepare the connections of a run; nothing is sent yet.

    Raises:
        SettingsError: the store's address cannot be used.
    """
    settings = request.settings
    with ExitStack() as stack:
        reading = stack.enter_context(
            closing(
                Transport(
                    limits=RequestLimits(budget=request.budget), connections=settings.workers, route=settings.route
                )
            )
        )
        storing = stack.enter_context(
            closing(Transport(limits=_storing(request.storing), dialect=OBS, route=settings.route))
        )
        who = signed_in(settings, request.agency, reading, CloudClock())
        store = open_store(settings.store, Access(settings, who.keys, storing))
        yield Connections(settings, who, reading, storing, store, _in_kms(request, stack))


def store_at(url: str, variables: Mapping[str, str]) -> ProbedStore:
    """Open a store to look into it, by its URL: one that is not on this machine needs settings, and no project.

    Its connections are closed when nothing refers to it any more.

    Raises:
        SettingsError: naming everything that is missing or wrong.
    """
    if not STORES[scheme_of(url)].service:
        return open_store(url)
    settings = StoreSettings.read({**variables, "CBR_AUDIT_STORE": url})
    REDACTOR.learn(settings.secrets)
    transport = Transport(limits=_storing(_HOUR), dialect=OBS, route=settings.route)
    keys = signed_in(settings, None, transport, CloudClock()).keys
    store = open_store(url, Access(settings, keys, transport))
    finalize(store, transport.close)
    return store


def credentials_for(request: RunRequest, transport: Transport, project_id: str) -> Credentials:
    """Prepare what authenticates requests for another project."""
    settings = request.settings.model_copy(update={"project_id": project_id})
    return signed_in(settings, request.agency, transport, CloudClock()).credentials


def _in_kms(request: RunRequest, stack: ExitStack) -> KmsSigner | None:
    """Prepare the key in KMS that signs digests, None where there is none."""
    settings = request.settings
    if settings.signing_kms_key is None:
        return None
    limits = RequestLimits(request=_FOR_SIGNING, budget=request.storing)
    transport = stack.enter_context(closing(Transport(limits=limits, dialect=KMS, connections=1, route=settings.route)))
    return KmsSigner(
        transport,
        signed_in(settings, request.agency, transport, CloudClock()).credentials,
        endpoint=settings.signing_endpoint,
        project_id=settings.project_id,
        key=settings.signing_kms_key,
    )


def _storing(budget: timedelta) -> RequestLimits:
    """Give objects more time and room than pages: a report of many resources is large, and a line may be slow."""
    minute = timedelta(minutes=1)
    return RequestLimits(silence=minute, request=10 * minute, budget=budget, wire=_MOST_BYTES, decoded=_MOST_BYTES)
