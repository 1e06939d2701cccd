import pytest

from tests.browser import chromium


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CI", raising=False)
    return monkeypatch


@pytest.mark.usefixtures("bare")
def test_without_chromium_a_test_is_skipped_with_the_reason() -> None:
    with pytest.raises(pytest.skip.Exception, match=r"no Chromium here .* apt-get install chromium"):
        chromium.find_chromium()


def test_without_chromium_a_test_fails_in_ci(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="no Chromium here"):
        chromium.find_chromium()
