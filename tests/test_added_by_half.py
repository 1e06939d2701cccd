"""What stands in more than one place is the same in each; a test that fails names the files to open."""

from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import get_args

from audit.limits import FIELDS, LIMITS
from audit.profile import Profile, build, find_source
from audit.profile.explanation import explain
from audit.profile.limits import UNITS
from audit.profile.model import FileName
from audit.report import FORMATS
from audit.report.models import RunPart
from audit.report.page.words import words_of

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
LANGUAGES = get_args(Profile.model_fields["language"].annotation)


def test_profiles_can_name_every_format_in_the_order_of_the_table() -> None:
    assert list(get_args(FileName)) == list(FORMATS), "audit/profile/model.py (FileName), audit/report/__init__.py"


def test_profiles_can_name_every_language_that_has_words() -> None:
    pages = resources.files("audit.report.page").iterdir()
    words = {path.name.removesuffix(".json") for path in pages if path.name.endswith(".json")}

    assert {"en", *words} == {*LANGUAGES}, "audit/profile/model.py (language), audit/report/page/"
    assert get_args(RunPart.model_fields["language"].annotation) == LANGUAGES, "audit/report/models.py (RunPart)"
    assert [words_of(language).tag.partition("-")[0] for language in LANGUAGES] == [*LANGUAGES]


def test_every_language_is_explained() -> None:
    for language in LANGUAGES:
        source = find_source(f"language: {language}\n")
        assert list(explain(source, build(source), NOW)), "audit/profile/explanation.py (_LANGUAGES)"


def test_a_limit_that_is_a_time_says_its_unit_and_every_limit_its_meaning_and_source() -> None:
    for kind, limit in FIELDS.values():
        is_time = limit.key.rpartition("_")[2] in UNITS
        assert (kind in {timedelta, timedelta | None}) == is_time, f"audit/limits.py ({limit.key}, and its type)"
        assert limit.meaning.endswith("."), f"audit/limits.py ({limit.key})"
        assert limit.source.endswith("."), f"audit/limits.py ({limit.key})"
        assert (limit.bounds is None) == isinstance(limit.default, tuple), f"audit/limits.py ({limit.key})"


def test_a_limit_whose_order_nobody_can_say_is_one_of_these() -> None:
    assert {key for key, limit in LIMITS.items() if limit.stricter is None} == {"success_rate_days"}, "audit/limits.py"


def test_every_limit_is_read() -> None:
    code = "\n".join(path.read_text() for path in Path("audit").rglob("*.py") if path != Path("audit/limits.py"))
    for name in FIELDS:
        assert f"limits.{name}" in code, f"no control reads {name}: audit/limits.py, audit/controls/"
