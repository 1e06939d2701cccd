from bench.imports import REASONS, quietest, read_import_times

SAID = """\
import time: self [us] | cumulative | imported package
import time:       200 |        200 |     urllib3.util
import time:      7000 |       9000 |   urllib3
import time:      1500 |      12000 | requests
import time:      6000 |       6000 | surprise.inner
something that the program wrote
"""


def test_packages_are_added_up_and_the_slow_ones_need_a_reason() -> None:
    imported = read_import_times(SAID)

    assert [(each.name, each.own, each.whole, each.modules) for each in imported] == [
        ("urllib3", 7.2, 9.0, 2),
        ("surprise", 6.0, 6.0, 1),
        ("requests", 1.5, 12.0, 1),
    ]
    assert [each.name for each in imported if each.is_slow] == ["urllib3", "surprise"]
    assert imported[0].reason == REASONS["urllib3"]
    assert imported[1].reason == ""


def test_the_quietest_of_several_runs_counts() -> None:
    noisy = SAID.replace("7000", "9900").replace("6000 |       6000", "400 |        400")

    assert [(each.name, each.own) for each in quietest(map(read_import_times, (SAID, noisy)))] == [
        ("urllib3", 7.2),
        ("requests", 1.5),
        ("surprise", 0.4),
    ]
