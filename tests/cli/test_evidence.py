import hashlib
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.cli.commands import main
from audit.simulator import Simulator
from audit.timestamps import shown
from tests.evidence.forging import forge, put_back, shelf_of
from tests.pretend import AS_OF, a_simulator, audit, without_waiting


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with without_waiting():
        yield


def invoke(*args: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], env=environment)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulator, Path, str]:
    """A store with one run of a project in which several things are wrong."""
    folder = tmp_path_factory.mktemp("store")
    simulator = a_simulator("failing")
    return simulator, folder, audit(simulator, folder).report.run.id


@pytest.fixture
def copied(published: tuple[Simulator, Path, str], tmp_path: Path) -> Path:
    _, folder, _ = published
    target = tmp_path / "copy"
    for path in folder.rglob("*"):
        if path.is_file():
            (target / path.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
            (target / path.relative_to(folder)).write_bytes(path.read_bytes())
    return target


def digest_in(folder: Path) -> Path:
    return next(folder.glob("*/digest/*.json"))


class TestVerify:
    def test_a_store_as_it_was_published_is_verified(self, published: tuple[Simulator, Path, str]) -> None:
        _, folder, _ = published
        head = hashlib.sha256(digest_in(folder).read_bytes()).hexdigest()

        plain, anchored = invoke("verify", folder), invoke("verify", folder, "--expect-head", head)
        usual = invoke("verify", CBR_AUDIT_STORE=str(folder))

        assert (plain.exit_code, plain.stderr) == (0, "")
        assert plain.stdout.startswith(
            "VERIFIED (signatures: none): everything is as published, unless somebody who can "
        )
        assert plain.stdout.endswith(f"Head     {head}\n")
        assert "cut off" in plain.stdout
        assert "cut off" not in anchored.stdout
        assert usual.stdout == plain.stdout

    def test_a_change_is_named_and_ends_with_ten(self, copied: Path) -> None:
        report = next(copied.rglob("report.html"))
        report.write_bytes(report.read_bytes() + b" ")

        result = invoke("verify", copied)

        assert result.exit_code == 10
        assert result.stdout.startswith("CHANGED (signatures: none): 1 object is not as published.\n")
        assert f"  {report.relative_to(copied)}: the object was changed\n" in result.stdout

    def test_every_run_is_judged_again_on_demand(
        self, published: tuple[Simulator, Path, str], copied: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, _, run = published

        def rename(report: Any) -> None:
            report["resources"][0]["name"] = "another"

        again = "  Judged again from the evidence, to the same bytes: 1 run.\n"
        clean = invoke("verify", copied, "--replay")
        assert (clean.exit_code, again in clean.stdout, "Judging again" in clean.stderr) == (0, True, True)
        assert "  That the reports follow from the evidence: --replay " in invoke("verify", copied).stdout
        put_back(forge(shelf_of(copied), 1, report=rename), copied)
        assert invoke("verify", copied).exit_code == 0
        forged = invoke("verify", copied, "--replay")
        assert (forged.exit_code, forged.stdout.count("CHANGED (signatures: none): 1 object is not")) == (10, 1)
        assert f"{run}/report.json: judged again, the run comes to other bytes: the report may have" in forged.stdout
        monkeypatch.setattr("audit.app.replay.__version__", "9.9.9")
        monkeypatch.setattr("audit.app.replay_runs.__version__", "9.9.9")
        other = invoke("verify", copied, "--replay")
        assert (other.exit_code, "That the reports of 1 run follow from the evidence" in other.stdout) == (0, True)

    def test_a_run_whose_evidence_says_too_little_cannot_be_judged_again(self, copied: Path) -> None:
        def forget(manifest: Any) -> None:
            manifest["objects"] = [item for item in manifest["objects"] if item["name"] != "profile.json"]

        put_back(forge(shelf_of(copied), 1, manifest=forget), copied)
        next(copied.rglob("profile.json")).unlink()

        whole, part = (invoke("verify", copied, "--replay", *options) for options in ((), ("--from", "2027-01-01")))
        assert (whole.exit_code, part.exit_code) == (10, 0)
        assert ": the run cannot be judged again: " in whole.stdout

    def test_a_run_that_continues_a_removed_one_is_not_judged_again(
        self, published: tuple[Simulator, Path, str], copied: Path
    ) -> None:
        simulator, _, run = published
        audit(simulator, copied, as_of=AS_OF + timedelta(hours=1))
        shutil.rmtree(next(copied.rglob(run)))

        result = invoke("verify", copied, "--replay", "--from", shown(AS_OF + timedelta(minutes=30)))

        assert (result.exit_code, ": the run was not judged again: " in result.stdout) == (0, True)

    def test_a_good_verification_is_noted_and_gone_on_from(
        self, published: tuple[Simulator, Path, str], copied: Path, tmp_path: Path
    ) -> None:
        simulator, _, _ = published
        note = tmp_path / "note.json"
        before = "  Verified before, and not read again: 1 run.\n"

        first = invoke("verify", copied, "--since-last", note)
        noted = note.read_bytes()
        audit(simulator, copied, as_of=AS_OF + timedelta(hours=1))
        second = invoke("verify", copied, "--since-last", note)
        assert ((first.exit_code, before in first.stdout), (second.exit_code, before in second.stdout)) == (
            (0, False),
            (0, True),
        )
        assert orjson.loads(note.read_bytes())["number"] == 2
        next(copied.rglob("20261123T13*/report.html")).write_bytes(b"")
        note.write_bytes(noted)
        assert invoke("verify", copied, "--since-last", note).exit_code == 10
        assert note.read_bytes() == noted
        assert invoke("verify", copied, "--since-last", note, "--from", "2026-11-01").exit_code == 2
        assert "create it first" in invoke("verify", copied, "--since-last", copied / "nowhere" / "note.json").stderr
        note.write_bytes(noted.replace(simulator.project_id.encode() + b'"', b'other"', 1))
        assert "keep one file for each project" in invoke("verify", copied, "--since-last", note).stderr

    def test_many_changes_are_cut_short(self, copied: Path) -> None:
        for number in range(60):
            (next(copied.rglob("report.json")).parent / f"{number}.json").write_bytes(b"")

        told = invoke("verify", copied).stdout

        assert told.startswith("CHANGED (signatures: none): 60 objects are not as published.\n")
        assert "and 10 more: --json lists all" in told

    def test_the_result_is_there_for_programs_too(self, copied: Path, published: tuple[Simulator, Path, str]) -> None:
        simulator, _, _ = published
        good = orjson.loads(invoke("verify", copied, "--json").stdout)
        digest_in(copied).write_bytes(b"{}")
        bad = orjson.loads(invoke("verify", copied, "--json", "--project-id", simulator.project_id).stdout)

        assert (good["project"], good["verified"], good["digests"], good["faults"]) == (
            simulator.project_id,
            True,
            1,
            [],
        )
        assert good["first_until"] == good["last_until"] == "2026-11-23T12:00:00Z"
        assert (bad["verified"], bad["head"], bad["last_until"]) == (False, None, None)
        assert bad["faults"][0]["problem"].startswith("not an envelope")

    def test_a_run_that_was_broken_off_is_a_note(self, copied: Path) -> None:
        broken = next(copied.glob("*/latest.json")).parent / "2026/11/24/broken"
        broken.mkdir(parents=True)
        (broken / "x").write_bytes(b"")

        assert "  Note: 2026/11/24/broken: a run without a digest" in invoke("verify", copied).stdout

    def test_a_key_that_did_not_sign_is_a_fault(self, copied: Path, tmp_path: Path) -> None:
        key = tmp_path / "key.pem"
        public = ed25519.Ed25519PrivateKey.generate().public_key()
        key.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

        assert "the digest is not signed" in invoke("verify", copied, "--public-key", key).stdout

    @pytest.mark.parametrize("option", ["--from", "--to"])
    def test_a_time_that_is_none_is_wrong_use(self, copied: Path, option: str) -> None:
        assert invoke("verify", copied, option, "soon").exit_code == 2
        assert invoke("verify", copied, option, "2026-11-01").exit_code == 0

    def test_a_store_without_runs_is_said_to_have_none(self, tmp_path: Path) -> None:
        for result in (invoke("verify", tmp_path), invoke("verify", tmp_path, "--project-id", "p1")):
            assert result.exit_code == 2
            assert "has no " in result.stderr

    def test_of_several_projects_one_has_to_be_named(self, copied: Path) -> None:
        (copied / "p2").mkdir()
        (copied / "p2" / "latest.json").write_bytes(b"{}")

        assert "has 2 projects; choose one with --project-id: " in invoke("verify", copied).stderr


class TestReplay:
    def test_a_report_is_recomputed(self, published: tuple[Simulator, Path, str]) -> None:
        _, folder, run = published

        result = invoke("replay", run, "--store", folder)

        assert result.exit_code == 0
        assert "identical  report.json\n" in result.stdout
        assert result.stdout.endswith("The report follows from its evidence.\n")

    def test_a_difference_is_shown_with_what_can_explain_it(
        self, published: tuple[Simulator, Path, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, folder, run = published
        monkeypatch.setattr("audit.app.replay.FORMATS", {"report.html": lambda _report: [b""]})
        monkeypatch.setattr("audit.app.replay.__version__", "9.9.9")

        result = invoke("replay", run, CBR_AUDIT_STORE=str(folder))

        assert result.exit_code == 10
        assert "DIFFERENT  report.html\nReason: the report may have been forged and the chain hashed " in result.stdout
        assert "\nReason: or cbr-audit " in result.stdout
        assert result.stdout.endswith("The report could not be reproduced.\n")

    def test_a_report_that_was_changed_after_it_was_published_is_told(
        self, published: tuple[Simulator, Path, str], tmp_path: Path
    ) -> None:
        _, folder, run = published
        copied = tmp_path / "copy"
        shutil.copytree(folder, copied)
        (page,) = copied.rglob(f"{run}/report.html")
        page.write_bytes(page.read_bytes() + b" ")

        result = invoke("replay", run, "--store", copied)

        assert result.exit_code == 10
        assert "identical  report.json\n" in result.stdout
        assert "DIFFERENT  report.html\nReason: report.html is missing or was changed after " in result.stdout

    def test_another_profile_shows_what_it_would_have_said(
        self, published: tuple[Simulator, Path, str], tmp_path: Path
    ) -> None:
        _, folder, run = published
        profile = tmp_path / "profile.yaml"
        profile.write_text("controls: [CBR-901]", encoding="utf-8")

        result = invoke("replay", run, "--store", folder, "--profile", profile)

        assert result.exit_code == 0
        assert result.stdout.startswith("INCOMPLETE: ")
        assert "What the other profile changes:\nNew failures: 0\n" in result.stdout
        assert "; failed, but only the older profile judges it, or the later run could not see it\n" in result.stdout

    def test_a_run_that_is_not_there_is_wrong_use(self, published: tuple[Simulator, Path, str]) -> None:
        _, folder, _ = published

        assert invoke("replay", "20260101T000000Z-000000000000", "--store", folder).exit_code == 2


class TestDiff:
    @staticmethod
    def report(folder: Path, name: str, outcome: str, as_of: str) -> Path:
        finding: dict[str, Any] = {
            "control": "CBR-101",
            "subject": {"kind": "resource", "id": "r", "name": "web-1"},
            "outcome": outcome,
            "severity": "high",
            "reason": "because",
            "facts": {},
            "tasks": [],
            "waiver": None,
        }
        path = folder / name
        path.write_bytes(
            orjson.dumps(
                {
                    "schema_version": 1,
                    "run": {"id": name, "as_of": f"2026-11-{as_of}T04:00:00Z", "profile_sha256": "0"},
                    "controls": [{"id": "CBR-101", "outcomes": {outcome: 1}}],
                    "resources": [],
                    "policies": [],
                    "collection": {"complete": True, "drift": [], "readings": [], "rejected_rows": []},
                    "findings": [finding],
                    "changes": None,
                    "trend": [],
                }
            )
        )
        return path

    def test_what_persists_is_shown_since_when(self, published: tuple[Simulator, Path, str]) -> None:
        _, folder, run = published

        by_id, latest = invoke("diff", run, run, "--store", folder), invoke("diff", run, "--store", folder)

        assert by_id.exit_code == 0
        assert by_id.stdout == latest.stdout
        assert by_id.stdout.startswith("New failures: 0\nStill fails: ")
        assert ", since 2026-11-23T12:00:00Z\n" in by_id.stdout

    @pytest.mark.parametrize(
        ("before", "after", "line"),
        [
            ("pass", "fail", "New failures: 1\n  CBR-101 resource web-1\n"),
            (
                "fail",
                "unknown",
                "  CBR-101 resource web-1, since 2026-11-23T04:00:00Z; now unknown, so not resolved\n",
            ),
            ("fail", "pass", "Resolved: 1\n  CBR-101 resource web-1, had failed since 2026-11-23T04:00:00Z\n"),
        ],
    )
    def test_two_files_can_be_compared(self, before: str, after: str, line: str, tmp_path: Path) -> None:
        old = self.report(tmp_path, "old.json", before, "23")
        new = self.report(tmp_path, "new.json", after, "24")

        assert line in invoke("diff", old, new).stdout

    def test_a_file_of_today_needs_its_findings_beside_it(
        self, published: tuple[Simulator, Path, str], tmp_path: Path
    ) -> None:
        _, folder, run = published
        (stored,) = folder.rglob(f"{run}/report.json")
        alone = tmp_path / "report.json"
        shutil.copy(stored, alone)

        refused = invoke("diff", alone, alone)
        assert refused.exit_code == 2
        assert "findings.ndjson.gz cannot be used: it is missing" in refused.stderr
        assert invoke("diff", alone, stored).stdout == invoke("diff", run, run, "--store", folder).stdout

    def test_the_changes_are_there_for_programs_too(self, tmp_path: Path) -> None:
        report = self.report(tmp_path, "old.json", "fail", "23")

        changes = orjson.loads(invoke("diff", report, report, "--json").stdout)

        assert [(change["id"], change["since"]) for change in changes["still"]] == [("r", "2026-11-23T04:00:00Z")]

    def test_what_is_no_report_is_wrong_use(self, tmp_path: Path) -> None:
        odd = tmp_path / "odd.json"
        for content in (b"[]", b"{}", b"no"):
            odd.write_bytes(content)
            assert invoke("diff", odd, odd).exit_code == 2
        assert "neither a run id nor a report.json" in invoke("diff", "gone.json", odd).stderr

    def test_a_damaged_report_is_told(self, tmp_path: Path) -> None:
        damaged = tmp_path / "damaged.json"
        damaged.write_bytes(b'{"schema_version": 1, "run": 1, "findings": 2}')

        result = invoke("diff", damaged, damaged)

        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert "report.json is damaged or was written by an incompatible version" in result.stderr
        whole = self.report(tmp_path, "whole.json", "fail", "23")
        assert "one of the reports is damaged" in invoke("diff", damaged, whole).stderr
