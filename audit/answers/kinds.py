"""The kinds of responses, and how a row of each is checked against the documents.

A compiled validator decides about every row; ``jsonschema`` explains the rejected ones.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Any, Final

import orjson
from jsonschema_rs import Draft202012Validator, ValidationError
from msgspec import Struct

from audit.answers.strict_json import FaultError, load, readable
from audit.errors import SourceAnswerError

LONGEST_PATH: Final = 200
_PROBLEMS: Final = {
    "additionalProperties": "unknown field",
    "required": "missing field",
    "enum": "unknown value",
    "pattern": "unknown format",
    "not": "unknown format",
    "type": "wrong type",
}

Deviation = tuple[tuple[str | int, ...], str, Any]
"""The place in the row, the problem and the value there."""


class AnswerKind(Struct, frozen=True, dict=True):
    """One kind of response, and the files of schemas/cbr that describe it.

    Attributes:
        name: its name for people.
        key: the field of the response that contains its rows; empty if the response itself is the only row.
        row: the definition of a row in the schema; empty if the response itself is the only row.
        schema: the schema's name.
        is_list: whether there is a list of rows, not just one.
        is_counted: whether the response must state the total number of rows.
        total: the field with the total number of rows.
        identity: the field that identifies a row; empty if its whole content does.
    """

    name: str
    key: str
    row: str
    schema: str
    is_list: bool = True
    is_counted: bool = True
    total: str = "count"
    identity: str = "id"

    def schema_of_row(self, variant: str) -> dict[str, Any]:
        """Return the part of a schema that describes one row; the variant is empty or ``.required``."""
        schema = _schema(self.schema, variant)
        return {"$ref": f"#/$defs/{self.row}", "$defs": schema["$defs"]} if self.row else schema

    @property
    def schema_of_page(self) -> dict[str, Any]:
        """Return the schema of a whole response."""
        return _schema(self.schema, "")

    @cached_property
    def documented(self) -> Draft202012Validator:
        """Checks whether a row is as the documents and their amendments say."""
        return compiled(self.schema_of_row(""))

    @cached_property
    def required(self) -> Draft202012Validator:
        """Checks whether the audit can use a row."""
        return compiled(self.schema_of_row(".required"))

    @cached_property
    def envelope(self) -> Draft202012Validator:
        """Checks whether the envelope is as documented, without the rows of a list."""
        if self.is_list:
            return compiled(_schema(self.schema, ""))
        return compiled({"properties": {self.key: True}, "additionalProperties": not self.key})

    def rows(self, answer: Mapping[str, Any], *, is_known: bool = True) -> tuple[list[Any], dict[str, Any]]:
        """Split a response into its rows and the rest.

        Args:
            answer: the parsed response.
            is_known: whether every value in it can be read without loss; otherwise each row is checked.

        Raises:
            SourceAnswerError: it is not a response of this kind.
        """
        rest = dict(answer)
        rows = self._listed(rest) if self.is_list else self._alone(rest)
        if is_known:
            return rows, rest
        if readable(rest) is not rest:
            raise SourceAnswerError(f"the answer for {self.name} has a value that cannot be read")
        return [readable(row) for row in rows], rest

    def _listed(self, rest: dict[str, Any]) -> list[Any]:
        """Take the list out of a response, which must state the total number of rows."""
        rows = rest.pop(self.key, None)
        if not isinstance(rows, list):
            raise SourceAnswerError(f'the answer has no list "{self.key}"')
        count = rest.get(self.total)
        is_count = isinstance(count, int) and not isinstance(count, bool) and count >= 0
        if not is_count and (self.is_counted or self.total in rest):
            raise SourceAnswerError(f'the answer for {self.name} states no "{self.total}"')
        return rows

    def _alone(self, rest: dict[str, Any]) -> list[Any]:
        """Take the only row out of a response, or the response as a whole."""
        if self.key and self.key not in rest:
            raise SourceAnswerError(f'the answer has no "{self.key}"')
        row = rest.pop(self.key) if self.key else dict(rest)
        if not self.key:
            rest.clear()
        return [row]


ANSWERS: Final = {
    answer.name: answer
    for answer in (
        AnswerKind("operation_logs", "operation_logs", "OperationLog", "operation_logs"),
        AnswerKind("policies", "policies", "Policy", "policies"),
        AnswerKind("vaults", "vaults", "Vault", "vaults"),
        AnswerKind("backups", "backups", "BackupResp", "backups"),
        AnswerKind("protectables", "instances", "ProtectablesResp", "protectables", is_counted=False),
        AnswerKind("agents", "agents", "Agent", "agents", identity="agent_id"),
        AnswerKind("organization_policies", "policies", "OrganizationPolicy", "organization_policies"),
        AnswerKind("deployments", "policies", "OrganizationPolicyStatus", "deployments", identity=""),
        AnswerKind("members", "members", "Member", "members", identity=""),
        AnswerKind(
            "storage_usage",
            "storage_usage",
            "StorageUsage",
            "storage_usage",
            total="resource_count",
            identity="resource_id",
        ),
        AnswerKind("traces", "traces", "Traces", "traces", is_counted=False, identity="trace_id"),
        AnswerKind("operation_log", "operation_log", "OperationLog", "operation_log", is_list=False),
        AnswerKind("policy", "policy", "Policy", "policies", is_list=False),
        AnswerKind("vault", "vault", "Vault", "vaults", is_list=False),
        AnswerKind("backup", "backup", "BackupResp", "backups", is_list=False),
        AnswerKind("error", key="", row="", schema="error", is_list=False),
    )
}


def parse(body: bytes, name: str = "") -> tuple[dict[str, Any], bool]:
    """Parse a response; also return whether every value in it can be read without loss.

    Raises:
        SourceAnswerError: the body is not trustworthy JSON, or not an object.
    """
    what = f"the answer for {name}" if name else "the answer"
    try:
        answer, is_known = load(body)
    except FaultError as error:
        raise SourceAnswerError(f"{what} {error}") from error
    if not isinstance(answer, dict):
        raise SourceAnswerError(f"{what} is not a JSON object")
    return answer, is_known


def deviations(errors: Iterable[ValidationError]) -> Iterator[Deviation]:
    """Yield the place, problem and value of each deviation, down to the innermost."""
    for error in errors:
        kind, path = error.kind, tuple(error.instance_path)
        if kind.name == "additionalProperties":
            fields: Any = error.instance
            for field in kind.value:
                yield (*path, field), "unknown field", fields[field]
        elif kind.name == "required":
            yield (*path, kind.value), "missing field", None
        elif error.instance is None:
            yield path, "unexpected null", None
        else:
            yield path, _PROBLEMS.get(kind.name, "out of range"), error.instance


def explain(answer: AnswerKind, row: Any) -> tuple[str, str]:
    """Explain in words why a row is unusable: the path of the field at fault, and the reason."""
    validator, best_match = _explainer(answer)
    error = best_match(validator.iter_errors(row))
    if error is None:
        return "", "the two validators disagree about this row"
    is_time = "Timestamp" in validator.schema["$defs"] and error.schema == validator.schema["$defs"]["Timestamp"]
    return path_of(*error.absolute_path), f"not a timestamp: {error.instance!r}" if is_time else error.message


@lru_cache(maxsize=4096)  # the same paths occur in row after row
def path_of(*parts: str | int) -> str:
    """Write a path as ``extra_info.resources[].id``."""
    path = "".join("[]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")
    return path[:LONGEST_PATH]


@cache
def _explainer(answer: AnswerKind) -> tuple[Any, Callable[..., Any]]:
    """Return what finds the errors of a row, and what picks the most relevant one."""
    import jsonschema  # noqa: PLC0415  # takes 0.1 s to import, and most runs reject nothing

    return jsonschema.Draft202012Validator(answer.schema_of_row(".required")), jsonschema.exceptions.best_match


def compiled(schema: dict[str, Any]) -> Draft202012Validator:
    """Compile a schema into a validator that decides in microseconds."""
    return Draft202012Validator(schema)


def _schema(name: str, variant: str) -> dict[str, Any]:
    package = resources.files("audit")
    inside = package.joinpath("schemas")  # where it is installed; the repository has the folder beside the package
    folder = inside if inside.is_dir() else package.joinpath("..", "schemas")
    schema: dict[str, Any] = orjson.loads(folder.joinpath("cbr", f"{name}{variant}.json").read_bytes())
    return schema
