"""The rooms of the house: each says what it imports, docs/architecture.md shows all of them, and tests mirror them."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "audit"
ROOMS = sorted(path.parent.name for path in HOUSE.glob("*/__init__.py"))
GROUND = {path.stem for path in HOUSE.glob("*.py")} - {"__init__", "__main__", "reports"}
MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PICTURE = MAP.partition("```mermaid")[2].partition("```")[0]
TABLE = MAP.partition("## To change something")[2]
TESTS = ROOT / "tests"
WHOLE = {"browser", "fuzz", "runs", "tamper", "verdicts"}
"""Folders of tests that are about the whole: pages in a browser, audits from end to end, campaigns."""
ABOUT_THE_HOUSE = {"added_by_half", "comparing", "rooms"}
TOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
CONTRACTS = TOOLS["importlinter"]["contracts"]


def imported(room: str) -> set[str]:
    """The rooms that a room imports."""
    nodes = [node for path in (HOUSE / room).rglob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    modules = {
        f"{node.module}.{name.name}" for node in nodes if isinstance(node, ast.ImportFrom) for name in node.names
    }
    return {name.split(".")[1] for name in modules if name.startswith("audit.")} & {*ROOMS} - {room}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_in_its_docstring_which_others_it_imports(room: str) -> None:
    said = ast.get_docstring(ast.parse((HOUSE / room / "__init__.py").read_text())) or ""
    line = re.search(r"^Imports (.+?)[.:]", said, re.MULTILINE)

    assert line, f"audit/{room}/__init__.py ends with a line like: Imports history and records."
    named = set() if line[1] == "no other room" else set(re.split(r", | and ", line[1]))
    assert named == imported(room), f"audit/{room}/__init__.py"


def test_no_two_modules_give_one_name_to_two_classes() -> None:
    classes = [
        (node.name, path.relative_to(HOUSE).as_posix())
        for path in HOUSE.rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
    ]
    names = [name for name, _ in classes]

    assert not sorted(each for each in classes if names.count(each[0]) > 1)


def test_the_picture_shows_every_room_and_nothing_that_is_none() -> None:
    assert set(re.findall(r'\b([a-z]+)\["', PICTURE)) == {*ROOMS}, "docs/architecture.md"


def test_the_floors_are_those_of_the_contract() -> None:
    floors = "".join(f"    {floor}\n" for floor in CONTRACTS[0]["layers"])

    assert f"\n\n{floors}\n" in MAP, "docs/architecture.md"


def test_what_is_traced_is_what_does_no_io() -> None:
    (core,) = (each["source_modules"] for each in CONTRACTS if each["name"] == "The core does no I/O")

    assert TOOLS["coverage"]["run"]["source"] == core, "pyproject.toml (tool.coverage.run)"


def test_every_place_on_the_map_exists() -> None:
    places = {place for place in re.findall(r"`([\w./*-]+)`", MAP) if "/" in place}

    assert len(places) > len(ROOMS)
    assert not [place for place in places if not list(ROOT.glob(place.rstrip("/")))], "docs/architecture.md"


@pytest.mark.parametrize(
    "place", [*(f"audit/{room}/" for room in ROOMS), *(f"audit/{file}.py" for file in sorted(GROUND))]
)
def test_the_table_leads_to_every_room(place: str) -> None:
    assert f"`{place}" in TABLE, f"docs/architecture.md has no row that leads to {place}"


def has_a_place(path: Path) -> bool:
    """Whether a file of tests lies where its room's are: tests/evidence/store/ for audit/evidence/store/."""
    folder = path.relative_to(TESTS).parent
    if folder.parts:
        return (HOUSE / folder).is_dir() or (ROOT / folder).is_dir() or folder.name in WHOLE
    return path.stem.removeprefix("test_") in {*GROUND, "handler", "reports", *ABOUT_THE_HOUSE}


def places_for(path: Path) -> list[str]:
    """Where a file of tests belongs: to the module it is named after, or to a room that it imports."""
    name, text = path.stem.removeprefix("test_"), path.read_text(encoding="utf-8")
    module = next((found.relative_to(HOUSE).parent for found in HOUSE.rglob(f"{name}.py")), None)
    rooms = sorted({*re.findall(r"^from audit\.([a-z]+)", text, re.MULTILINE)} & {*ROOMS})
    return [str(Path("tests", place)) for place in ([module] if module else rooms or sorted(WHOLE))]


def test_tests_mirror_the_rooms() -> None:
    misplaced = [path for path in sorted(TESTS.rglob("test_*.py")) if not has_a_place(path)]

    assert not {str(path.relative_to(ROOT)): places_for(path) for path in misplaced}, "move each to one of its places"
