"""Signing with a key that never leaves Huawei KMS."""

from audit.evidence.kms.signer import PUBLIC_KEY, SIGN, KmsSigner

__all__ = ["PUBLIC_KEY", "SIGN", "KmsSigner"]
