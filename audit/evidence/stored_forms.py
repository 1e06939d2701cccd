"""The stored forms that have no model: envelope, pointer, history and packed backups.

schemas/ is generated from them, and docs/format.md explains them. mypy checks what is written as a dictionary against
them, and a test checks the rest. Nothing imports them during a run.
"""

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from audit.report.facts import Conclusion

_CLOSED = with_config(ConfigDict(extra="forbid"))
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


@_CLOSED
class SignatureForm(TypedDict):
    """One signature of an envelope."""

    keyid: Annotated[
        str, Field(description="sha256: and the SHA-256 of the public key in DER; proves nothing by itself.")
    ]
    sig: Annotated[str, Field(description="The signature, in base64.")]


@_CLOSED
class EnvelopeForm(TypedDict):
    """The envelope of a digest (digest/NUMBER-RUN.json): DSSE."""

    payload: Annotated[str, Field(description="The digest, in base64.")]
    payloadType: Annotated[
        str,
        Field(
            json_schema_extra={"const": "application/vnd.cbr-audit.digest.v1+json"},
            description="The type of the payload, which is signed too.",
        ),
    ]
    signatures: Annotated[list[SignatureForm], Field(description="One, or none if the digest is not signed.")]


@_CLOSED
class LatestForm(TypedDict):
    """The pointer to the latest run of a project (latest.json)."""

    schema_version: Annotated[Literal[1], Field(description="Version of this form.")]
    run: Annotated[str, Field(description="Id of the run.")]
    as_of: Annotated[_Moment, Field(description="Its time of judgement.")]
    stored_at: Annotated[
        _Moment, Field(description="When the pointer was written, by the clock of the machine that ran the audit.")
    ]
    conclusion: Annotated[Conclusion, Field(description="Its conclusion.")]
    prefix: Annotated[str, Field(description="The start of the keys of its objects.")]
    manifest_sha256: Annotated[_Sha256, Field(description="SHA-256 of its manifest.json.")]
    digest: Annotated[str, Field(description="Key of its digest.")]
    digest_sha256: Annotated[_Sha256, Field(description="SHA-256 of its digest, as stored.")]


@_CLOSED
class WatchedForm(TypedDict):
    """What a run saw of the watch (watched.json)."""

    schema_version: Annotated[Literal[1], Field(description="Version of this form.")]
    traces: Annotated[
        list[str], Field(description="Ids of the traces among those of the run that the watch had committed, sorted.")
    ]


@_CLOSED
class CommonForm(TypedDict):
    """What tasks may have in common. A field without a known value is left out."""

    operation: Annotated[
        str,
        Field(
            description="operation_type of the response; or update_expiration_time, if operation_type is none that is "
            "documented and extra_info contains a block of that name."
        ),
    ]
    status: Annotated[
        str,
        Field(
            description="As in the response; or 'success that made nothing', cbr-audit's own word for a backup that "
            "reports success although the task log shows that it made no backup."
        ),
    ]
    resource_id: NotRequired[Annotated[str, Field(description="The resource; missing for tasks on a whole vault.")]]
    resource_name: NotRequired[Annotated[str, Field(description="Its name.")]]
    resource_type: NotRequired[Annotated[str, Field(description="Its type, such as OS::Nova::Server.")]]
    vault_id: NotRequired[Annotated[str, Field(description="The vault.")]]
    vault_name: NotRequired[Annotated[str, Field(description="Its name.")]]
    policy_id: NotRequired[Annotated[str, Field(description="The policy that started it.")]]
    error_code: NotRequired[Annotated[str, Field(description="As in the response.")]]
    error_message: NotRequired[Annotated[str, Field(description="As in the response.")]]
    incremental: NotRequired[Annotated[bool, Field(description="Of a backup: false if it was a full one.")]]
    app_consistency: NotRequired[
        Annotated[str, Field(description="Of a backup: 1 if it is consistent for applications, 0 if not.")]
    ]
    app_consistency_error: NotRequired[Annotated[str, Field(description="Why it is not, as in the response.")]]
    target_resource_id: NotRequired[
        Annotated[str, Field(description="Of a restore: the resource that was written to.")]
    ]
    synced: NotRequired[Annotated[int, Field(description="Of a synchronisation: number of backups that it brought.")]]
    failures: NotRequired[
        Annotated[
            int,
            Field(
                description="Of a deletion or a removal: number of items that could not be removed; of a "
                "synchronisation: number of backups that it could not bring."
            ),
        ]
    ]
    removed: NotRequired[Annotated[list[str], Field(description="Ids of the resources that it removed from a vault.")]]


@_CLOSED
class TaskForm(CommonForm):
    """A task as a line of history.ndjson.gz: its newest known state. A field without a known value is left out."""

    id: Annotated[str, Field(description="Id of the task.")]
    created_at: Annotated[int, Field(description="When it was created, in microseconds since 1970-01-01T00:00:00Z.")]
    updated_at: Annotated[int, Field(description="When this state began, in the same unit.")]
    started_at: NotRequired[Annotated[int, Field(description="When the work started, in the same unit.")]]
    ended_at: NotRequired[Annotated[int, Field(description="When it ended, in the same unit.")]]
    backup_id: NotRequired[Annotated[str, Field(description="The backup that it made, deleted, restored or copied.")]]


