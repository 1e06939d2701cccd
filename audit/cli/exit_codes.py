"""The exit codes of the commands; errors carry their own (audit/errors.py). README and each --help list them."""

from collections.abc import Mapping
from typing import Final

from audit.report.facts import Conclusion

OF_CONCLUSION: Final[Mapping[str, int]] = {
    Conclusion.COMPLIANT: 0,
    Conclusion.INCOMPLETE: 3,
    Conclusion.NON_COMPLIANT: 10,
}
INTERNAL_ERROR: Final = 1
NOT_POSSIBLE: Final = 2
NOT_USABLE: Final = 2
NOT_AN_ANSWER: Final = 2
ROWS_REJECTED: Final = 3
NO_RESULT: Final = 3
DRIFT_ONLY: Final = 4
TAMPERED: Final = 10
DIFFERENT: Final = 10
