"""The chain of digests: one per run, each naming the previous one, so that every change is detected.

It follows the digest files of Huawei's Cloud Trace Service and of AWS CloudTrail. A digest contains the hash of its
run's manifest, and so covers every object of the run. It is stored in a DSSE envelope, signed or not. Writing it
commits the run.
"""

from audit.evidence.chain.commit import commit, create_and_compare, create_first
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
    "commit",
    "create_and_compare",
    "create_first",
    "digest_key",
    "find_head",
    "fingerprint",
    "folder_of",
    "pae",
]
