"""Values of every kind, for fields in which none of them is expected."""

from typing import Any

ODD: tuple[Any, ...] = (None, "", 0, 1.5, True, [], {}, [None], {"id": 1}, 10**18)
