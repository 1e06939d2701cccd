from datetime import timedelta

import pytest

from audit.assess import assess
from audit.history import History
from audit.profile import Profile
from audit.validate import Intake
from tests.core.builders import DAY, NOW, a_reading, a_task, run_facts


@pytest.mark.parametrize(("seconds", "is_complete"), [(0.4, True), (1.0, True), (1.1, False)])
def test_a_task_of_the_last_second_is_no_sign_of_another_clock(seconds: float, is_complete: bool) -> None:  # noqa: FBT001  # the expectation
    late = a_task("late", created_at=NOW + timedelta(seconds=seconds))
    intake = Intake(History([a_task(created_at=NOW - DAY), late]))

    report = assess(run_facts(), Profile(), intake, tuple(a_reading(kind) for kind in Profile().lists))

    assert report.collection.log_complete is is_complete
