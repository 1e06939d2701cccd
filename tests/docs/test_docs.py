"""What the documents tell people to do can be done."""

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest

from audit.app.event import ManualEvent
from audit.cli.commands import main
from audit.notify import webhook
from audit.notify.change import compare
from deploy.wheels import ROOT
from tests.notify.builders import a_problem, a_report

PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "deploy/iam/README.md",
)
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()


def commands(text: str) -> list[list[str]]:
    """The calls of cbr-audit that a page shows as blocks or in backticks."""
    blocks = re.findall(r"^ {4}(?:\.venv/bin/)?(cbr-audit .+)$", text, re.MULTILINE)
    spoken = re.findall(r"`(?:\.venv/bin/)?(cbr-audit [^`]+)`", text)
    return [shlex.split(line, comments=True)[1:] for line in (*blocks, *spoken)]


def accept(group: click.Command, words: list[str]) -> None:
    """Follow words through commands and options; a word that is neither must be an argument that is taken."""
    options = {
        name
        for parameter in group.params
        if isinstance(parameter, click.Option)
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    for word in words:
        if isinstance(group, click.Group) and not word.startswith("-"):
            assert word in group.commands, word
            return accept(group.commands[word], words[words.index(word) + 1 :])
        assert not word.startswith("-") or word in options | {"--help", "-h", "--version"}, word
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_exists_with_its_options(page: Path) -> None:
    for words in commands(page.read_text()):
        accept(main, [word for word in words if word != "…"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_target_of_make_exists(page: Path) -> None:
    named = set(re.findall(r"(?:^ {4}|`)make ([a-z]+)", page.read_text(), re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if not link.startswith("http")]
    files = re.findall(r"`((?:audit|deploy|docs|schemas|tests)/[A-Za-z0-9_./-]+)`", text)

    assert all((page.parent / link).exists() for link in links)
    assert [name for name in files if "NNN" not in name and not (ROOT / name).exists()] == []


def test_the_keys_of_an_event_are_those_that_the_page_explains() -> None:
    table = (ROOT / "docs" / "invoke.md").read_text().partition("| key | meaning |")[2].partition("A misspelt")[0]

    assert set(re.findall(r"`(\w+)`", table)) - {"7d"} == {*ManualEvent.model_fields}


def test_the_check_of_a_signature_that_is_shown_to_receivers_works() -> None:
    (code,) = re.findall(r"^    import hashlib.*?(?=^[^ \n])", DEPLOY, re.MULTILINE | re.DOTALL)
    shown: dict[str, Any] = {}
    exec(re.sub(r"^ {4}", "", code, flags=re.MULTILINE), shown)  # noqa: S102  # the page's own code is what is tested
    content = webhook.content(compare(a_report(a_problem()), None), "")
    sent = webhook.call("https://hooks.example", "a-shared-secret-1", content, datetime.now(UTC))
    headers, body = dict(sent.headers), sent.data

    assert shown["is_genuine"](headers, body, "a-shared-secret-1")
    assert not shown["is_genuine"](headers, body + b" ", "a-shared-secret-1")
    assert not shown["is_genuine"](headers, body, "another-secret-16")
    assert not shown["is_genuine"]({**headers, webhook.TIMESTAMP: "1700000000"}, body, "a-shared-secret-1")


def test_the_lines_that_alarms_are_written_on_are_logged() -> None:
    code = "".join(path.read_text() for path in (ROOT / "audit").rglob("*.py"))
    events = set(re.findall(r"`((?:run|notification)\.[a-z_]+)`", DEPLOY))

    assert events == {"run.started", "run.finished", "run.failed", "notification.failed"}
    assert all(f'"{event}"' in code for event in events)
