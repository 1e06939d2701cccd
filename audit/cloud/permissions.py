"""What IAM must allow: each action and its reason. The policies in deploy/iam/ grant exactly this.

Sources: "Permissions Policies and Supported Actions" of the CBR, OBS, SMN and FunctionGraph API references, the OBS
user guide on server-side encryption, the FunctionGraph user guide on resources, "Signing Data" and "Querying a Public
Key" of the DEW API reference, and "AssumeAgency" of the IAM 5 API reference.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

READ: Final[Mapping[str, str]] = {
    "cbr:tasks:list": "the task log: which backups ran, and how they ended",
    "cbr:policies:list": "the policies: which backups should run, and when",
    "cbr:vaults:list": "the vaults: what is to be backed up, and by which policy",
    "cbr:backups:list": "the backups: what could be restored",
}
EXTRA: Final[Mapping[str, str]] = {
    "cbr:agents:list": "the agents that back up files, for CBR-505",
    "cbr:organizationPolicies:list": "the policies of the organisation, and where they are deployed, for CBR-207",
    "cbr:member:list": "whom backups are shared with, for CBR-407",
}
TRACE: Final[Mapping[str, str]] = {
    "cts:trace:list": "who did what to backups; without it nobody is named, and CBR-115 and CBR-117 are unknown",
}
STORE: Final[Mapping[str, str]] = {
    "obs:object:PutObject": "to write reports and evidence under the prefix",
    "obs:object:GetObject": "to read the latest report, and to look whether an object is there before it is written",
    "obs:bucket:ListBucket": "to list what runs share, and to be told that an object is not there; without it OBS says "
    "no more than forbidden",
}
LOCK: Final[Mapping[str, str]] = {
    "obs:object:PutObjectRetention": "to lock what is written for CBR_AUDIT_OBS_LOCK_DAYS",
}
PRUNE: Final[Mapping[str, str]] = {
    "obs:object:DeleteObject": "to remove what the retention of the profile lets go",
    "obs:object:GetObject": "to read which runs need what",
    "obs:bucket:ListBucket": "to find what is there",
}
ENCRYPT: Final[Mapping[str, str]] = {
    "kms:cmk:get": "to find the key CBR_AUDIT_OBS_KMS_KEY",
    "kms:cmk:list": "to find the key, for OBS on behalf of the function",
    "kms:dek:create": "to encrypt what is written",
    "kms:dek:crypto": "to encrypt what is written, and to decrypt what is read",
}
SIGN: Final[Mapping[str, str]] = {
    "kms:cmk:sign": "to sign digests with the key CBR_AUDIT_SIGNING_KMS_KEY",
    "kms:cmk:getPublicKey": "to name that key in every digest, and to check signatures",
}
NOTIFY: Final[Mapping[str, str]] = {
    "smn:topic:publish": "to publish a message to CBR_AUDIT_SMN_TOPIC",
}
ASSUME: Final[Mapping[str, str]] = {
    "sts:agencies:assume": "to read another account as its agency CBR_AUDIT_AGENCY",
}
INVOKE: Final[Mapping[str, str]] = {
    "functiongraph:function:invoke": "for `cbr-audit invoke`",
    "functiongraph:function:invokeAsync": "for `cbr-audit invoke --async`",
}
START_ITSELF: Final[Mapping[str, str]] = {
    "functiongraph:function:invokeAsync": "to start itself, for each target of a fleet and for requests over HTTP",
}
PROTECTABLES: Final[Mapping[str, str]] = {
    "cbr:vaults:listProtectables": "what could be protected, for CBR-503",
    "ecs:cloudServers:list": "the servers among it",
    "evs:volumes:list": "the disks among it",
}
LIST_PROJECTS: Final[Mapping[str, str]] = {
    "iam:projects:listProjects": "which projects an account of a fleet has",
}
LIST_PROJECTS_V5: Final[Mapping[str, str]] = {
    "iam:projects:list": "which projects the account of the audit has; the same action in version 5.0",
}
ORGANIZATION: Final[Mapping[str, str]] = {
    "organizations:accounts:list": "which accounts an organisation has",
    "organizations:roots:list": "the root of its units",
    "organizations:ous:list": "its units",
    "organizations:tags:list": "the tags of its accounts",
}
POLICIES: Final[Mapping[str, Mapping[str, str]]] = {
    "cbr-read": READ,
    "cbr-extra": EXTRA,
    "cts-read": TRACE,
    "obs-write": STORE,
    "obs-lock": LOCK,
    "obs-prune": PRUNE,
    "kms-encrypt": ENCRYPT,
    "kms-sign": SIGN,
    "smn-publish": NOTIFY,
    "sts-assume": ASSUME,
    "projects-list": LIST_PROJECTS_V5,
    "organizations-read": ORGANIZATION,
    "start-itself": START_ITSELF,
    "function-invoke": INVOKE,
}


class StoreActions(NamedTuple):
    """The actions that a store needs; an empty text where IAM has no say."""

    write: str = ""
    read: str = ""
    list: str = ""
    remove: str = ""
