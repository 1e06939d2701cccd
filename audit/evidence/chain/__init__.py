"""The chain of digests: one for each run, each naming the one before, so that nothing can be changed unnoticed.

The model are the digest files of Huawei's Cloud Trace Service and of AWS CloudTrail. A digest names the manifest of its
run by hash, and with it every object; it lies in a DSSE envelope, signed or not. Writing it commits the run.
"""

from audit.evidence.chain.digest import PAYLOAD_TYPE, Digest, DigestKind, Link, digest_key, folder_of
from audit.evidence.chain.envelope import Envelope, Signature, pae
from audit.evidence.chain.fingerprint import fingerprint
from audit.evidence.chain.head import Head, find_head
from audit.evidence.chain.keys import Ed25519Signer, PublicKey, Signer, Unsigned

__all__ = [
    "PAYLOAD_TYPE",
    "Digest",
    "DigestKind",
    "Ed25519Signer",
    "Envelope",
    "Head",
    "Link",
    "PublicKey",
    "Signature",
    "Signer",
    "Unsigned",
    "digest_key",
    "find_head",
    "fingerprint",
    "folder_of",
    "pae",
]
