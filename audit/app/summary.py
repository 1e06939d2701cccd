"""How a run ended, in a few values: what the function returns and what the last line of the log holds."""

from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

if TYPE_CHECKING:
    from audit.app.run import Done


def summary(done: "Done") -> dict[str, Any]:
    """Sum up a run."""
    report, caller = done.report, done.caller
    return {
        "run": report.run.id,
        "conclusion": report.conclusion.value,
        "what_if": report.run.is_what_if,
        "profile_changes": list(report.run.profile_changes),
        "controls": len(report.controls),
        "controls_left_out": len(report.summary.controls_left_out),
        "problems": report.summary.problems,
        "worst": report.problems[0].severity.value if report.problems else None,
        "resources": report.summary.resources,
        "resources_failing": report.summary.resources_failing,
        "findings": {outcome.value: count for outcome, count in sorted(report.summary.outcomes.items())},
        "complete": report.collection.complete,
        "gaps": list(report.collection.gaps),
        "rejected": len(report.collection.rejected),
        "kinds_of_drift": len(report.collection.drift),
        "new_drift": sum(not report.run.previous.knows(drift) for drift in report.collection.drift),
        "caller": {name: value for name, value in asdict(caller).items() if value} if caller else None,
        "prefix": done.prefix,
        "digest_sha256": done.digest_sha256,
    }
