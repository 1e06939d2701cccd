"""Every error that cbr-audit raises on purpose.

    AuditError                   the run cannot continue; the message says what is wrong and what to do
    ├── SettingsError            a setting is missing or invalid
    │   ├── MissingPackageError  an optional package that the settings need is not installed
    │   ├── WrittenError         a file that people write is invalid or cannot be read
    │   │   ├── ProfileError         the profile is
    │   │   └── FleetFileError       the fleet's file is
    │   └── EventError           the event that started the function is invalid
    ├── DocumentError            a saved page of the API documents could not be parsed
    ├── SourceError              the cloud could not be read
    │   ├── SourceUnreachableError   no response in time
    │   │   └── UnknownHostError         there is no such host
    │   ├── SourceRefusedError       the request was refused: credentials, permission, project or parameters
    │   │   └── AgencyDeniedError        another account does not let its agency be assumed
    │   ├── WrongAccountError        the agency gave credentials of another account than its own
    │   └── SourceAnswerError        the response does not follow the API documents
    ├── StoreError               evidence or reports could not be written or read
    │   ├── StoreUnreachableError    no response in time
    │   ├── StoreRefusedError        the request was refused: keys, permission, bucket or region
    │   └── ChainError               the stored data differs from what was published
    ├── SigningError             the key service did not respond, or its signature is invalid
    │   └── SigningRefusedError      the request was refused: key state or usage, permission or credentials
    ├── FunctionFailedError      the deployed function failed or did not respond in time
    └── IncompleteError          the report is stored, but some data could not be read or judged

RefusedError is the base of all refusals. Each class carries the exit code of the command (README, "Exit codes").
"""

from collections.abc import Iterable
from typing import ClassVar


class AuditError(Exception):
    """The run cannot continue; the message says what is wrong and what to do."""

    exit_code: ClassVar[int] = 1


class SettingsError(AuditError):
    """A setting is missing or invalid."""

    exit_code = 2


class MissingPackageError(SettingsError):
    """An optional package that the settings need is not installed."""


class WrittenError(SettingsError):
    """A file that people write is invalid or cannot be read.

    Attributes:
        called: what the file is called in messages.
        faults: every error in the file, in its order.
    """

    called: ClassVar[str]

    def __init__(self, message: str, faults: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class ProfileError(WrittenError):
    """The profile is invalid or cannot be read."""

    called = "a profile"


class FleetFileError(WrittenError):
    """The file of a fleet is invalid or cannot be read."""

    called = "a fleet file"


class EventError(SettingsError):
    """The event that started the function is invalid."""


class DocumentError(AuditError):
    """A saved page of the API documents could not be parsed.

    Attributes:
        line: the line number, counted from 1.
        table: the heading of the table that contains the line, or None before the first table.
    """

    exit_code = 2

    def __init__(self, message: str, *, line: int, table: str | None = None) -> None:
        where = f"line {line}" if table is None else f"line {line}, {table}"
        super().__init__(f"{where}: {message}")
        self.line = line
        self.table = table


class RefusedError(AuditError):
    """The cloud refused the request.

    Attributes:
        status: the HTTP status.
        code: the error code in the body, such as ``BackupService.9900``, or an empty string.
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
    """The cloud did not respond in time."""


class SourceRefusedError(RefusedError, SourceError):
    """The cloud refused the request because of credentials, permission, project or parameters."""


class UnknownHostError(SourceUnreachableError):
    """The name of the host is not known: this region may not have the service."""


class AgencyDeniedError(SourceRefusedError):
    """Another account does not let its agency be assumed: it is not there, or its trust policy does not say so."""


class WrongAccountError(SourceError):
    """The agency gave credentials of another account than its own; nothing is read with them."""

    exit_code = 2


class SourceAnswerError(SourceError):
    """The response does not follow the API documents."""


class StoreError(AuditError):
    """Evidence or reports could not be written or read."""

    exit_code = 2


class StoreUnreachableError(StoreError):
    """The store did not respond in time."""

    exit_code = 3


class StoreRefusedError(RefusedError, StoreError):
    """The store refused the request because of keys, permission, bucket or region."""


class SigningError(AuditError):
    """The key service did not respond, or its signature is invalid."""

    exit_code = 3


class SigningRefusedError(RefusedError, SigningError):
    """The key service refused the request because of the key's state or usage, permission or credentials."""


class FunctionFailedError(AuditError):
    """The deployed function failed or did not respond in time."""

    exit_code = 3


class ChainError(StoreError):
    """The stored data differs from what was published, or is not a digest."""


class NotConfirmedError(AuditError):
    """An event tells of something that the cloud does not show, or not yet."""

    exit_code = 3


class NotToldError(AuditError):
    """A change is judged and stored, and people have not been told of it."""

    exit_code = 3


class IncompleteError(AuditError):
    """The report is stored, but some data could not be read or judged."""

    exit_code = 3
