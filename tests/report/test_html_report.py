import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import structs

from audit.collection import Drift, Kind, Reading, Rejected, Window
from audit.judging.findings import Control, Fact, Finding, Outcome, Severity, Verdict, failed
from audit.judging.frameworks import Claim, Framework, Requirement
from audit.judging.witnesses import TOO_OLD, Attribution, Witnessed
from audit.records import Actor
from audit.report.baseline import Baseline
from audit.report.changes import Change, Changes
from audit.report.contents import Report, ResourceLine, Summary
from audit.report.day_states import Day
from audit.report.facts import Conclusion, RunFacts
from audit.report.formats.html_report import render
from audit.report.planned import Planned
from audit.report.problems import Explained, Problem
from audit.report.standings import FrameworkView, RequirementLine, Standing
from audit.report.timeline import Gap, Timeline
from audit.schedule.matching import PlannedRun, RunState
from audit.subjects import Collection, Limits, Presence, Resource, SubjectKind, Waiver
from tests.builders import a_trace, findings_of

# To accept a wanted change: python -c "from tests.report.test_html_report import *; GOLDEN.write_bytes(render(full()))"
GOLDEN: Final = Path(__file__).parent / "golden" / "report.html"
NOW: Final = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
WINDOW: Final = Window(NOW - timedelta(days=8), NOW)
FAILING: Final = "3d11d099-c505-4630-a49e-1c625e71352d"
STEADY: Final = "90a9e44b-6c0c-4d1e-8f7e-51f6a1f9be2c"
INLINE: Final = frozenset({"a", "abbr", "b", "bdi", "code", "h3", "small", "span", "time"})
CELLS: Final = frozenset({"td", "th"})
ITEMS: Final = frozenset({"li", "p"})
IMPLIED: Final = {
    "td": CELLS,
    "th": CELLS,
    "tr": CELLS | {"tr"},
    "/tbody": CELLS | {"tr"},
    "li": ITEMS,
    "p": frozenset({"p"}),
    "/ul": ITEMS,
}
"""The elements that a tag ends, as HTML allows."""
VOID: Final = frozenset({"br", "col", "input", "link", "meta"})
HOSTILE: Final = (
    "<img src=x onerror=alert(1)>",
    "</title><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;",
)
DOC: Final = """CBR-101 recent-backup: every protected resource has a recent successful backup.

A line before the first heading is not shown.
Why it matters
    Attaching a resource to a vault shows intent.
    Only a finished backup shows protection.
How it is judged
    pass            the newest successful backup is young enough
    fail            it is too old
    not_applicable  the vault is newer than the limit:
                    the first backup is not due
    A backup that still runs counts for nothing.
How to fix it
    Run `cbr-audit check`, then start a manual backup.
"""


