"""What the page says of enterprise projects."""

from dataclasses import replace

from msgspec import structs

from audit.collection import ALL_GRANTED, Kind
from audit.judging.findings import Severity
from audit.report.contents import PolicyLine, Report
from audit.report.formats.html_report import render
from audit.report.page.enterprise_projects import EnterpriseProjects
from audit.subjects import SubjectKind, VaultTrace
from tests.report.test_html_report import collection, failing, line, problem, reading, report, run, text, twins

HOSTILE = '"><script>alert(1)</script>'


def vault(project: str | None, name: str = "v") -> VaultTrace:
    return VaultTrace(id=f"{name}-{project}", name=name, enterprise_project_id=project, listed=True)


def a_report(*projects: str) -> Report:
    lines = tuple(line(id=f"r{place}", enterprise_projects=(each,)) for place, each in enumerate(projects))
    return report(resources=(*lines, line(id="none")), vaults=tuple(map(vault, projects)))


def source(shown: Report) -> str:
    return render(shown).decode()


def a_policy(policy_type: str | None, cross_account_urn: str | None) -> PolicyLine:
    return PolicyLine(
        id="p1",
        name="daily",
        policy_type=policy_type,
        cross_account_urn=cross_account_urn,
        mark="",
        known_since=None,
        enterprise_projects=("0", "e1"),
    )


def test_where_there_is_one_nothing_is_marked_and_there_is_no_filter() -> None:
    for shown in (report(), a_report("0"), a_report("0", "0")):
        assert "data-projects" not in source(shown).partition("<script>")[0]
        assert 'id="project"' not in source(shown)


def test_where_there_are_several_one_can_be_chosen_and_rows_say_theirs() -> None:
    shown = source(a_report("e1", "0"))

    assert '<option value="0">0</option><option value="1">e1</option>' in shown
    assert shown.count('<tr data-projects="1">') == shown.count('<tr data-projects="0">') == 1
    assert "enterprise project e1" in text(a_report("e1", "0"))


def test_problems_of_resources_policies_and_vaults_are_marked() -> None:
    policy = a_policy(None, None)
    known = failing(
        problem(id="r0", kind=SubjectKind.RESOURCE),
        problem(id="p1", kind=SubjectKind.POLICY, severity=Severity.LOW),
        problem(id="v-0", kind=SubjectKind.VAULT, severity=Severity.MEDIUM),
        problem(id="p", kind=SubjectKind.COLLECTION, severity=Severity.MEDIUM),
    )
    base = a_report("e1", "0")
    shown = replace(known, resources=base.resources, vaults=base.vaults, policies=(policy,))
    marked = EnterpriseProjects(shown)

    assert marked.attribute(SubjectKind.RESOURCE, "r0") == ' data-projects="1"'
    assert marked.attribute(SubjectKind.POLICY, "p1") == ' data-projects="0 1"'
    assert marked.attribute(SubjectKind.VAULT, "v-0") == ' data-projects="0"'
    assert marked.attribute(SubjectKind.COLLECTION, "p") == ""
    assert '<li data-severity="low" data-projects="0 1">' in source(shown)
    assert '<li data-severity="medium" data-projects="0">' in source(shown)
    assert '<li data-severity="medium">' in source(shown)


def test_alike_problems_are_marked_one_by_one() -> None:
    known = failing(*twins())
    one = known.problems[0]
    base = a_report("e1", "0")
    held = (*base.resources, line(id=one.id, enterprise_projects=("e1",)))

    shown = source(replace(known, resources=held, vaults=base.vaults))

    assert f'<li data-severity="{one.severity.value}">' in shown
    assert '<li data-projects="1">' in shown


def test_names_of_projects_are_data() -> None:
    shown = source(a_report(HOSTILE, "0"))

    assert HOSTILE not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_what_was_asked_for_stands_beside_the_run_and_at_each_list() -> None:
    lists = (
        reading(Kind.TASKS, enterprise_project_id=ALL_GRANTED),
        reading(Kind.TASKS, enterprise_project_id=ALL_GRANTED, status="running"),
        reading(Kind.TASKS, enterprise_project_id="e1", status="waiting"),
        reading(
            Kind.VAULTS, notes=("asked for without an enterprise project: the API does not accept that parameter",)
        ),
    )
    shown = report(
        run=structs.replace(run(), enterprise_project_id=ALL_GRANTED), collection=replace(collection(), readings=lists)
    )

    told = text(shown)
    assert "Enterprise projects all that are granted" in told
    assert "Running tasks yes 1,240 1,240 0 2 2 all that are granted" in told
    assert "Waiting tasks yes 1,240 1,240 0 2 2 e1" in told
    assert "Vaults yes 1,240 1,240 0 2 2 not asked for" in told
    assert "Vaults: asked for without an enterprise project: the API does not accept that parameter" in told


def test_policies_that_are_not_the_usual_ones_are_named() -> None:
    usual, given = a_policy("custom_policy", None), a_policy("organization_policy_v2", None)
    copying, unknown = a_policy("custom_policy", "urn:hws:vault:<other>"), a_policy(None, None)

    assert "organi" not in text(replace(report(), policies=(usual, unknown))).partition("This run")[2]
    told = text(replace(report(), policies=(usual, given, copying, unknown)))
    assert "Policy of an organisation daily organization_policy_v2" in told
    assert "Copies to another account daily urn:hws:vault:<other>" in told


def test_one_that_was_chosen_is_named_at_the_top() -> None:
    assert "Enterprise project e1 Window" in text(report(run=structs.replace(run(), enterprise_project_id="e1")))
