import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from audit.cli import exit_codes
from audit.errors import AuditError
from audit.report.facts import Conclusion

README = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")


def kinds_of(error: type[AuditError]) -> Iterator[type[AuditError]]:
    yield error
    for kind in error.__subclasses__():
        yield from kinds_of(kind)


def test_readme_lists_the_exit_codes_of_an_audit_and_no_others() -> None:
    table = README.partition("### Exit codes")[2].partition("###")[0]
    used = {*exit_codes.OF_CONCLUSION.values(), exit_codes.INTERNAL_ERROR, *(e.exit_code for e in kinds_of(AuditError))}

    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == used


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
