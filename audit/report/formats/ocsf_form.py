"""A line of findings.ocsf.ndjson.gz: the fields of the class Compliance Finding of OCSF 1.8.0 that cbr-audit writes.

schemas/ is generated from it, and mypy checks what is written against it. Nothing imports it during a run.
"""

from typing import Annotated, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

_CLOSED = with_config(ConfigDict(extra="forbid"))


@_CLOSED
class ProductForm(TypedDict):
    """What wrote the line."""

    name: Annotated[str, Field(description="cbr-audit.")]
    vendor_name: Annotated[str, Field(description="cbr-audit.")]
    version: Annotated[str, Field(description="Version of cbr-audit.")]


@_CLOSED
class MetadataForm(TypedDict):
    """Which line it is."""

    version: Annotated[str, Field(description="Version of OCSF.")]
    profiles: Annotated[list[str], Field(description="Profiles of OCSF: cloud.")]
    product: Annotated[ProductForm, Field(description="What wrote the line.")]
    uid: Annotated[str, Field(description="Run, control, kind and id of the subject: unique to this line.")]
    correlation_uid: Annotated[str, Field(description="The id of the run.")]
    labels: NotRequired[Annotated[list[str], Field(description="what-if, profile-changed; missing if there is none.")]]


@_CLOSED
class AccountForm(TypedDict):
    """The account of the project."""

    uid: Annotated[str, Field(description="Its id.")]
    name: Annotated[str, Field(description="Its name, or its id if that is unknown.")]
    type: Annotated[str, Field(description="The cloud, and the word account.")]
    type_id: Annotated[int, Field(description="99: another type than those that OCSF lists.")]


@_CLOSED
class OrganizationForm(TypedDict):
    """The organisation of the account."""

    name: Annotated[str, Field(description="The name of its root.")]
    ou_name: NotRequired[
        Annotated[
            str,
            Field(
                description="Names of the units below the root, down to that of the account, separated by slashes; "
                "missing if it is in none."
            ),
        ]
    ]


@_CLOSED
class CloudForm(TypedDict):
    """The project that was audited."""

    provider: Annotated[str, Field(description="The cloud, such as Huawei Cloud.")]
    region: Annotated[str, Field(description="The region of the project.")]
    project_uid: Annotated[str, Field(description="The id of the project.")]
    account: NotRequired[Annotated[AccountForm, Field(description="Its account; missing where it is not known.")]]
    org: NotRequired[Annotated[OrganizationForm, Field(description="Its organisation; missing where it is not known.")]]


@_CLOSED
class FindingInfoForm(TypedDict):
    """What was found."""

    uid: Annotated[
        str, Field(description="Project, control, kind and id of the subject: the same in every run except what-ifs.")
    ]
    title: Annotated[str, Field(description="The title of the control, which is true if the subject passes.")]
    desc: Annotated[str, Field(description="The reason of the outcome.")]
    created_time: Annotated[int, Field(description="Time of judgement, in milliseconds since 1970-01-01T00:00:00Z.")]
    types: Annotated[list[str], Field(description="Backup.")]
    first_seen_time: NotRequired[
        Annotated[int, Field(description="Since when, in the same unit; missing if the finding does not state it.")]
    ]


@_CLOSED
class ComplianceForm(TypedDict):
    """The outcome."""

    control: Annotated[str, Field(description="Id and name of the control.")]
    standards: Annotated[list[str], Field(description="cbr-audit.")]
    status_id: Annotated[int, Field(description="1 pass, 3 fail, 0 unknown, 99 not applicable.")]
    status: Annotated[str, Field(description="The outcome in the words of report.json.")]


@_CLOSED
class RemediationForm(TypedDict):
    """What to do."""

    desc: Annotated[str, Field(description="What the control says about fixing it.")]


@_CLOSED
class SubjectForm(TypedDict):
    """The subject."""

    uid: Annotated[str, Field(description="Its id.")]
    name: Annotated[str, Field(description="Its name.")]
    type: Annotated[str, Field(description="Its kind in the words of report.json.")]
    region: Annotated[str, Field(description="The region of the project.")]


@_CLOSED
class ApiForm(TypedDict):
    """What was asked of it."""

    operation: Annotated[str, Field(description="The name of the operation, such as deleteVault.")]


