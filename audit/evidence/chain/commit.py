"""Writing what others will name, so that it is known to be there: a response alone proves nothing."""

import hashlib

from audit.errors import StoreError
from audit.evidence.chain.digest import PAYLOAD_TYPE, Digest
from audit.evidence.chain.envelope import Envelope, Signature
from audit.evidence.chain.keys import Signer
from audit.evidence.store import Store


def create_first(store: Store, key: str, data: bytes) -> tuple[bytes, bool]:
    """Write an object unless there is one; return what is there, and whether that is it.

    Raises:
        StoreError: writing failed.
    """
    try:
        store.create(key, data)
    except StoreError:
        stored = store.read(key)
        if stored is None:
            raise
        return stored, stored == data
    return data, True


def create_and_compare(store: Store, key: str, data: bytes) -> None:
    """Write an object, and compare what is there then with what was written.

    Raises:
        StoreError: writing failed, or something else is there.
    """
    store.create(key, data)
    if store.read(key) != data:
        raise StoreError(
            f"{store.url}/{key} was written, but is not there or reads back different; check what is between "
            "this machine and the store, and run again"
        )


def commit(store: Store, digest: Digest, signer: Signer) -> str:
    """Sign and write a digest, which commits its run; return the hash of what was written.

    Raises:
        SigningError: it could not be signed, and is not written.
        StoreError: writing failed, so the run does not exist.
    """
    payload = digest.dump()
    signature = signer.sign(Envelope(PAYLOAD_TYPE, payload).signed)
    signatures = (Signature(signer.key_id, signature),) if signature else ()
    envelope = Envelope(PAYLOAD_TYPE, payload, signatures).dump()
    create_and_compare(store, digest.digest_object, envelope)
    return hashlib.sha256(envelope).hexdigest()
