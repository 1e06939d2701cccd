import hashlib
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from audit.cli.commands import main
from audit.report.formats import json_report
from tests.evidence.chains import MANIFEST
from tests.report.payloads import PAYLOADS
from tests.report.test_payloads import a_report_of


def shown(name: str, folder: Path) -> str:
    """What `cbr-audit show` prints of a report whose resource and vault have a name."""
    data = json_report.render(a_report_of(name))
    item = {"name": "report.json", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "report.json").write_bytes(data)
    (folder / "manifest.json").write_bytes(orjson.dumps({**MANIFEST, "objects": [item]}))
    result = CliRunner().invoke(main, ["show", str(folder)])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", PAYLOADS, ids=ascii)
def test_a_name_commands_no_terminal_and_makes_no_line(name: str, tmp_path: Path) -> None:
    text = shown(name, tmp_path)

    assert [letter for letter in text if not letter.isprintable() and letter != "\n"] == []
    assert text.count("\n") == shown("blue", tmp_path).count("\n")
    assert "".join(letter if letter.isprintable() else "?" for letter in name) in text
