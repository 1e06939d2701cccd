from audit.controls import CONTROLS
from audit.judging.control_catalogue import NAMES, OF_WAIVERS, OPT_IN
from audit.subjects import SubjectKind


def test_what_profiles_know_of_the_controls_is_what_they_are() -> None:
    file = "audit/judging/control_catalogue.py"

    assert list(NAMES.items()) == [(control.id, control.name) for control in CONTROLS], f"{file} (NAMES)"
    assert NAMES.keys() >= OPT_IN, f"{file} (OPT_IN)"
    assert {control.id for control in CONTROLS if SubjectKind.WAIVER in control.kinds} == OF_WAIVERS, (
        f"{file} (OF_WAIVERS)"
    )
