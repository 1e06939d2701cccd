"""What stands in more than one place is the same in each; a test that fails names the files to open."""

from datetime import UTC, datetime
from importlib import resources
from typing import get_args

from audit.profile import Profile, build, find_source
from audit.profile.explanation import explain
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
