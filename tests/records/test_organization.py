from audit.records import Deployment, OrganizationPolicy
from tests.builders import a_deployment_row, an_organization_policy_row


def test_the_row_of_a_policy_gives_every_field() -> None:
    policy = OrganizationPolicy(id="given-1", name="everywhere", status="available")

    assert OrganizationPolicy.from_row(an_organization_policy_row()) == policy


def test_the_row_of_a_deployment_gives_every_field() -> None:
    deployment = Deployment(domain_id="account-1", project_id="project-1", status="available")

    assert Deployment.from_row(a_deployment_row()) == deployment