@_CLOSED
class UserAccountForm(TypedDict):
    """The account of a user."""

    name: NotRequired[Annotated[str, Field(description="Its name.")]]
    uid: NotRequired[Annotated[str, Field(description="Its id.")]]


@_CLOSED
class UserForm(TypedDict):
    """The user, as far as the trace says."""

    name: NotRequired[Annotated[str, Field(description="The name of the user, or of the agency and its session.")]]
    uid: NotRequired[Annotated[str, Field(description="The id of the user.")]]
    uid_alt: NotRequired[Annotated[str, Field(description="The URN of the principal.")]]
    credential_uid: NotRequired[Annotated[str, Field(description="The id of the access key.")]]
    account: NotRequired[Annotated[UserAccountForm, Field(description="The account of the user.")]]


@_CLOSED
class EvidenceActorForm(TypedDict):
    """Who asked."""

    user: NotRequired[Annotated[UserForm, Field(description="The user.")]]
    app_name: NotRequired[
        Annotated[str, Field(description="The service that asked for the user, or the cloud, if it acted by itself.")]
    ]


@_CLOSED
class EndpointForm(TypedDict):
    """Where the request came from."""

    ip: Annotated[str, Field(description="The address.")]


@_CLOSED
class EvidenceDataForm(TypedDict):
    """What evidences have no field for."""

    time: Annotated[int, Field(description="When it was done, in milliseconds since 1970-01-01T00:00:00Z.")]
    service: Annotated[str, Field(description="The service that was asked, such as CBR.")]
    run: Annotated[str, Field(description="The id of the newest run whose stored traces have it.")]
    resource_uid: Annotated[str | None, Field(description="What it was done to.")]
    resource_name: Annotated[str | None, Field(description="Its name.")]


@_CLOSED
class EvidenceForm(TypedDict):
    """A trace of Cloud Trace Service that may explain the finding."""

    uid: Annotated[str, Field(description="The id of the trace.")]
    api: Annotated[ApiForm, Field(description="What was asked.")]
    actor: NotRequired[
        Annotated[EvidenceActorForm, Field(description="Who asked; missing where the trace names nobody.")]
    ]
    src_endpoint: NotRequired[Annotated[EndpointForm, Field(description="From where.")]]
    data: Annotated[EvidenceDataForm, Field(description="When, and which run read it.")]


@_CLOSED
class UnmappedForm(TypedDict):
    """What OCSF has no field for."""

    facts: Annotated[dict[str, str | int | bool | None], Field(description="The values behind the reason.")]
    tasks: Annotated[list[str], Field(description="Ids of the tasks that the finding rests on.")]
    collection_complete: Annotated[bool, Field(description="Everything could be read.")]
    actors_more: NotRequired[Annotated[int, Field(description="How many traces fit beside those in evidences.")]]
    actors_why_not: NotRequired[Annotated[str, Field(description="Why nobody is known, or why others may be missing.")]]


@_CLOSED
class ComplianceFindingForm(TypedDict):
    """A finding, as a line of findings.ocsf.ndjson.gz."""

    activity_id: Annotated[int, Field(description="1: created.")]
    category_uid: Annotated[int, Field(description="2: findings.")]
    class_uid: Annotated[int, Field(description="2003: Compliance Finding.")]
    type_uid: Annotated[int, Field(description="200301.")]
    time: Annotated[int, Field(description="Time of judgement, in milliseconds since 1970-01-01T00:00:00Z.")]
    severity_id: Annotated[int, Field(description="Of a failure: 2 low, 3 medium, 4 high, 5 critical; otherwise 1.")]
    status_id: Annotated[
        int, Field(description="3 if waived; else 1 for fail, 0 for unknown, 4 for pass and not applicable.")
    ]
    message: Annotated[str, Field(description="The reason of the outcome.")]
    metadata: Annotated[MetadataForm, Field(description="Which line it is.")]
    cloud: Annotated[CloudForm, Field(description="The project that was audited.")]
    finding_info: Annotated[FindingInfoForm, Field(description="What was found.")]
    compliance: Annotated[ComplianceForm, Field(description="The outcome.")]
    remediation: Annotated[RemediationForm, Field(description="What to do.")]
    resources: Annotated[list[SubjectForm], Field(description="The subject.")]
    evidences: NotRequired[
        Annotated[list[EvidenceForm], Field(description="Who may have done it; missing where nobody is known.")]
    ]
    unmapped: Annotated[UnmappedForm, Field(description="What OCSF has no field for.")]
