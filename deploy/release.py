"""``make release``: build every published file of a version, and print what to tag and upload."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from audit import __version__
from deploy import build_zip, dist
from deploy.wheels import ROOT

_NEXT: Final = """
To publish it:
    git tag --annotate {tag} --message "cbr-audit {version}"
    git push origin {tag}
    uv publish dist/*        (or: twine upload dist/*)
Attach build/cbr-audit.zip to the release of {tag}, with section [{version}] of CHANGELOG.md and the three SHA-256.
Then set the next version in audit/__init__.py, such as {next}."""


def missing(version: str, changelog: str, changed: str, tags: str) -> Iterator[str]:
    """Yield what is missing for a release, with the remedy.

    Args:
        version: what audit/__init__.py says.
        changelog: the text of CHANGELOG.md.
        changed: what ``git status --porcelain`` prints.
        tags: what ``git tag`` prints.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        yield f"audit/__init__.py says {version}: set a version such as {version.partition('.dev')[0]}"
    elif not re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE):
        yield f"CHANGELOG.md has no section: move the unreleased changes below a line ## [{version}] - YEAR-MONTH-DAY"
    if changed:
        yield "some files are not committed: commit or remove them"
    if f"v{version}" in tags.split():
        yield f"the tag v{version} exists: set the next version in audit/__init__.py"


def next_version(version: str) -> str:
    """Return the version to work on after a release."""
    major, minor, _patch = version.split(".")
    return f"{major}.{int(minor) + 1}.0.dev0"


def _git(*words: str) -> str:
    command = ("git", *words)
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603  # git, with words of our own


def main() -> None:
    """Stop if something is missing; otherwise build, check, and print the next steps."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    lacks = list(missing(__version__, changelog, _git("status", "--porcelain"), _git("tag")))
    if lacks:
        sys.exit("\n    ".join(["make release: nothing was built; first", *lacks]))
    dist.main()
    build_zip.main()
    print(_NEXT.format(version=__version__, tag=f"v{__version__}", next=next_version(__version__)))  # noqa: T201  # what make shows


if __name__ == "__main__":
    main()
