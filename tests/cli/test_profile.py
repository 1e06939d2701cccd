from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from audit.cli.commands import main
from audit.profile import PRESETS, load_profile

_NAMES = ", ".join(PRESETS)


def invoke(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["profile", *(str(arg) for arg in args)])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestInit:
    def test_it_writes_a_profile_that_can_be_checked_at_once(self, folder: Path) -> None:
        result = invoke("init")

        assert result.exit_code == 0
        assert result.stdout == "Wrote profile.yaml. Edit it, then run `cbr-audit profile check profile.yaml`.\n"
        assert load_profile(str(folder / "profile.yaml")) == load_profile(None)
        assert invoke("check", "profile.yaml").exit_code == 0

    @pytest.mark.parametrize("preset", PRESETS)
    def test_it_may_stand_on_any_preset(self, folder: Path, preset: str) -> None:
        assert invoke("init", "--preset", preset, "mine.yaml").exit_code == 0
        assert load_profile(str(folder / "mine.yaml")) == load_profile(preset)

    def test_it_never_overwrites(self, folder: Path) -> None:
        (folder / "profile.yaml").write_text("version: 1\n", encoding="utf-8")
        result = invoke("init")

        assert result.exit_code == 2
        assert result.stderr == "cbr-audit: profile.yaml already exists; choose another name\n"
        assert (folder / "profile.yaml").read_text(encoding="utf-8") == "version: 1\n"

    def test_a_folder_that_is_not_there_or_an_unknown_preset_is_named(self, folder: Path) -> None:
        missing = invoke("init", folder / "no" / "profile.yaml")
        assert (missing.exit_code, missing.stderr.count("\n")) == (2, 1)
        assert "No such file or directory" in missing.stderr
        assert invoke("init", "--preset", "qqq").exit_code == 2


class TestCheck:
    def test_a_good_profile_says_what_it_has(self, folder: Path) -> None:
        waiver = "{control: CBR-101, subject: web-1, owner: Ana, reason: x, until: 2099-01-01}"
        (folder / "good.yaml").write_text(f"controls: [CBR-101, CBR-904]\nwaivers: [{waiver}]\n", encoding="utf-8")
        result = invoke("check", "good.yaml", "strict")

        assert result.exit_code == 0
        assert result.stdout.splitlines()[0] == "good.yaml: valid: 2 controls, 1 waiver"
        assert result.stdout.splitlines()[1].startswith("strict: valid: ")
        assert result.stderr == (
            "good.yaml: warning: line 2: the waiver of CBR-101 web-1 would fail CBR-904: it ends too far ahead\n"
        )

    def test_each_mistake_is_a_line_of_its_own(self, folder: Path) -> None:
        (folder / "bad.yaml").write_text("limit: 1\nlimits:\n  grace_hour: 1\n", encoding="utf-8")
        (folder / "worse.yaml").write_text("a: 1\na: 2\n", encoding="utf-8")
        result = invoke("check", "bad.yaml", "default", "worse.yaml", "none.yaml")

        assert result.exit_code == 2
        assert result.stderr.splitlines() == [
            "bad.yaml: line 1: limit is not a key of a profile; did you mean limits?",
            "bad.yaml: line 3: limits.grace_hour is not a key of a profile; did you mean grace_hours?",
            "worse.yaml: line 2: duplicate key a, first on line 1",
            f"cannot read the profile none.yaml: No such file or directory; give a file, or one of {_NAMES}",
        ]
        assert result.stdout.startswith("default: valid")

    def test_a_name_that_commands_the_terminal_is_not_shown_as_it_is(self, folder: Path) -> None:
        (folder / "bad.yaml").write_text('"\\e[2J": 1\n', encoding="utf-8")

        assert "\x1b" not in invoke("check", "bad.yaml").stderr


class TestExplain:
    def test_without_a_file_the_default_is_explained(self) -> None:
        result = invoke("explain")

        assert result.exit_code == 0
        assert result.stdout.startswith("Profile      the default profile, based on the preset default\n")

    def test_a_preset_or_a_file_may_be_named(self, folder: Path) -> None:
        (folder / "mine.yaml").write_text("preset: dora\n", encoding="utf-8")

        assert invoke("explain", "dora").stdout.startswith("Profile      the preset dora, based on the preset dora\n")
        assert invoke("explain", "mine.yaml").stdout.startswith("Profile      mine.yaml, based on the preset dora\n")

    def test_a_file_that_cannot_be_used_is_one_clear_line(self, folder: Path) -> None:
        (folder / "bad.yaml").write_text("limit: 1\n", encoding="utf-8")
        result = invoke("explain", "bad.yaml")

        assert result.exit_code == 2
        assert result.stderr == "cbr-audit: bad.yaml: line 1: limit is not a key of a profile; did you mean limits?\n"
