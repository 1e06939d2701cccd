"""The lists of organisation policies and their deployments."""

from http import HTTPStatus

from audit.simulator import parameters
from audit.simulator.answers import RequestRefusedError, bad_parameter
from audit.simulator.cloud import SimulatedCloud
from audit.simulator.listings import list_page, paging
from audit.simulator.messages import Request, Response


def list_policies(cloud: SimulatedCloud, request: Request, _: str) -> Response:
    """List the organisation policies of one operation, which is required."""
    asked = parameters.read(request.split().query, parameters.ORGANISATION_POLICIES)
    if "operation_type" not in asked:
        raise bad_parameter("'operation_type' is missing.")
    limit, offset = paging(asked)
    rows = [row for row in cloud.estate.organisation_policies if row["operation_type"] == asked["operation_type"]]
    return list_page("policies", rows, limit, offset)


def list_deployments(cloud: SimulatedCloud, request: Request, policy_id: str) -> Response:
    """List the deployments of a policy at once; the documents give this list no parameters.

    They publish no code for a missing policy; the one of other policies is used.
    """
    parameters.read(request.split().query, {})
    if policy_id not in cloud.estate.deployments:
        raise RequestRefusedError(HTTPStatus.NOT_FOUND, "BackupService.6000", "The policy does not exist.")
    return list_page("policies", cloud.estate.deployments[policy_id], parameters.MOST_ROWS, 0)
