"""Lets the function start itself again, without waiting for the result."""

from collections.abc import Mapping
from typing import Any, Protocol

from audit.app.request import Context, own_project
from audit.cloud.functiongraph import Invoked, invoke, target


class FunctionContext(Context, Protocol):
    """What FunctionGraph tells a function about itself."""

    def getFunctionName(self) -> str: ...  # noqa: D102, N802  # named by the platform
    def getPackage(self) -> str: ...  # noqa: D102, N802  # named by the platform
    def getVersion(self) -> str: ...  # noqa: D102, N802  # named by the platform


def start_itself(
    context: FunctionContext, environment: Mapping[str, str], variables: Mapping[str, str], event: Mapping[str, Any]
) -> Invoked:
    """Start this function with an event, asynchronously: in its own project, whichever one it audits.

    Args:
        context: names the function.
        environment: names its project, too.
        variables: its settings by name, with the credentials.
        event: what it will be started with.

    Raises:
        AuditError: FunctionGraph refused, or did not answer.
    """
    project = own_project(context, environment) or variables.get("HUAWEICLOUD_SDK_PROJECT_ID", "")
    region = variables.get("CBR_AUDIT_HOME_REGION") or variables.get("HUAWEICLOUD_SDK_REGION", "")
    name = f"{context.getPackage()}:{context.getFunctionName()}:{context.getVersion()}"
    urn, there = target(f"urn:fss:{region}:{project}:function:{name}", variables)
    return invoke(urn, there, event, endpoint=variables.get("CBR_AUDIT_FUNCTIONGRAPH_ENDPOINT"), wait=False)
