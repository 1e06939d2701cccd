"""The templates of the pages, and how they are read.

To compile them takes a tenth of a second, so the zip of the function holds them as Python modules; anywhere else they
are compiled when the first page is wanted.
"""

from importlib import resources
from typing import Final

from jinja2 import ChoiceLoader, Environment, FunctionLoader, ModuleLoader, StrictUndefined

from audit.report.page.names import readable

_FOLDER: Final = resources.files("audit.report.page")
COMPILED: Final = "compiled"
"""The folder of the modules, beside the templates."""


def environment() -> Environment:
    """Return what reads templates; each page adds its own functions."""
    return Environment(
        loader=ChoiceLoader([ModuleLoader(str(_FOLDER / COMPILED)), FunctionLoader(source)]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=readable,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def source(name: str) -> str:
    """Read a template, a style sheet or a script."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def module(name: str, functions: Environment) -> tuple[str, str]:
    """Write a template as a module, with the functions that its page has; the name of its file comes first."""
    text = functions.compile(source(name), name, name, raw=True, defer_init=True)
    return f"{COMPILED}/{ModuleLoader.get_module_filename(name)}", text
