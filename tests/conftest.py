"""What all tests share: nothing waits until it lies on a disk, since no test pulls the plug."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def _quick_disk() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _descriptor: None)
        yield
