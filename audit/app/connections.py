"""What a run has of the world: the cloud, the store and the key that signs, each behind its own transport."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from typing import Final
from weakref import finalize

from msgspec import Struct

from audit.app.request import RunRequest
from audit.cloud.assuming import DIALECT, ReadsAs, own_identity, reader_as_oneself, reader_in_agency
from audit.cloud.credentials import SignedIn, signed_in
from audit.cloud.cts.dialect import TRACING
from audit.cloud.http.cloud_clock import CloudClock
from audit.cloud.http.transport import Credentials, RequestLimits, Transport
from audit.cloud.identity import Identity
from audit.evidence.kms import KmsSigner
from audit.evidence.kms.dialect import KMS
from audit.evidence.store import Access, ProbedStore, open_store
from audit.evidence.store.obs_dialect import OBS
from audit.log import REDACTOR
from audit.settings import STORES, Settings, StoreSettings, scheme_of

_HOUR: Final = timedelta(hours=1)
_FOR_AN_ANSWER: Final = timedelta(seconds=20)
_TRIES: Final = 3  # where there is no STS or CTS, each costs a pause
_MOST_BYTES: Final = 512 * 1024 * 1024


class Connections(Struct, frozen=True):
    """Everything that a run needs of the world.

    Attributes:
        who: the own identity, which stores and signs.
        reader: as whom CBR is read.
        own_identity: asks the cloud who the own identity is.
        reading: what requests to CBR go through.
        tracing: what requests to CTS go through: an audit does without it, and does not wait for long.
        storing: what requests to OBS go through.
        kms: the key that signs, None where it does not lie in KMS.
    """

    settings: Settings
    who: SignedIn
    reader: ReadsAs
    own_identity: Callable[[], Identity]
    reading: Transport
    tracing: Transport
    storing: Transport
    store: ProbedStore
    kms: KmsSigner | None

    @property
    def signed_in_with(self) -> str:
        """How requests to CBR are signed, for people."""
        return f"{self.who.way}{f', as {agency}' if (agency := self.settings.assumed) else ''}"


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
        brief = RequestLimits(request=_FOR_AN_ANSWER, budget=request.budget, tries=_TRIES)
        tracing = stack.enter_context(
            closing(Transport(limits=brief, dialect=TRACING, connections=1, route=settings.route))
        )
        storing = stack.enter_context(
            closing(Transport(limits=_storing(request.storing), dialect=OBS, route=settings.route))
        )
        who = signed_in(settings.at_home, request.agency, reading, CloudClock())
        reader, identity = _reader(request, who, reading, stack)
        store = open_store(settings.store, Access(settings.at_home, who.keys, storing))
        yield Connections(settings, who, reader, identity, reading, tracing, storing, store, _in_kms(request, stack))


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
    store = open_store(url, Access(settings.at_home, keys, transport))
    finalize(store, transport.close)
    return store


def credentials_for(request: RunRequest, transport: Transport, project_id: str) -> Credentials:
    """Prepare what authenticates requests of the own identity for another project."""
    settings = request.settings.at_home.model_copy(update={"project_id": project_id})
    return signed_in(settings, request.agency, transport, CloudClock()).credentials


def _reader(
    request: RunRequest, who: SignedIn, reading: Transport, stack: ExitStack
) -> tuple[ReadsAs, Callable[[], Identity]]:
    """Prepare as whom CBR is read, and what asks who the own identity is."""
    settings, clock = request.settings, CloudClock()
    limits = RequestLimits(request=_FOR_AN_ANSWER, budget=request.budget, tries=_TRIES)
    asking = stack.enter_context(
        closing(Transport(limits=limits, dialect=DIALECT, connections=1, route=settings.route))
    )
    identity = partial(own_identity, settings, who, asking, clock)
    if agency := settings.assumed:
        session = settings.session_name or f"cbr-audit-{request.run_id}"
        return reader_in_agency(settings, agency, who, session, asking, clock), identity
    return reader_as_oneself(signed_in(settings, request.agency, reading, CloudClock())), identity


def _in_kms(request: RunRequest, stack: ExitStack) -> KmsSigner | None:
    """Prepare the key in KMS that signs digests, None where there is none."""
    settings = request.settings.at_home
    if settings.signing_kms_key is None:
        return None
    limits = RequestLimits(request=_FOR_AN_ANSWER, budget=request.storing)
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
