"""A release is refused until everything that it needs is there."""

import re

import pytest

from audit import __version__
from deploy import build_zip, dist, release
from deploy.release import main, missing, next_version
from deploy.wheels import ROOT

CHANGELOG = "## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n### Added\n"


def test_a_version_with_its_changes_that_is_committed_and_has_no_tag_lacks_nothing() -> None:
    assert list(missing("0.2.0", CHANGELOG, "", "v0.1.0\nv0.2.0rc1\n")) == []


@pytest.mark.parametrize(
    ("version", "changed", "tags", "fault"),
    [
        ("0.3.0.dev0", "", "", r"says 0\.3\.0\.dev0: set a version such as 0\.3\.0$"),
        ("0.3.0", "", "", r"no section: .* below a line ## \[0\.3\.0\] - YEAR-MONTH-DAY$"),
        ("0.2.0", " M handler.py\n", "", "not committed"),
        ("0.2.0", "", "v0.1.0\nv0.2.0\n", r"the tag v0\.2\.0 exists"),
    ],
)
def test_what_a_release_lacks_is_named_with_the_remedy(version: str, changed: str, tags: str, fault: str) -> None:
    (told,) = missing(version, CHANGELOG, changed, tags)

    assert re.search(fault, told)


def test_the_version_after_a_release_is_a_minor_one_in_development() -> None:
    assert next_version("1.9.3") == "1.10.0.dev0"


def test_nothing_is_built_of_what_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "_git", lambda *_words: "something")

    with pytest.raises(SystemExit, match=r"(?s)nothing was built; first\n.*not committed"):
        main()


def test_all_is_built_and_the_tag_and_the_files_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(release, "missing", lambda *_facts: [])
    monkeypatch.setattr(release, "__version__", "1.2.3")
    built: list[str] = []
    for module in (dist, build_zip):
        monkeypatch.setattr(module, "main", lambda name=module.__name__: built.append(name))
    main()

    assert built == ["deploy.dist", "deploy.build_zip"]
    assert (
        '    git tag --annotate v1.2.3 --message "cbr-audit 1.2.3"\n    git push origin v1.2.3\n'
        in capsys.readouterr().out
    )


def test_the_changelog_begins_with_what_is_unreleased_and_then_tells_releases_the_newest_first() -> None:
    first, *released = re.findall(r"^## \[(.+?)\](.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    numbers = [tuple(map(int, version.split("."))) for version, _ in released]

    assert first == ("Unreleased", "")
    assert all(re.fullmatch(r" - \d{4}-\d\d-\d\d", day) for _, day in released)
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] <= tuple(map(int, __version__.split(".")[:3]))
