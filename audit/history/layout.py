"""How a task lies in 81 bytes, alone or with many others.

Records begin with time of creation and id, so that those of usual ids, compared byte by byte, come in order of age.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final

from audit.history.moments import WIDTH as TIME
from audit.records.keys import WIDTH as ID

NEVER: Final = bytes(TIME)
LATEST: Final = b"\xff"  # is after every time
NO_ID: Final = bytes(ID)
ODD_ID, NO_BACKUP, ODD_BACKUP = 1, 2, 4

RECORD: Final = Struct(">10s16s10s10s10s16sIIB")  # created, id, updated, started, ended, backup, where, how, oddities
SIZE: Final = RECORD.size
WHOLE: Final = Struct(f"{SIZE}s")
CREATED: Final = Struct(">10s71x")
CREATED_AND_COMMON: Final = Struct(">10s62x8sx")
CREATED_STARTED_AND_COMMON: Final = Struct(">10s26x10s26x8sx")
COMMON: Final = Struct(">II")
COMMON_PART: Final = slice(72, 80)
BEGUN: Final = Struct(">10s26x10s35x")
ENDED: Final = Struct(">46x10s25x")
KEY: Final = Struct(">10x16s55x")
BACKUP_KEY: Final = Struct(">56x16s9x")
BACKUP_KEY_AND_ODDITIES: Final = Struct(">56x16s8xB")
_WIDTHS: Final = (TIME, ID, TIME, TIME, TIME, ID, 4, 4, 1)


def assembled(columns: Sequence[bytes]) -> bytearray:
    """Put records together from their columns, in the order of the record; each has its values one after the other.

    One stroke for each byte of a record, whatever the number of records.
    """
    *_, oddities = columns
    block = bytearray(SIZE * len(oddities))
    place = 0
    for column, width in zip(columns, _WIDTHS, strict=True):
        for part in range(width):
            block[place::SIZE] = column[part::width]
            place += 1
    return block