class Page(HTMLParser):
    """A page taken apart: its text, its elements and what is out of balance."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.unbalanced: list[str] = []
        self._open: list[str] = []
        self.feed(page.decode())
        self.close()
        self.unbalanced += self._open

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def tags(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._end(tag)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._end(f"/{tag}")
        if not self._open or self._open.pop() != tag:
            self.unbalanced.append(tag)
        if tag not in INLINE:
            self.words.append(" ")

    def _end(self, tag: str) -> None:
        while self._open and self._open[-1] in IMPLIED.get(tag, ()):
            self.handle_endtag(self._open[-1])

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self._open):
            self.words.append(data)


def never(_subject: Resource, _limits: Limits) -> Verdict:
    raise AssertionError("a report judges nothing")


def control(number: int = 101, **changes: Any) -> Control[Any]:
    return Control(
        **{
            "id": f"CBR-{number}",
            "name": "recent-backup",
            "title": "Protected resources have a recent successful backup",
            "severity": Severity.CRITICAL,
            "doc": DOC,
            "kinds": (SubjectKind.RESOURCE,),
            "judge": never,
            **changes,
        }
    )


def finding(outcome: Outcome = Outcome.PASS, *facts: tuple[str, Fact], **changes: Any) -> Finding:
    reason = changes.pop("reason", f"the reason of {outcome}")
    return Finding(
        **{
            "control": "CBR-101",
            "kind": SubjectKind.RESOURCE,
            "id": STEADY,
            "name": "ecs-steady",
            "severity": Severity.CRITICAL,
            "verdict": Verdict(outcome, reason, facts, ()),
            **changes,
        }
    )


def problem(**changes: Any) -> Problem:
    return Problem(
        **{
            "kind": SubjectKind.RESOURCE,
            "id": FAILING,
            "name": "ecs-failing",
            "severity": Severity.CRITICAL,
            "control": "CBR-101",
            "reason": "the newest successful backup is too old",
            "since": "2026-11-17T23:17:52Z",
            "or_earlier": False,
            "task": "e030b933-db1b-4c34-afa2-2c07e56cd566",
            "error": "BackupService.7101",
            "todo": "Check the server, then run `cbr-audit check`.",
            "also": (),
            **changes,
        }
    )


def line(**changes: Any) -> ResourceLine:
    return ResourceLine(
        **{
            "id": STEADY,
            "name": "ecs-steady",
            "type": "OS::Nova::Server",
            "presence": Presence.PROTECTED,
            "vaults": ("vault-main",),
            "last_success": NOW - timedelta(hours=2),
            "follows": (),
            "known_since": None,
            "planned": None,
            "days": (Day.SUCCESS,) * 9,
            "timeline": timeline(),
            **changes,
        }
    )


def timeline(*gaps: Gap, **changes: Any) -> Timeline:
    """Show a daily backup against a limit of 30 hours."""
    known = {
        "points": tuple(NOW - timedelta(hours=2, days=day) for day in range(7, -1, -1)),
        "limit": timedelta(hours=30),
        "longest": max((gap.length for gap in gaps), default=timedelta(hours=24, minutes=5)),
        "is_sure": True,
    }
    return Timeline(gaps=gaps, **{**known, **changes})


def gap(since: int, until: int) -> Gap:
    """Return a gap from so many hours ago to so many hours ago."""
    return Gap(since=NOW - timedelta(hours=since), until=NOW - timedelta(hours=until))


def unmet(hours: int, state: RunState = RunState.MISSING) -> PlannedRun:
    return PlannedRun(due=NOW - timedelta(hours=hours), policy_id="p", state=state)


def planned(*runs: PlannedRun, judged: int = 30) -> Planned:
    return Planned(states={}, judged=judged, repaired=0, unscheduled=0, unmet=runs)


def requirement(number: int, standing: Standing, claim: Claim = Claim.PARTLY, **changes: Any) -> RequirementLine:
    asked = Requirement(id=f"R-{number}", text=f"Do {number}", claim=claim, controls=(), limit=f"Open {number}.")
    known: dict[str, Any] = {"outcomes": {}, "not_applied": ()}
    return RequirementLine(requirement=asked, standing=standing, **{**known, **changes})


def standard(*lines: RequirementLine, note: str = "") -> FrameworkView:
    framework = Framework(id="s", name="A standard", source="A catalogue", note=note, requirements=())
    return FrameworkView(framework=framework, lines=lines)


STANDARD: Final = standard(
    requirement(1, Standing.NOT_MET, outcomes={"CBR-101": {Outcome.FAIL: 1203, Outcome.PASS: 4}}),
    requirement(2, Standing.MET, Claim.SUPPORTS, outcomes={"CBR-101": {Outcome.PASS: 4}}),
    requirement(3, Standing.MET, outcomes={"CBR-101": {Outcome.PASS: 4, Outcome.NOT_APPLICABLE: 1}}),
    requirement(4, Standing.NOT_SHOWN, outcomes={"CBR-101": {Outcome.UNKNOWN: 2}}, not_applied=("CBR-206", "CBR-303")),
    requirement(5, Standing.NOT_APPLICABLE, outcomes={"CBR-101": {Outcome.NOT_APPLICABLE: 2}}),
    requirement(6, Standing.NOT_SHOWN, Claim.CANNOT_SHOW),
    note="It asks for little.",
)


def reading(kind: Kind, *gaps: str, **changes: Any) -> Reading:
    known = {"pages": 2, "passes": 2, "count_first": 1240, "count_last": 1240, "distinct": 1240, "duplicates": 0}
    return Reading(kind=kind, gaps=gaps, **{**known, **changes})


def collection(*gaps: str, rejected: tuple[Rejected, ...] = (), drift: tuple[Drift, ...] = ()) -> Collection:
    lists = (reading(Kind.TASKS, *gaps), reading(Kind.POLICIES), reading(Kind.VAULTS))
    return Collection(id="p", name="collection", window=WINDOW, readings=lists, rejected=rejected, drift=drift)


def rejected(row: int = 0, **changes: Any) -> Rejected:
    known = {"kind": Kind.TASKS.value, "page": 3, "id": "", "path": "", "message": "not an object"}
    return Rejected(row=row, **{**known, **changes})


def report(*, out_of_scope: int = 0, resources_in_scope: int | None = None, **changes: Any) -> Report:
    """Compose a report whose conclusion and summary follow from the other parts, unless they are given."""
    parts = {
        "run": run(),
        "collection": collection(),
        "controls": (control(),),
        "findings": (finding(),),
        "problems": (),
        "resources": (line(),),
        "policies": (),
        "frameworks": (),
        **changes,
    }
    outcomes = Counter(found.outcome for found in parts["findings"])
    doubtful = outcomes[Outcome.UNKNOWN] or not outcomes[Outcome.PASS] or not parts["collection"].complete
    parts.setdefault(
        "conclusion",
        Conclusion.NON_COMPLIANT
        if any(found.is_problem for found in parts["findings"])
        else Conclusion.INCOMPLETE
        if doubtful
        else Conclusion.COMPLIANT,
    )
    failing = {found.id for found in parts["findings"] if found.is_problem}
    parts["summary"] = Summary(
        outcomes=outcomes,
        resources=len(parts["resources"]) if resources_in_scope is None else resources_in_scope,
        resources_failing=len(failing),
        problems=len(parts["problems"]),
        waived=sum(found.waiver is not None for found in parts["findings"]),
        out_of_scope=out_of_scope,
    )
    return Report(**{**parts, "findings": findings_of(parts["findings"])})


def run(**changes: Any) -> RunFacts:
    return RunFacts(
        **{
            "id": "20261123T040000Z-7f3a9c21",
            "as_of": NOW,
            "window": WINDOW,
            "read": WINDOW,
            "project_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "region": "eu-de",
            "tool_version": "0.1.0",
            "profile_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "timezone": "Europe/Berlin",
            **changes,
        }
    )


def failing(*problems: Problem, **changes: Any) -> Report:
    found = tuple(
        finding(Outcome.FAIL, kind=each.kind, id=each.id, name=each.name, control=name, reason=f"reason of {name}")
        for each in problems
        for name in (each.control, *each.also)
    )
    parts: dict[str, Any] = {"findings": (finding(), *found), "problems": problems, **changes}
    return report(**parts)


def by_many() -> Attribution:
    """Somebody whose name tries to break out, twice, the cloud itself, and others."""
    user = Actor(name=HOSTILE[2], id="u1", account="acme", access_key_id="HPUA0EXAMPLE", source_ip=HOSTILE[3])
    traces = [
        *(a_trace(f"t{hour}", at=NOW - timedelta(hours=hour), operation="deleteBackup", actor=user) for hour in (3, 2)),
        a_trace("t1", actor=Actor(is_cloud=True)),
    ]
    return Attribution(named=tuple(Witnessed(trace, "r1") for trace in traces), more=1200, why_not="page 2 is missing")


def full() -> Report:
    """Show every part of a page at once, names that try to break out of it among others."""
    hurt = problem(also=("CBR-104",))
    vault = problem(
        kind=SubjectKind.VAULT, id="f4420491", name="f4420491", severity=Severity.HIGH, control="CBR-111",
        reason="something was taken away by hand", since="2026-11-15T04:00:00Z", or_earlier=True, task="", error="",
        todo="Ask who did.",
    )  # fmt: skip
    policy = problem(
        kind=SubjectKind.POLICY, id="349d5f14-0a16-41b9-aeb7-91a4237f5796", name=HOSTILE[0], severity=Severity.MEDIUM,
        control="CBR-111", reason="a policy is disabled", since="", task="", error="", todo="Enable it.",
    )  # fmt: skip
    lines = (
        line(days=tuple(Day)[:9], planned=planned(unmet(26, RunState.OVERLAP), unmet(2))),
        line(
            id=FAILING,
            name="ecs-failing",
            days=(Day.FAILED,) * 9,
            last_success=None,
            timeline=timeline(gap(100, 0), points=()),
        ),
        line(id="unsure", name="unsure", type="unknown", days=tuple(Day)[-9:]),
        line(id="gone", name="数据库-\u202egnp\x00" + "W" * 40, type="OS::New::Thing", days=(Day.NONE,) * 9),
    )
    extra = (
        finding(Outcome.UNKNOWN, ("limit_hours", 1), ("seen", None), id="unsure", name="unsure"),
        finding(Outcome.NOT_APPLICABLE, id="gone", name="gone"),
    )
    base = failing(hurt, vault, policy)
    return failing(
        hurt, vault, policy,
        controls=(control(), control(104, name="row"), control(111, name="hand"), control(201, name="quiet")),
        findings=(*base.findings, *extra),
        resources=lines,
        frameworks=(STANDARD,),
        changes=Changes(
            against="r0", as_of=NOW - timedelta(days=1), resolved=(), disappeared=(),
            new=(Change(control="CBR-101", kind="resource", id=FAILING, name="ecs", since=NOW, outcome="fail"),),
            still=(
                Change(control="CBR-111", kind="policy", id=policy.id, name=policy.name, since=NOW, outcome="fail"),
            ),
        ),
        attributions={
            ("CBR-101", "resource", FAILING): Attribution(why_not=HOSTILE[0]),
            ("CBR-111", "vault", "f4420491"): by_many(),
            ("CBR-111", "policy", policy.id): Attribution(why_not=TOO_OLD),
        },
        collection=collection(
            "page 3 could not be read: 403 Forbidden",
            rejected=(rejected(), rejected(4, id=FAILING, path="extra_info.resource.id", message=HOSTILE[1])),
            drift=(Drift(Kind.VAULTS.value, "lifecycle", "unknown field", 1203, STEADY, '{"phase":"<b>"}'),),
        ),
    )  # fmt: skip


def text(shown: Report) -> str:
    return Page(render(shown)).text


def test_the_page_is_the_golden_one_byte_for_byte() -> None:
    assert render(full()) == GOLDEN.read_bytes()


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(full()) == render(full())


@pytest.mark.parametrize("shown", [report(), full(), report(resources=(), controls=(), findings=())])
def test_every_element_is_closed_where_it_should_be(shown: Report) -> None:
    assert Page(render(shown)).unbalanced == []


def test_a_page_asks_nothing_of_the_network_and_has_one_script() -> None:
    page = Page(render(full()))

    links = [attributes.get(name) for _, attributes in page.elements for name in ("src", "href") if name in attributes]
    assert not {"img", "iframe", "object", "form"} & {tag for tag, _ in page.elements}
    assert page.tags("script") == [{}]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert {link[:1] if link else link for link in links if link != "data:,"} == {"#"}
    assert set(re.findall(rb"url\(.{6}", render(full()))) == {b'url("data:'}
    assert b"@import" not in render(full())


def test_the_script_takes_nothing_from_the_report_and_writes_no_markup() -> None:
    scripts = {digest("script", render(shown)) for shown in (report(), full(), report(resources=()))}
    [source] = re.findall(r"<script>(.*?)</script>", render(full()).decode(), re.DOTALL)

    assert len(scripts) == 1
    assert not [
        word for word in ("innerHTML", "outerHTML", "insertAdjacent", "eval(", "Function(", "write(") if word in source
    ]


def test_links_lead_to_places_on_the_page() -> None:
    page = Page(render(full()))

    places = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert {str(link["href"])[1:] for link in page.tags("a")} <= places


def digest(element: str, page: bytes) -> str:
    [source] = re.findall(f"<{element}>(.*?)</{element}>".encode(), page, re.DOTALL)
    return base64.b64encode(hashlib.sha256(source).digest()).decode()


def test_the_policy_allows_this_style_sheet_and_this_script_and_nothing_else() -> None:
    page = render(full())

    [policy] = [meta["content"] for meta in Page(page).tags("meta") if "http-equiv" in meta]
    style, script = digest("style", page), digest("script", page)
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert not [attributes for _, attributes in Page(page).elements if "style" in attributes]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    calm = failing(problem(), resources=(line(id=FAILING),))
    wild = failing(
        problem(name=name, todo=name, error=name, task=name),
        run=run(project_id=name, region=name, timezone=name),
        resources=(line(id=FAILING, name=name, type=name, vaults=(name,)),),
        collection=collection(name, rejected=(rejected(id=name, path=name, message=name),)),
    )
    tame = replace(wild, **{part: getattr(_tamed(wild, name, calm), part) for part in ("run", "problems", "resources")})

    elements = Page(render(wild)).elements
    assert Counter(tag for tag, _ in elements) == Counter(tag for tag, _ in Page(render(tame)).elements)
    assert not [key for _, attributes in elements for key in attributes if key.startswith("on")]
    assert text(wild).count(name) >= 10


def _tamed(wild: Report, name: str, calm: Report) -> Report:
    """Give the same report with plain names of the same length."""
    plain = "n" * len(name)
    return replace(
        calm,
        run=run(project_id=plain, region=plain, timezone=plain),
        problems=(problem(name=plain, todo=plain, error=plain, task=plain),),
        resources=(replace(wild.resources[0], name=plain, type=plain, vaults=(plain,)),),
    )


def test_characters_that_hide_or_turn_text_are_shown_by_number() -> None:
    shown = text(report(resources=(line(name="a\u202egnp\x00\x1b\ud800\n\u200b"),)))

    assert r"a\u202egnp\u0000\u001b\ud800\u000a\u200b" in shown


def test_letters_of_every_script_stay_as_they_are() -> None:
    name = "数据库　服务器 שלום می‌خواهم 👩‍💻"

    assert name in render(report(resources=(line(name=name),))).decode()


def test_long_names_are_cut_for_the_eye_but_whole_in_their_title() -> None:
    name = "W" * 255

    page = Page(render(failing(problem(name=name), resources=(line(id=FAILING, name=name),))))
    assert [bdi["title"] for bdi in page.tags("bdi") if "title" in bdi] == [name, name]


def test_a_compliant_run_says_so_and_leaves_nothing_to_do() -> None:
    shown = text(report())

    assert "✓ Compliant No problem was found in 1 resource, and the evidence is complete." in shown
    assert "Nothing: no control failed, and the evidence is complete." in shown


def test_a_compliant_run_without_resources_counts_none() -> None:
    assert "No problem was found, and the evidence is complete." in text(report(resources=()))


def a_waived(outcome: Outcome = Outcome.FAIL, **changes: Any) -> Finding:
    accepted = {"owner": "Ana", "reason": "rebuilt every night", "until": NOW + timedelta(days=30), "ticket": "OPS-1"}
    waiver = Waiver(control="CBR-101", subject="ecs-*", **{**accepted, **changes})
    return finding(outcome, id=FAILING, name="ecs-failing", reason="too old", waiver=waiver)


def test_a_waived_failure_is_no_problem_and_is_listed_apart() -> None:
    page = render(report(findings=(finding(), a_waived()), resources=(line(), line(id=FAILING, name="ecs-failing"))))
    shown = Page(page).text

    assert (
        "No problem was found in 2 resources, and the evidence is complete. 1 failure is accepted by waivers." in shown
    )
    assert "Nothing: no control failed that is not waived, and the evidence is complete." in shown
    assert "Waived: 1 finding Somebody accepts these for a while." in shown
    assert (
        "ecs-failing 3d11d099 CBR-101 fail: too old Ana OPS-1 rebuilt every night "
        "23 Dec 2026, 04:00 UTC (05:00 CET)" in shown
    )
    assert "1 resource whose problems are waived ecs-failing" in shown
    assert "(waived by Ana)" in shown
    assert Page(page).unbalanced == []


def test_a_waiver_without_ticket_shows_none_and_its_words_stay_text() -> None:
    page = render(report(findings=(finding(), a_waived(ticket="", owner=HOSTILE[0], reason=HOSTILE[1]))))

    assert HOSTILE[0].encode() not in page
    assert f"too old {HOSTILE[0]} {HOSTILE[1]} 23 Dec" in Page(page).text


def test_waived_doubts_stay_doubts() -> None:
    both = (finding(), a_waived(), a_waived(Outcome.UNKNOWN))
    shown = text(report(findings=both))

    assert "Nothing else failed, but this is no proof that all backups happened: 1 check could not be decided." in shown
    assert "1 failure is accepted by waivers." in shown
    assert "No control failed that is not waived, but" in shown
    assert "accepted by waivers" not in text(report(findings=(finding(), a_waived(Outcome.UNKNOWN))))


def test_what_is_out_of_the_scope_is_counted() -> None:
    assert "1 resource, policy or vault is not in the scope of the profile, and not judged." in text(
        report(out_of_scope=1)
    )
    assert "1,234 resources, policies and vaults are not in the scope" in text(report(out_of_scope=1234))
    assert "scope of the profile" not in text(report())


def test_one_problem_is_told_in_the_singular() -> None:
    shown = text(failing(problem()))

    assert "✗ Not compliant 1 problem needs action: 1 of 1 resource does not comply." in shown
    assert "The worst first: 1 critical." in shown


def test_several_problems_are_told_in_the_plural() -> None:
    vaults = [problem(kind=SubjectKind.VAULT, id=str(number), severity=Severity.HIGH) for number in range(2)]
    policies = [problem(kind=SubjectKind.POLICY, id=str(number), severity=Severity.HIGH) for number in range(2)]

    shown = text(failing(problem(), *policies, *vaults, resources=(line(), line(id=FAILING))))
    assert "5 problems need action: 1 of 2 resources, 2 policies and 2 vaults do not comply." in shown
    assert "The worst first: 1 critical, 4 high." in shown


def test_a_failing_run_with_doubtful_evidence_warns_that_there_may_be_more() -> None:
    shown = text(failing(problem(), collection=collection("a page is missing")))

    assert "There may be more: what was read has 1 gap." in shown


def test_an_incomplete_run_is_no_proof_and_names_each_doubt() -> None:
    shown = text(
        report(
            collection=collection("a page is missing", "the count moved", rejected=(rejected(),)),
            findings=(finding(Outcome.UNKNOWN), finding(Outcome.UNKNOWN, id="other")),
        )
    )

    assert (
        "? Incomplete Nothing failed, but this is no proof that all backups happened: "
        "what was read has 2 gaps, 1 row could not be used and 2 checks could not be decided." in shown
    )
    assert "Settle these points, then run it again: What was read has 2 gaps." in shown
    assert "A page is missing" in shown.split("Calendar of each resource")[0]


def test_nothing_to_judge_is_incomplete() -> None:
    shown = text(report(conclusion=Conclusion.INCOMPLETE, resources=(), findings=()))

    assert "no proof that all backups happened: there was nothing to judge." in shown
    assert "No vault holds a resource, and no task names one." in shown


def test_controls_that_apply_to_nothing_confirm_nothing() -> None:
    shown = text(report(findings=(finding(Outcome.NOT_APPLICABLE),)))

    assert "no proof that all backups happened: no control found anything that it could confirm." in shown


@pytest.mark.parametrize("shown", [report(), full(), report(findings=(finding(Outcome.UNKNOWN),))])
def test_no_word_of_the_program_reaches_people(shown: Report) -> None:
    words = text(shown)

    assert not [word for word in ("non_compliant", "not_applicable", "operation_logs", "Nova", "!") if word in words]


def test_what_passes_without_any_resource_is_no_proof() -> None:
    found = (finding(kind=SubjectKind.POLICY),)
    shown = text(report(conclusion=Conclusion.INCOMPLETE, resources=(), findings=found))

    assert "no proof that all backups happened: no resource was found." in shown


def test_a_scope_without_any_resource_proves_nothing() -> None:
    found = (finding(kind=SubjectKind.POLICY), finding(Outcome.NOT_APPLICABLE))
    shown = text(report(conclusion=Conclusion.INCOMPLETE, findings=found, resources_in_scope=0))

    assert "no proof that all backups happened: no resource is in the scope of the profile." in shown


def test_passes_of_the_audit_itself_are_nothing_judged() -> None:
    found = (finding(kind=SubjectKind.COLLECTION), finding(kind=SubjectKind.WAIVER))

    assert "there was nothing to judge" in text(report(conclusion=Conclusion.INCOMPLETE, findings=found))


def test_the_collection_may_have_a_problem() -> None:
    stuck = problem(kind=SubjectKind.COLLECTION, id="p", name="p", control="CBR-106")

    shown = text(failing(stuck, controls=(control(), control(106, name="stuck-task"))))
    assert "1 problem needs action: 1 collection does not comply." in shown


def test_a_problem_says_who_since_when_why_and_what_to_do() -> None:
    shown = text(failing(problem(), resources=(line(id=FAILING),)))

    assert "Critical ecs-failing Resource 3d11d099 in vault-main" in shown
    assert "5 days since 17 Nov 2026, 23:17 UTC (18 Nov, 00:17 CET)" in shown
    assert "The newest successful backup is too old. Check the server, then run cbr-audit check." in shown
    assert "Error BackupService.7101" in shown
    assert "Task e030b933-db1b-4c34-afa2-2c07e56cd566" in shown


@pytest.mark.parametrize(
    ("since", "words"),
    [
        ("2026-11-15T04:00:00Z", "At least 8 days since 15 Nov 2026, 04:00 UTC (05:00 CET) or earlier"),
        ("2026-11-22T04:00:00Z", "1 day since"),
        ("2026-11-22T04:00:01Z", "23 hours since"),
        ("2026-11-23T03:00:01Z", "less than an hour since"),
        ("", "The evidence does not say since when."),
    ],
)
def test_the_age_of_a_problem_is_no_more_exact_than_its_evidence(since: str, words: str) -> None:
    assert words in text(failing(problem(since=since, or_earlier="or earlier" in words)))


@pytest.mark.parametrize(
    ("also", "words"), [(("CBR-104",), "1 other failure"), (("CBR-104", "CBR-105"), "2 other failures")]
)
def test_what_a_failure_explains_for_the_same_subject_is_folded_below_it(also: tuple[str, ...], words: str) -> None:
    controls = (control(), control(104, name="row"), control(105, name="unresolved"))

    shown = text(failing(problem(also=also), controls=controls))
    assert f"Explains {words} CBR-104 row: reason of CBR-104" in shown


def twins(**changes: Any) -> list[Problem]:
    older = problem(id="a", name="first", severity=Severity.HIGH, task="t-1", **changes)
    return [older, replace(older, id="b", name="second", since="2026-11-16T23:17:52Z", task="t-2")]


def test_problems_that_are_alike_share_one_entry_with_the_age_of_the_oldest() -> None:
    shown = text(failing(*twins(), resources=(line(id="a", name="first"), line(id="b", name="second"))))

    assert "The worst first: 2 high. High 2 resources Up to 6 days since 16 Nov 2026, 23:17 UTC" in shown
    assert "Error BackupService.7101Control CBR-101 recent-backup first a in vault-main, 5 days, task t-1" in shown
    assert "second b in vault-main, 6 days, task t-2" in shown
    assert shown.count("The newest successful backup is too old.") == 1


def test_problems_that_explain_the_same_share_one_entry_unless_for_other_reasons() -> None:
    alike, controls = twins(also=("CBR-104",)), (control(), control(104, name="row"))
    found = [*failing(*alike).findings]
    others = (*found[:-1], structs.replace(found[-1], verdict=failed("another reason")))
    together, apart = (
        text(failing(*alike, controls=controls, findings=findings)) for findings in (tuple(found), others)
    )

    assert "High 2 resources" in together
    assert "Each explains 1 other failure CBR-104 row: reason of CBR-104" in together
    assert "2 resources" not in apart
    assert "Explains 1 other failure CBR-104 row: another reason" in apart


def test_an_entry_of_several_is_no_more_exact_than_its_evidence() -> None:
    first, second = twins(or_earlier=True)

    assert "2 resources Up to at least 6 days since" in text(failing(first, second))
    assert "2 vaults The evidence does not say since when." in text(
        failing(*(replace(each, since="", task="", kind=SubjectKind.VAULT) for each in twins()))
    )
    assert "High 2 policies Up to 6 days" in text(
        failing(*(replace(each, kind=SubjectKind.POLICY) for each in twins()))
    )


@pytest.mark.parametrize("changes", [{"reason": "other"}, {"error": ""}, {"todo": "Wait."}, {"also": ("CBR-101",)}])
def test_problems_that_differ_in_more_than_whose_they_are_stand_alone(changes: dict[str, Any]) -> None:
    first, second = twins()
    shown = text(failing(first, replace(second, **changes)))

    assert "2 resources" not in shown
    assert "5 days since" in shown
    assert "6 days since" in shown


def explained(number: int, control: str = "CBR-101", kind: SubjectKind = SubjectKind.RESOURCE) -> Explained:
    return Explained(control=control, kind=kind, id=f"{kind}-{number}", name=f"{kind} {number}")


def test_what_a_failure_explains_for_other_subjects_is_folded_below_it_by_control() -> None:
    vault = explained(1, "CBR-301", SubjectKind.VAULT)
    cause = problem(
        kind=SubjectKind.POLICY, id="p", name="daily", control="CBR-201", explains=(explained(1), vault, explained(2))
    )
    controls = (control(), control(201, name="policy-enabled"), control(301, name="vault-has-policy"))

    shown = text(failing(cause, controls=controls, resources=(line(), line(), line())))
    assert "Explains 3 other failures of 2 resources and 1 vault CBR-101 recent-backup: resource 1, resource 2" in shown
    assert "CBR-301 vault-has-policy: vault 1" in shown
    assert "1 problem needs action: 2 of 3 resources, 1 policy and 1 vault do not comply." in shown


@pytest.mark.parametrize("day", list(Day))
def test_every_state_of_a_day_has_a_glyph_in_the_legend_and_in_its_cell(day: Day) -> None:
    days = (Day.SUCCESS if day == Day.FAILED else Day.FAILED,) * 8 + (day,)
    page = render(report(resources=(line(days=days),))).decode().split('id="controls"')[0]

    legend = dict(re.findall(r'<li><span class="\w">(.)</span>([^<]+)</li>', page))
    cells = re.findall(r"<td((?! class=last)[^>]*)>(.)", page)
    assert set(legend) == {cells[0][1], cells[-1][1]}
    assert len(cells) == 3
    words = {Day.EXCUSED: None, Day.SUCCESS: None, Day.NONE: None}.get(day, f'title="23 Nov: {day}"')
    assert words is None or words in cells[-1][0]


@pytest.mark.parametrize(("day", "style", "glyph"), [(Day.SUCCESS, "", "✓"), (Day.NONE, " class=n", "·")])
def test_equal_days_in_a_row_are_one_cell(day: Day, style: str, glyph: str) -> None:
    days = (day,) * 3 + (Day.FAILED,) * 2 + (day,) * 4
    page = render(report(resources=(line(days=days),))).decode()

    assert re.findall(r"<td((?! class=last)[^>]*)>([✓·✗])", page) == [
        (style, glyph),
        (f" colspan=2{style}", glyph),
        (' colspan=2 class=f title="18 Nov to 19 Nov: failed"', "✗"),
        (f" colspan=4{style}", glyph),
    ]
    assert re.findall(r'td\[colspan="(\d+)"\] \{ --days: (\d+);', page) == [("2", "2"), ("4", "4")]
    assert re.findall(r"--glyph: url.*>(.)</text>", page) == [*{"✓": "✓✗", "·": "✗·"}[glyph]]


def test_no_two_states_of_a_day_look_alike() -> None:
    page = render(report(resources=tuple(line(days=(Day.SUCCESS,) * 8 + (day,)) for day in Day))).decode()

    legend = re.findall(r'<li><span class="(\w)">(.)</span>([^<]+)</li>', page)
    assert [len(set(column)) for column in zip(*legend, strict=True)] == [len(Day)] * 3


def test_planned_runs_that_brought_no_backup_are_folded_below_the_calendar() -> None:
    some = planned(unmet(50), unmet(26, RunState.FAILED), unmet(3))
    shown = text(report(resources=(line(planned=some), line(id="b", planned=planned()), line(id="c", planned=None))))

    assert "3 planned runs of 1 resource brought no backup The newest first" in shown
    assert "ecs-steady 90a9e44b 3 of 30 runs: 1 failed: 22 Nov 02:00; 2 missing: 23 Nov 01:00, 21 Nov 02:00" in shown


def test_of_many_planned_runs_the_newest_are_named() -> None:
    shown = text(report(resources=(line(planned=planned(*(unmet(hours) for hours in range(40, 0, -1)))),)))

    assert "40 missing: 23 Nov 03:00, 23 Nov 02:00," in shown
    assert "22 Nov 16:00 and 28 more" in shown


def test_where_every_planned_run_brought_a_backup_nothing_is_listed() -> None:
    assert "brought no backup" not in text(report(resources=(line(planned=planned()),)))


def test_columns_name_their_days_and_months() -> None:
    page = Page(render(report(run=run(window=Window(datetime(2026, 10, 31, tzinfo=UTC), NOW)))))

    days = [header["aria-label"] for header in page.tags("th") if "aria-label" in header]
    assert days[0] == "Sat 31 Oct 2026"
    assert days[-1] == "Mon 23 Nov 2026"
    assert [header["colspan"] for header in page.tags("th") if header.get("scope") == "colgroup"] == ["1", "23"]


def test_resources_are_grouped_by_what_was_found_with_the_worst_first() -> None:
    shown = text(full())

    groups = [
        "1 resource with a problem ecs-failing Server 3d11d099",
        "1 resource that could not be judged completely unsure Type not known",
        "1 resource without a problem ecs-steady Server 90a9e44b",
        "1 resource not judged: new, replicas, out of the scope, or taken out of their vaults 数据库",
    ]
    places = [shown.find(group) for group in groups]
    assert -1 not in places
    assert places == sorted(places)


def test_resources_of_a_group_go_by_problem_and_then_by_name() -> None:
    lines = (line(id="1", name="b"), line(id="2", name="A"), line(id="3", name="z"), line(id="4", name="y"))
    found = (finding(id="1"), finding(id="2"))

    base = failing(problem(id="3"), problem(id="4"))
    page = render(failing(problem(id="3"), problem(id="4"), resources=lines, findings=(*base.findings, *found)))
    assert re.findall(r"scope=row><bdi>(\w)</bdi>", page.decode()) == ["z", "y", "A", "b"]


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (NOW - timedelta(hours=2), "23 Nov 02:00"),
        (datetime(2025, 12, 30, 2, 16, tzinfo=UTC), "30 Dec 2025 02:16"),
        (None, "none seen"),
    ],
)
def test_the_last_success_is_shown(last: datetime | None, words: str) -> None:
    assert re.search(
        f"<td class=last>(<time datetime=[^>]+>)?{words}", render(report(resources=(line(last_success=last),))).decode()
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"newest_point": NOW - timedelta(hours=3), "points": 1}, "23 Nov 02:00</time> <small>"),
        (
            {"newest_point": NOW - timedelta(days=9), "points": 1},
            "14 Nov 04:00</time> <small class=z>tasks say 23 Nov 02:00",
        ),
        ({"points": 0}, "none there <small class=z>tasks say 23 Nov 02:00"),
        ({"points": 0, "last_success": None}, "none seen"),
        ({"newest_point": NOW - timedelta(days=9), "points": 1, "last_success": None}, "14 Nov 04:00</time> <small>"),
        ({"newest_point": NOW, "points": 1}, "23 Nov 04:00</time> <small>"),
    ],
)
def test_the_newest_recovery_point_is_shown_where_tasks_claim_another(changes: dict[str, Any], words: str) -> None:
    page = render(report(resources=(line(**changes),))).decode()

    assert re.search(f"<td class=last>(<time datetime=[^>]+>)?{words}", page)


def test_long_calendars_are_printed_across() -> None:
    window = Window(NOW - timedelta(days=90), NOW)

    page = Page(render(report(run=run(window=window), resources=(line(days=(Day.SUCCESS,) * 91),))))
    assert "scroll calendar long" in [block.get("class") for block in page.tags("div")]


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("UTC", "As of 23 Nov 2026, 04:00 UTC Window"),
        ("Etc/UTC", "As of 23 Nov 2026, 04:00 UTC Window"),
        ("Europe/Berlin", "As of 23 Nov 2026, 04:00 UTC (05:00 CET) Europe/Berlin Window"),
        ("America/New_York", "04:00 UTC (22 Nov, 23:00 EST) America/New_York Window"),
        ("Asia/Kathmandu", "04:00 UTC (09:45 UTC+05:45) Asia/Kathmandu Window"),
        ("America/Sao_Paulo", "04:00 UTC (01:00 UTC-03:00) America/Sao_Paulo Window"),
        ("Mars/Olympus", "04:00 UTC (the time zone “Mars/Olympus” is not known) Window"),
        ("../etc/passwd", "04:00 UTC (the time zone “../etc/passwd” is not known) Window"),
    ],
)
def test_times_are_in_utc_and_in_the_zone_of_the_report(zone: str, words: str) -> None:
    assert words in text(report(run=run(timezone=zone)))


def test_outcomes_are_counted_for_each_control_and_unknowns_are_marked() -> None:
    found = (finding(), finding(Outcome.UNKNOWN, id="a"), finding(Outcome.UNKNOWN, id="b"))

    page = render(report(findings=found)).decode()
    assert re.findall(r'<td class="number ([\w-]+)">(\d+)</td>', page)[:4] == [
        ("pass", "1"), ("zero", "0"), ("unknown", "2"), ("zero", "0"),
    ]  # fmt: skip
    assert "CBR-101 recent-backup: 1 pass, 2 unknown" in Page(page.encode()).text


def test_a_control_without_findings_says_so() -> None:
    assert "CBR-201 quiet: nothing to judge" in text(full())


def test_failures_and_unknowns_are_listed_with_their_facts_and_passes_only_counted() -> None:
    found = (
        finding(Outcome.PASS, reason="fine"),
        finding(Outcome.UNKNOWN, ("gaps", 1), id="a", name="first"),
        finding(Outcome.FAIL, ("since", "2026-11-17T03:17:52Z"), ("age_hours", 1), id="b", name="second"),
        finding(Outcome.FAIL, id="c", name="third"),
    )

    shown = text(failing(problem(), findings=found))
    assert "Fail: the reason of fail (2) second b since: 17 Nov 2026, 03:17 UTC, age: 1 hour third c" in shown
    assert "Unknown: the reason of unknown (1) first a gaps: 1" in shown
    assert "fine" not in shown
    assert "findings.ndjson.gz has every one" in shown


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (("limit_percent", 1), "limit: 1 percent"),
        (("limit_percent", 95), "limit: 95 percent"),
        (("limit_days", 90), "limit: 90 days"),
        (("days", None), "days: not known"),
        (("policy_enabled", True), "policy enabled: yes"),
        (("policy_enabled", False), "policy enabled: no"),
        (("tasks", 12345), "tasks: 12,345"),
        (("operation", "replication"), "operation: replication"),
    ],
)
def test_facts_are_written_for_people(fact: tuple[str, Fact], words: str) -> None:
    assert f" {words} " in text(report(findings=(finding(Outcome.UNKNOWN, fact),)))


def test_facts_that_are_equal_and_not_the_same_are_told_apart() -> None:
    facts: list[Fact] = [True, 1, True, 1]
    shown = text(report(findings=tuple(finding(Outcome.UNKNOWN, ("runs", fact)) for fact in facts)))

    assert re.findall(r"runs: (\w+)", shown) == ["yes", "1", "yes", "1"]


def test_the_documentation_of_a_control_is_on_the_page() -> None:
    shown = text(report())

    assert "Why it matters Attaching a resource to a vault shows intent. Only a finished backup" in shown
    assert "Not applicable the vault is newer than the limit: the first backup is not due A backup that" in shown
    assert "<p>A backup that still runs counts for nothing.</p>" in render(report()).decode()
    assert "A line before" not in shown
    assert b"Run <code>cbr-audit check</code>, then" in render(report())


def test_each_standard_says_what_can_be_concluded_and_what_stays_open() -> None:
    shown = text(report(frameworks=(STANDARD,)))

    assert "A standard: 1 not met, 1 not shown, 2 met, 1 not applicable, 1 cannot be shown" in shown
    assert "It asks for little. Read in: A catalogue." in shown
    assert "R-1 Do 1. Open 1. CBR-101 ✗ 1,203 Not met" in shown
    assert "R-2 Do 2. Open 2. CBR-101 ✓ Met R-3 Do 3. Open 3. CBR-101 ✓ Met as far as it can be shown" in shown
    assert "R-4 Do 4. Open 4. CBR-101 ? 2 not applied: CBR-206, CBR-303 Not shown" in shown
    assert "R-5 Do 5. Open 5. CBR-101 n/a Not applicable R-6 Do 6. Open 6. none Cannot be shown" in shown


def test_a_standard_counts_only_the_conclusions_that_there_are() -> None:
    shown = text(report(frameworks=(standard(requirement(1, Standing.MET, outcomes={"CBR-101": {Outcome.PASS: 1}})),)))

    assert "A standard: 1 met Read in: A catalogue." in shown


def test_complete_evidence_is_said_to_be_complete() -> None:
    shown = text(report())

    assert "The evidence is complete: every list was read to its end, and every row could be used." in shown
    assert "No difference from the documents" in shown
    assert "Task log yes 1,240 1,240 0 2 2 not asked for Policies yes" in text(report())


def test_gaps_and_rejected_rows_are_shown() -> None:
    bad = rejected(4, id="6b7d7cdc", path="extra_info.resource.id", message="None is not a text")

    shown = text(report(collection=collection("page 3 could not be read", rejected=(rejected(), bad))))
    assert "The evidence is not complete: 1 gap, 2 rows that could not be used." in shown
    assert "1 gap Page 3 could not be read" in shown
    assert "Task log, page 3, row 1" in shown
    assert "whole row" in shown
    assert "Task log, page 3, row 5" in shown
    assert "None is not a text" in shown


def test_a_flood_of_rejected_rows_is_cut_and_the_cut_is_told() -> None:
    shown = text(report(collection=collection(rejected=tuple(rejected(row) for row in range(201)))))

    assert "201 rows that could not be used" in shown
    assert "The first 200 are shown here; report.json has all of them." in shown
    assert "row 200" in shown
    assert "row 201" not in shown


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"count_first": None, "count_last": None}, "Task log yes not stated 1,240"),
        ({"count_last": 1260}, "Task log yes 1,240, later 1,260 1,240"),
    ],
)
def test_the_stated_counts_are_shown_as_they_were(changes: dict[str, int | None], words: str) -> None:
    lists = (reading(Kind.TASKS, **changes), reading(Kind.POLICIES), reading(Kind.VAULTS))

    assert words in text(report(collection=replace(collection(), readings=lists)))


def test_drift_is_shown_with_its_first_id_and_example() -> None:
    drift = (Drift(Kind.VAULTS.value, "lifecycle", "unknown field", 1203, "639ef179", "null"),)

    shown = text(report(collection=collection(drift=drift)))
    assert "1 difference from the documents" in shown
    assert "Vaults: lifecycle unknown field 1,203 23 Nov 2026, 04:00 UTC (05:00 CET) 639ef179 null" in shown
    assert "new since" not in shown


def test_the_run_can_be_identified() -> None:
    shown = text(report())

    assert "20261123T040000Z-7f3a9c21" in shown
    assert "cbr-audit 0.1.0" in shown
    assert "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" in shown


def test_the_page_has_a_language_one_title_and_headings_in_order() -> None:
    page = Page(render(full()))

    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert page.tags("html") == [{"lang": "en"}]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_and_every_header_a_scope() -> None:
    page = Page(render(full()))

    assert len(page.tags("table")) == len(page.tags("caption")) == 6
    assert all(header.get("scope") for header in page.tags("th"))


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_stands_out_from_its_ground_in_every_scheme(scheme: int) -> None:
    blocks = re.findall(r":root \{(.*?)\}", render(report()).decode(), re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", blocks[scheme]))
    grounds = [(ink, ground) for ink in ("text", "quiet", "link") for ground in ("page", "panel")]
    grounds += [(ink, f"{ink}-wash") for ink in ("good", "bad", "warn", "doubt", "busy")]
    grounds += [("text", f"{ink}-wash") for ink in ("good", "bad", "doubt")]
    grounds += [("good", "page"), ("bad", "page"), ("doubt", "page"), ("on-fill", "bad-fill")]

    for pair in grounds:
        dark, light = sorted(_luminance(colours[name]) for name in pair)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, pair


def test_drift_is_told_at_the_top() -> None:
    one = Drift(Kind.TASKS.value, "stage", "unknown field", count=2, first_id="t1", example='"x"')
    shown = text(report(collection=collection(drift=(one,))))

    assert "1 difference from the documents of the API did not keep any row from being used." in shown
    assert "documents of the API" not in text(report())


def test_drift_that_the_last_run_did_not_see_is_new() -> None:
    drifts = tuple(Drift(Kind.VAULTS.value, path, "unknown field", 1, "v1", "null") for path in ("old", "odd", "one"))
    before = NOW - timedelta(days=1)
    key = (str(Kind.VAULTS), "old", "unknown field")
    previous = Baseline(run="r0", as_of=before, drift={key: before - timedelta(days=9)})
    page = Page(render(report(run=run(previous=previous), collection=collection(drift=drifts))))

    assert page.text.count("2 of them are new since the last run, 22 Nov 2026, 04:00 UTC.") == 2
    assert "Vaults: old unknown field 1 13 Nov 2026, 04:00 UTC (05:00 CET) v1 null" in page.text
    assert "Vaults: odd unknown field 1 new v1 null" in page.text
    for number, words in ((1, "None of them are new since"), (2, "1 of them is new since")):
        fewer = collection(drift=drifts[:number])
        assert words in text(report(run=run(previous=previous), collection=fewer))


def test_the_run_that_it_is_compared_with_is_named() -> None:
    for previous, words in (
        (Baseline(), "Compared with no earlier run: this is the first of the project here"),
        (Baseline(run="r0", as_of=NOW), "Compared with r0"),
        (Baseline(trouble="it is damaged"), "Compared with no earlier run: it is damaged"),
    ):
        assert words in text(report(run=run(previous=previous)))


def test_a_last_report_that_cannot_be_used_is_told() -> None:
    drift = (Drift(Kind.VAULTS.value, "odd", "unknown field", 1, "v1", "null"),)
    shown = text(report(run=run(previous=Baseline(trouble="<b>damaged</b>")), collection=collection(drift=drift)))

    assert "Which of them are new is not known: <b>damaged</b>." in shown


@pytest.mark.parametrize(("resources", "is_tall"), [(60, False), (61, True)])
def test_a_calendar_scrolls_by_itself_only_where_it_is_long(resources: int, is_tall: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    page = render(report(resources=tuple(line(id=f"r{number}") for number in range(resources))))

    assert (b'class="scroll calendar tall"' in page) is is_tall
