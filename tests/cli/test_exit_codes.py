import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest

from audit.cli import exit_codes
from audit.cli.commands import main
from audit.errors import AuditError
from audit.report.facts import Conclusion

ROOT = Path(__file__).parents[2]
README = ROOT.joinpath("README.md").read_text(encoding="utf-8")


def kinds_of(error: type[AuditError]) -> Iterator[type[AuditError]]:
    yield error
    for kind in error.__subclasses__():
        yield from kinds_of(kind)


OF_AN_AUDIT = {
    *exit_codes.OF_CONCLUSION.values(),
    exit_codes.INTERNAL_ERROR,
    *(e.exit_code for e in kinds_of(AuditError)),
}
EVERY = OF_AN_AUDIT | {code for code in vars(exit_codes).values() if isinstance(code, int)}


def helps(command: click.Command) -> Iterator[str]:
    yield command.help or ""
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        yield from helps(each)


def told(text: str) -> set[int]:
    return {int(code) for code in re.findall(r"\b\d+\b", text.partition("Exit codes")[2])}


def test_readme_and_help_list_the_exit_codes_of_an_audit_and_no_others() -> None:
    table = README.partition("### Exit codes")[2].partition("###")[0]

    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == OF_AN_AUDIT, "README.md"
    assert told(main.help or "") == OF_AN_AUDIT, "audit/cli/commands.py (main)"


def test_every_exit_code_is_told_by_the_help_of_a_command_and_stands_in_the_table() -> None:
    assert set[int]().union(*map(told, helps(main))) == EVERY, "audit/cli/exit_codes.py, the docstrings in audit/cli/"
    for path in ROOT.joinpath("audit/cli").glob("*.py"):
        assert not re.search(r"exit\([^)]*\b[1-9]", path.read_text()), f"{path.name}: name the code in exit_codes.py"


def test_every_conclusion_has_an_exit_code_of_its_own() -> None:
    assert set(exit_codes.OF_CONCLUSION) == set(Conclusion), "audit/cli/exit_codes.py"
    assert len(set(exit_codes.OF_CONCLUSION.values())) == len(Conclusion)


def test_the_installed_command_starts_and_exits_with_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (command,) = entry_points(group="console_scripts", name="cbr-audit")
    monkeypatch.setattr("sys.argv", ["cbr-audit", "--version"])

    with pytest.raises(SystemExit, match=r"\A0\Z"):
        command.load()()

    assert capsys.readouterr().out.startswith("cbr-audit, version ")
