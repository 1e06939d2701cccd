from audit.collection import Kind, Window
from audit.subjects import Collection
from tests.builders import DAY, NOW, a_collection, a_task, a_window, arranged

PROVEN = Window(NOW - 80 * DAY, NOW - DAY)


def read(*incomplete: Kind) -> Collection:
    collection = a_collection(*incomplete, window=a_window(20), proven=PROVEN)
    return arranged([a_task()], collection=collection).collection


def test_tasks_that_are_not_passed_on_are_not_covered() -> None:
    assert read().covered == Window(NOW - 20 * DAY, NOW)
    assert read(Kind.TASKS).covered == Window(NOW - 20 * DAY, NOW - DAY)


def test_a_log_with_gaps_covers_nothing_of_its_own() -> None:
    assert arranged(collection=a_collection(Kind.TASKS)).collection.covered is None
