"""Every error that cbr-audit raises on purpose.

    AuditError                   the run cannot go on; its text says what is wrong and what to do
    ├── SettingsError            a setting is missing or wrong
    │   ├── MissingPackageError  a package that only some settings need is not installed
    │   ├── ProfileError         the profile cannot be used as it is written
    │   └── EventError           the event that started the function cannot be used
    ├── DocumentError            a saved page of the API documents cannot be understood
    ├── SourceError              the cloud could not be read
    │   ├── SourceUnreachableError   no answer in time
    │   ├── SourceRefusedError       the cloud answered no: credentials, permission, project, parameters
    │   └── SourceAnswerError        the answer is not what the API promises
    ├── StoreError               evidence or reports could not be written or read
    │   ├── StoreUnreachableError    no answer in time
    │   ├── StoreRefusedError        the store answered no: keys, permission, bucket, region
    │   └── ChainError               what is stored is not what was published
    ├── SigningError             the key service did not answer, or with what is no signature of its key
    │   └── SigningRefusedError      it answered no: the key, its state or its usage, permission, credentials
    ├── FunctionFailedError      the deployed function failed, or did not answer in time
    └── IncompleteError          the report is stored, but the audit could not see everything

RefusedError is what the refusals have in common. Each class carries the exit code that the command ends with
(README, "Exit codes").
"""

from collections.abc import Iterable
from typing import ClassVar


class AuditError(Exception):
    """The run cannot go on; the text says what is wrong and what to do."""

    exit_code: ClassVar[int] = 1


class SettingsError(AuditError):
    """A setting is missing or wrong."""

    exit_code = 2


class MissingPackageError(SettingsError):
    """A package that only some settings need is not installed."""


class ProfileError(SettingsError):
    """The profile cannot be used as it is written.

    Attributes:
        faults: what is wrong, one by one, in the order of the file.
    """

    def __init__(self, message: str, faults: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class EventError(SettingsError):
    """The event that started the function cannot be used."""


class DocumentError(AuditError):
    """A saved page of the API documents cannot be understood.

    Attributes:
        line: the line of the page, counted from 1.
        table: the heading of the table that the line belongs to, or None before the first table.
    """

    exit_code = 2

    def __init__(self, message: str, *, line: int, table: str | None = None) -> None:
        where = f"line {line}" if table is None else f"line {line}, {table}"
        super().__init__(f"{where}: {message}")
        self.line = line
        self.table = table


class RefusedError(AuditError):
    """The cloud answered no.

    Attributes:
        status: the HTTP status.
        code: the error code of the body, such as ``BackupService.9900``, or an empty text.
    """

    exit_code = 2

    def __init__(self, message: str, *, status: int, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class SourceError(AuditError):
    """The cloud could not be read."""

    exit_code = 3


class SourceUnreachableError(SourceError):
    """No answer came in time."""


class SourceRefusedError(RefusedError, SourceError):
    """The cloud answered no: credentials, permission, project or parameters."""


class SourceAnswerError(SourceError):
    """The answer is not what the API promises."""


class StoreError(AuditError):
    """Evidence or reports could not be written or read."""

    exit_code = 2


class StoreUnreachableError(StoreError):
    """No answer of the store came in time."""

    exit_code = 3


class StoreRefusedError(RefusedError, StoreError):
    """The store answered no: keys, permission, bucket or region."""


class SigningError(AuditError):
    """The key service did not answer, or with what is no signature of its key."""

    exit_code = 3


class SigningRefusedError(RefusedError, SigningError):
    """The key service answered no: the key, its state or its usage, permission, credentials."""


class FunctionFailedError(AuditError):
    """The deployed function failed, or did not answer in time."""

    exit_code = 3


class ChainError(StoreError):
    """What is stored is not what was published, or no digest at all."""


class IncompleteError(AuditError):
    """The report is stored, but the audit could not see everything."""

    exit_code = 3
