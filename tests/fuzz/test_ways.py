from random import Random

from tests.fuzz.ways import _VALUES, _changed


def test_a_change_inside_what_an_earlier_one_put_there_changes_no_row_but_this() -> None:
    value = next(value for value in _VALUES if isinstance(value, dict))
    before = dict(value)
    row = _changed(Random(1), {}, [([], "a", value), (["a"], "b", value)])  # noqa: S311  # repeatable

    assert row == {"a": {**before, "b": before}}
    assert value == before
