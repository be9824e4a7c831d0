# SPDX-License-Identifier: Apache-2.0
"""usage: python3 Scripts/models [--within SECONDS] [--deep] [--traces] [WORDS…]

Explores every interleaving of the engine's protocols within small bounds. With all protections in place nothing may
fall; without any single one of them something must, and --traces prints how. WORDS choose cases by their titles.
Cases in which nothing may fall are cut after SECONDS (600), and say so; --deep adds those that take minutes.
"""
import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import batches
import beginnings
import branches
import children
import cleanup
import events
import lease
import mailbox
import tolerance
from explorer import explore

CASES = [
    case
    for protocol in (lease, mailbox, children, tolerance, events, branches, cleanup, batches, beginnings)
    for case in protocol.CASES
]


def look(index, until):
    """Runs in a process of its own; a model is made there, since it cannot be sent."""
    case = CASES[index]
    # A counterexample is near; and where none is found, time that is over proves nothing.
    return explore(case.model(), until if case.breaks is None else None)


def tell(case, finding, traces):
    """Prints a line, and the way to what fell where it is asked for or not expected. Returns whether all is well."""
    wrong = case.judge(finding)
    words = finding.problem or ("nothing falls so far: cut by the time" if finding.is_cut else "nothing falls")
    print(f"{'FAIL' if wrong else 'ok  '} {case.title}: {finding.states} states, {words}", flush=True)
    if wrong and wrong != finding.problem:
        print(f"       expected: {case.breaks}; {wrong}")
    if finding.trace and (traces or wrong):
        for number, label in enumerate(finding.trace, 1):
            print(f"       {number:2}. {label}")
    return wrong is None


def main():
    parser = argparse.ArgumentParser(prog="python3 Scripts/models", description=__doc__.split("\n", 2)[2])
    parser.add_argument("--within", type=float, default=600, metavar="SECONDS")
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("--traces", action="store_true")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    chosen = [
        index
        for index, case in enumerate(CASES)
        if (options.deep or not case.is_deep) and all(word in case.title for word in options.words)
    ]
    if not chosen:
        sys.exit("models: no case has a title with these words")
    # The near ones first, so that the time that is left belongs to those that go on to the end.
    chosen.sort(key=lambda index: CASES[index].breaks is None)
    began = time.monotonic()
    failed = cut = 0
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        findings = [processes.submit(look, index, began + options.within) for index in chosen]
        for index, finding in zip(chosen, findings):
            failed += not tell(CASES[index], finding.result(), options.traces)
            cut += finding.result().is_cut
    seconds = time.monotonic() - began
    print(f"models: {len(chosen) - failed} passed, {failed} failed, {cut} cut by the time, in {seconds:.0f} s")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
