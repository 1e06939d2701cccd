"""What IAM must allow, action by action, and why: the policies in deploy/iam/ grant exactly this.

Sources: "Permissions Policies and Supported Actions" of the CBR, OBS, SMN and FunctionGraph API references.
"""

from collections.abc import Mapping
from typing import Final

READ: Final[Mapping[str, str]] = {
    "cbr:tasks:list": "the task log: which backups ran, and how they ended",
    "cbr:policies:list": "the policies: which backups should run, and when",
    "cbr:vaults:list": "the vaults: what is to be backed up, and by which policy",
    "cbr:backups:list": "the backups: what could be restored",
    "cbr:vaults:listProtectables": "what could be protected, so that a machine without a vault is noticed",
    "ecs:cloudServers:list": "needed by cbr:vaults:listProtectables for servers",
    "evs:volumes:list": "needed by cbr:vaults:listProtectables for disks",
}
LISTS: Final[Mapping[str, str]] = {
    "operation_logs": "cbr:tasks:list",
    "policies": "cbr:policies:list",
    "vaults": "cbr:vaults:list",
    "backups": "cbr:backups:list",
    "protectables": "cbr:vaults:listProtectables",
}
STORE: Final[Mapping[str, str]] = {
    "obs:object:PutObject": "to write reports and evidence under the prefix",
    "obs:object:GetObject": "to read the latest report, and to look whether an object is there before it is written",
}
LOCK: Final[Mapping[str, str]] = {
    "obs:object:PutObjectRetention": "only for WORM: to lock each object until a date",
}
ENCRYPT: Final[Mapping[str, str]] = {
    "kms:cmk:get": "only with a KMS key: to find the key",
    "kms:dek:create": "only with a KMS key: to encrypt what is written",
    "kms:dek:decrypt": "only with a KMS key: to read it back",
}
NOTIFY: Final[Mapping[str, str]] = {
    "smn:topic:publish": "only with CBR_AUDIT_SMN_TOPIC: to publish a message to the topic",
}
INVOKE: Final[Mapping[str, str]] = {
    "functiongraph:function:invoke": "for `cbr-audit invoke`",
    "functiongraph:function:invokeAsync": "for `cbr-audit invoke --async`",
}
