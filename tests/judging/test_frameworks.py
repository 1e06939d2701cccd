import pytest

from audit.controls import CONTROLS
from audit.judging.frameworks import FRAMEWORKS, MAPPED_TO_NONE, Claim, Framework
from audit.profile import PRESETS, load_profile
from audit.profile.applied import controls_of
from audit.report.cause_rules import CAUSES, RUNS

EVERY = pytest.mark.parametrize("framework", FRAMEWORKS, ids=lambda framework: framework.id)
IDS = {control.id for control in CONTROLS}
MAPPED = {control for framework in FRAMEWORKS for each in framework.requirements for control in each.controls}


def test_the_standards_are_those_that_were_asked_for() -> None:
    assert [framework.id for framework in FRAMEWORKS] == [
        *("nist-800-53", "iso27001", "cis-v8", "soc2", "pci-dss", "dora", "mlps-2.0-l3"),
    ]


def test_every_control_that_a_table_names_exists() -> None:
    causes = {control for cause in CAUSES for control in (cause.control, *cause.explains)}

    assert (MAPPED | set(MAPPED_TO_NONE)) - IDS == set(), "audit/judging/frameworks/frameworks.json"
    assert (causes | RUNS) - IDS == set(), "audit/report/cause_rules.py"


def test_every_control_serves_a_requirement_or_says_why_it_serves_none() -> None:
    assert set(MAPPED_TO_NONE) == IDS - MAPPED, "audit/judging/frameworks/frameworks.json (mapped_to_none)"
    assert all(reason.endswith(".") for reason in MAPPED_TO_NONE.values())


@EVERY
def test_the_requirements_of_a_standard_differ(framework: Framework) -> None:
    ids = [requirement.id for requirement in framework.requirements]

    assert len(set(ids)) == len(ids)


@EVERY
def test_every_requirement_has_evidence_or_cannot_be_shown_and_says_what_stays_open(framework: Framework) -> None:
    for requirement in framework.requirements:
        assert requirement.controls or requirement.claim is Claim.CANNOT_SHOW
        assert list(requirement.controls) == sorted(set(requirement.controls))
        assert requirement.limit.endswith(".")
        assert not requirement.text.endswith(".")


@EVERY
def test_a_standard_says_where_it_was_read(framework: Framework) -> None:
    assert framework.source
    assert not framework.source.endswith(".")
    assert not framework.note or framework.note.endswith(".")


WITH_PRESET = [framework for framework in FRAMEWORKS if framework.id in PRESETS]


@pytest.mark.parametrize("framework", WITH_PRESET, ids=lambda framework: framework.id)
def test_the_preset_of_a_standard_applies_every_control_that_the_standard_needs(framework: Framework) -> None:
    claimed = (each for each in framework.requirements if each.claim is not Claim.CANNOT_SHOW)
    needed = {control for requirement in claimed for control in requirement.controls}

    assert needed & {control.id for control in CONTROLS} <= {
        each.id for each in controls_of(load_profile(framework.id))
    }


def test_every_preset_of_a_standard_has_its_table() -> None:
    assert {framework.id for framework in WITH_PRESET} == set(PRESETS) - {"default", "strict"}


def claims(framework_id: str) -> dict[str, Claim]:
    framework = next(each for each in FRAMEWORKS if each.id == framework_id)
    return {requirement.id: requirement.claim for requirement in framework.requirements}


def test_real_time_backup_elsewhere_is_never_claimed() -> None:
    assert claims("mlps-2.0-l3")["8.1.4.9 b"] is Claim.CANNOT_SHOW


def test_little_is_claimed_for_card_data() -> None:
    assert Claim.SUPPORTS not in claims("pci-dss").values()
    assert list(claims("pci-dss").values()).count(Claim.PARTLY) == 1
