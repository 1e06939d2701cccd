import orjson
import pytest
from click.testing import CliRunner

from audit.cli.commands import main
from audit.evidence.reader import StoredReport
from audit.report.formats import json_report
from tests.report.payloads import PAYLOADS
from tests.report.test_payloads import a_report_of


def shown(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `cbr-audit show` prints of a report whose resource and vault have a name."""
    report = StoredReport(orjson.loads(json_report.render(a_report_of(name))), "obs://bucket/p1", lambda _: None)
    monkeypatch.setattr("audit.cli.commands.read_report", lambda *_: report)
    result = CliRunner().invoke(main, ["show", "reports"])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", PAYLOADS, ids=ascii)
def test_a_name_commands_no_terminal_and_makes_no_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(name, monkeypatch)

    assert [letter for letter in text if not letter.isprintable() and letter != "\n"] == []
    assert text.count("\n") == shown("blue", monkeypatch).count("\n")
    assert "".join(letter if letter.isprintable() else "?" for letter in name) in text
