from typing import Any

import pytest

from audit.errors import SourceRefusedError, SourceUnreachableError
from audit.fleet import iam
from audit.fleet.found import FoundProject, FoundProjects
from audit.fleet.iam import read_projects, read_regions
from tests.fleet.asking import Script, an_inquiry

PROJECTS = "/v3/projects?page=1"
ACCESSIBLE = "/v3/auth/projects"
DENIED = SourceRefusedError("answered 403", status=403)


def a_project(name: str, **changes: Any) -> dict[str, Any]:
    known = {"id": f"id-{name}", "name": name, "domain_id": "shop", "enabled": True, "is_domain": False}
    return {**known, "parent_id": "shop", "description": "", **changes}


def read(script: Script) -> FoundProjects:
    return read_projects(an_inquiry(script, "shop"), "shop")


def test_all_projects_of_an_account_are_found_and_the_answer_is_kept_with_its_account() -> None:
    found = read({PROJECTS: {"projects": [a_project("sim-2", enabled=False), a_project("sim-1"), a_project("MOS")]}})

    assert found.projects == (
        FoundProject("id-MOS", "MOS"),
        FoundProject("id-sim-1", "sim-1"),
        FoundProject("id-sim-2", "sim-2", is_enabled=False),
    )
    assert (found.is_whole, found.troubles) == (True, ())
    assert [(answer.account, answer.url) for answer in found.answers] == [
        ("shop", "https://cloud/v3/projects?page=1&per_page=1000")
    ]


def test_pages_are_read_until_one_is_not_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iam, "_PER_PAGE", 2)
    pages = [["sim-1", "sim-2"], ["sim-3", "sim-4"], []]
    script = {
        f"/v3/projects?page={number}": {"projects": [a_project(name) for name in names]}
        for number, names in enumerate(pages, 1)
    }

    assert [project.name for project in read(script).projects] == ["sim-1", "sim-2", "sim-3", "sim-4"]


def test_a_list_that_shows_one_page_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iam, "_PER_PAGE", 1)
    found = read({f"/v3/projects?page={number}": {"projects": [a_project("sim-1")]} for number in range(1, 101)})

    assert "IAM lists the project id-sim-1 twice" in found.troubles[0]
    assert "more than 100 pages" in found.troubles[-1]
    assert not found.is_whole


@pytest.mark.parametrize(
    ("script", "names", "troubles"),
    [
        (
            {PROJECTS: DENIED, ACCESSIBLE: {"projects": [a_project("sim-1")]}},
            ["sim-1"],
            ["its projects could not be read completely: answered 403"],
        ),
        (
            {PROJECTS: DENIED, ACCESSIBLE: DENIED},
            [],
            ["its projects could not be read", "nor could those that the agency may access: answered 403"],
        ),
        ({PROJECTS: SourceUnreachableError("no answer")}, [], ["its projects could not be read completely: no answer"]),
        ({PROJECTS: SourceRefusedError("401", status=401)}, [], ["its projects could not be read completely: 401"]),
        ({PROJECTS: {"projects": [{"id": "a"}]}}, [], ["its projects could not be read completely: https://cloud/v3"]),
        ({PROJECTS: {"projects": []}}, [], ["IAM lists no project, not even those that every account has"]),
        (
            {PROJECTS: {"projects": [a_project("sim-1"), a_project("sim-2", domain_id="bank")]}},
            ["sim-1"],
            ["IAM lists projects of the account bank: the agency is in another account"],
        ),
    ],
)
def test_what_may_hide_a_project_is_a_trouble(script: Script, names: list[str], troubles: list[str]) -> None:
    found = read(script)

    assert [project.name for project in found.projects] == names
    assert [said.startswith(start) for said, start in zip(found.troubles, troubles, strict=True)] == [True] * len(
        troubles
    )
    assert not found.is_whole


def test_the_names_of_all_regions_are_read() -> None:
    found = read_regions(an_inquiry({"/v3/regions": {"regions": [{"id": "sim-1", "type": "public"}, {"id": "sim-2"}]}}))

    assert (found.names, found.troubles, len(found.answers)) == (frozenset({"sim-1", "sim-2"}), (), 1)


def test_regions_that_cannot_be_read_are_a_trouble() -> None:
    found = read_regions(an_inquiry({"/v3/regions": DENIED}))

    assert (found.names, found.troubles) == (None, ("the regions could not be read: answered 403",))
