"""What the watch committed, as far as a run looks at it."""

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Final

from audit.errors import ChainError
from audit.evidence.chain import Digest, Envelope, folder_of
from audit.evidence.layout import CHANGES
from audit.evidence.store import Searchable

_NAME: Final = re.compile(r"[0-9]{10}-(.+)\.json")


def committed(store: Searchable, project_id: str, traces: Collection[str]) -> Iterator[str]:
    """Yield those of these traces that the watch committed: what is stored without a digest does not count.

    Raises:
        StoreError: the store cannot be read.
    """
    scope = f"{project_id}/{CHANGES}"
    for key in store.keys(folder_of(scope)):
        named = _NAME.fullmatch(key.removeprefix(folder_of(scope)))
        if named and named[1] in traces:
            with suppress(ChainError):
                digest = Digest.open(Envelope.load(store.read(key) or b""))
                if (digest.scope, digest.run, digest.digest_object) == (scope, named[1], key):
                    yield digest.run
