"""The templates of the pages, and how they are loaded.

Compiling them takes a tenth of a second, so the zip of the function contains them as Python modules. Anywhere else,
they are compiled when the first page is rendered.
"""

from importlib import resources
from typing import Final

from jinja2 import ChoiceLoader, Environment, FunctionLoader, ModuleLoader, StrictUndefined

from audit.report.page.names import readable

_FOLDER: Final = resources.files("audit.report.page")
COMPILED: Final = "compiled"
"""The folder of the modules, beside the templates."""


def environment() -> Environment:
    """Return the template loader; each page adds its own functions."""
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
    """Return a template as a module with the functions of its page, and its file name."""
    text = functions.compile(source(name), name, name, raw=True, defer_init=True)
    return f"{COMPILED}/{ModuleLoader.get_module_filename(name)}", text
