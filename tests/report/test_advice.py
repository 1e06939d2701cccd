import re

import pytest

from audit.report import advice as module
from audit.report.advice import advice


def test_a_known_code_has_advice() -> None:
    assert advice("BackupService.7100") == "The server is gone: take it out of the vault if that was meant."


@pytest.mark.parametrize("code", [None, "", "BackupService.6300", "6114", "backupservice.6114"])
def test_any_other_code_has_none(code: str | None) -> None:
    assert advice(code) is None


@pytest.mark.parametrize(("code", "text"), vars(module)["ADVICE"].items())
def test_every_advice_is_a_sentence_about_a_code(code: str, text: str) -> None:
    assert re.fullmatch(r"BackupService\.[0-9]{4}", code)
    assert text.endswith(".")
    assert ": " in text
