"""What a run has of the world: the cloud, the store and the key that signs, each behind its own transport."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from weakref import finalize

from msgspec import Struct

from audit.app.order import Order
from audit.cloud.credentials import SignedIn, signed_in
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.transport import Credentials, RequestLimits, Transport
from audit.evidence.store import Access, ProbedStore, Store, open_store
from audit.evidence.store.obs_dialect import OBS
from audit.log import REDACTOR
from audit.settings import STORES, Settings, scheme_of

if TYPE_CHECKING:
    from audit.cloud.cbr.client import CbrClient
    from audit.evidence.kms import KmsSigner

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
    kms: "KmsSigner | None"

    def client(self) -> "CbrClient":
        """Prepare to read from CBR; nothing is sent yet."""
        from audit.cloud.cbr.client import CbrClient  # noqa: PLC0415  # the store is asked first, and this takes long

        return CbrClient(
            self.reading,
            self.who.credentials,
            endpoint=self.settings.cbr_endpoint,
            project_id=self.settings.project_id,
            enterprise_project_id=self.settings.enterprise_project_id,
            workers=self.settings.workers,
        )


@contextmanager
def opened(order: Order) -> Iterator[Connections]:
    """Prepare the connections of a run; nothing is sent yet.

    Raises:
        SettingsError: the store's address cannot be used.
    """
    settings = order.settings
    with ExitStack() as stack:
        reading = stack.enter_context(
            closing(Transport(limits=RequestLimits(budget=order.budget), connections=settings.workers))
        )
        storing = stack.enter_context(closing(Transport(limits=_storing(order.storing), dialect=OBS)))
        who = signed_in(settings, order.agency, reading, CloudClock())
        store = open_store(settings.store, Access(settings, who.keys, storing) if who.keys else None)
        yield Connections(settings, who, reading, storing, store, _in_kms(order, stack))


def store_at(url: str, variables: Mapping[str, str]) -> Store:
    """Open a store to look into it, by its URL: one that is not on this machine needs settings, and no project.

    Its connections are closed when nothing refers to it any more.

    Raises:
        SettingsError: naming everything that is missing or wrong.
    """
    if not STORES[scheme_of(url)].service:
        return open_store(url)
    from audit.app.store_settings import StoreSettings  # noqa: PLC0415  # an audit has no use for it

    settings = StoreSettings.read({**variables, "CBR_AUDIT_STORE": url})
    REDACTOR.learn(settings.secrets)
    transport = Transport(limits=_storing(_HOUR), dialect=OBS)
    keys = signed_in(settings, None, transport, CloudClock()).keys
    store = open_store(url, Access(settings, keys, transport) if keys else None)
    finalize(store, transport.close)
    return store


def credentials_for(order: Order, transport: Transport, project_id: str) -> Credentials:
    """Prepare what authenticates requests for another project."""
    settings = order.settings.model_copy(update={"project_id": project_id})
    return signed_in(settings, order.agency, transport, CloudClock()).credentials


def _in_kms(order: Order, stack: ExitStack) -> "KmsSigner | None":
    """Prepare the key in KMS that signs digests, None where there is none."""
    settings = order.settings
    if settings.signing_kms_key is None:
        return None
    from audit.evidence.kms import KmsSigner  # noqa: PLC0415  # most runs have no such key
    from audit.evidence.kms.dialect import KMS  # noqa: PLC0415  # likewise

    limits = RequestLimits(request=_FOR_SIGNING, budget=order.storing)
    transport = stack.enter_context(closing(Transport(limits=limits, dialect=KMS, connections=1)))
    return KmsSigner(
        transport,
        signed_in(settings, order.agency, transport, CloudClock()).credentials,
        endpoint=settings.signing_endpoint,
        project_id=settings.project_id,
        key=settings.signing_kms_key,
    )


def _storing(budget: timedelta) -> RequestLimits:
    """Give objects more time and room than pages: a report of many resources is large, and a line may be slow."""
    minute = timedelta(minutes=1)
    return RequestLimits(silence=minute, request=10 * minute, budget=budget, wire=_MOST_BYTES, decoded=_MOST_BYTES)