@_CLOSED
class AlikeForm(CommonForm):
    """What some tasks of the history have in common."""

    id: NotRequired[Annotated[str, Field(description="Id of the only such task, if it is not a UUID.")]]
    backup_id: NotRequired[Annotated[str, Field(description="Its backup, if the id is not a UUID, or of zeros.")]]


@_CLOSED
class AboutForm(TypedDict):
    """What a row that could not be used seems to be about. A null could not be read, and may be anything."""

    resources: Annotated[list[str] | None, Field(description="Ids of the resources that it names.")]
    vaults: Annotated[list[str] | None, Field(description="Ids of its vaults, or their names.")]
    operation: Annotated[str | None, Field(description="What the task did, if that is a documented operation.")]
    status: Annotated[str | None, Field(description="How the task ended, if that is a documented, final status.")]
    at: Annotated[_Moment | None, Field(description="The newest time that it states.")]


@_CLOSED
class AskedForm(TypedDict):
    """The time span that was requested."""

    since: Annotated[_Moment, Field(description="Its start.")]
    until: Annotated[_Moment, Field(description="Its end.")]


@_CLOSED
class RejectedForm(TypedDict):
    """A row of the task log that could not be used."""

    kind: Annotated[Literal["operation_logs"], Field(description="The list.")]
    page: Annotated[int, Field(description="Number of the raw page: pages.number in the manifest of the run.")]
    row: Annotated[int, Field(description="Its position in the list of that page, counted from 0.")]
    id: Annotated[str, Field(description="Its id, empty if it has none.")]
    path: Annotated[str, Field(description="The field that is wrong, empty for the whole row.")]
    message: Annotated[str, Field(description="What is wrong.")]
    mark: Annotated[str, Field(description="A short hash of the row; a waiver names a row by its id or by this.")]
    about: Annotated[AboutForm, Field(description="What it seems to be about.")]
    is_contested: Annotated[
        bool, Field(description="It is rejected only because another row has the same id and different contents.")
    ]
    run: Annotated[str, Field(description="Id of the run that stored the page.")]
    asked: Annotated[AskedForm | None, Field(description="The time span that was requested; null if there was none.")]


@_CLOSED
class RejectedLineForm(TypedDict):
    """A row that could not be used as a line of history.ndjson.gz, after all tasks."""

    rejected: Annotated[RejectedForm, Field(description="The row.")]


HistoryLine = TaskForm | RejectedLineForm


@_CLOSED
class OpeningForm(TypedDict):
    """The first line of the history."""

    schema_version: Annotated[Literal[2], Field(description="Version of this form.")]
    rejected: Annotated[list[RejectedForm], Field(description="The rows of the task log that could not be used.")]


@_CLOSED
class PartForm(TypedDict):
    """The line before the columns of some tasks."""

    tasks: Annotated[int, Field(description="Number of tasks in the columns.")]
    alike: Annotated[
        list[AlikeForm],
        Field(description="What tasks have in common. The last column numbers the entries of all parts from 0."),
    ]


SegmentLine = OpeningForm | PartForm


@_CLOSED
class CopyForm(TypedDict):
    """A copy of a backup in another region."""

    status: Annotated[str | None, Field(description="Its status.")]
    region: Annotated[str | None, Field(description="The other region: destination_region.")]
    created_at: Annotated[_Moment | None, Field(description="When it was created.")]


@_CLOSED
class ColumnsForm(TypedDict):
    """The fields of backups: one list for each, in the order of the rows; a null is not known."""

    id: Annotated[list[str], Field(description="Ids of the backups.")]
    resource_id: Annotated[list[str], Field(description="What they are of.")]
    vault_id: Annotated[list[str], Field(description="Ids of their vaults.")]
    status: list[str]
    image_type: Annotated[list[str], Field(description="backup, or replication for a copy that came from elsewhere.")]
    created_at: list[_Moment]
    expired_at: Annotated[list[_Moment | None], Field(description="When they end; null if never.")]
    resource_name: list[str | None]
    resource_type: list[str | None]
    by_policy: Annotated[list[bool | None], Field(description="Whether a policy made them: extend_info.auto_trigger.")]
    encrypted: Annotated[list[bool | None], Field(description="Whether they are encrypted: extend_info.encrypted.")]
    encrypted_algorithm: Annotated[list[str | None], Field(description="How: extend_info.encrypted_algorithm.")]
    parent_id: Annotated[list[str | None], Field(description="The backup of a server that they belong to.")]
    replicas: Annotated[list[list[CopyForm]], Field(description="Their copies: replication_records.")]


@_CLOSED
class PackedForm(TypedDict):
    """The backups of one response, packed."""

    answer: Annotated[_Sha256, Field(description="SHA-256 of the response, as received.")]
    envelope: Annotated[dict[str, int], Field(description="What the response says besides its rows.")]
    backups: Annotated[ColumnsForm, Field(description="The backups of its rows.")]
