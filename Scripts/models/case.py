# SPDX-License-Identifier: Apache-2.0
"""One question to a model."""
from typing import NamedTuple


class Case(NamedTuple):
    """title: what is looked at. model: makes the model. breaks: with what words the first thing to fall begins, for a
    protection that is removed; None where nothing may fall. is_deep: it takes minutes, and runs only when asked for."""

    title: str
    model: object
    breaks: str | None = None
    is_deep: bool = False

    def judge(self, finding):
        """What is wrong with a finding; None if it is as expected."""
        if self.breaks is None:
            return finding.problem
        if finding.problem is None:
            return "nothing falls without this protection" + (", as far as was looked" if finding.is_cut else "")
        return None if finding.problem.startswith(self.breaks) else f"fell instead: {finding.problem}"
