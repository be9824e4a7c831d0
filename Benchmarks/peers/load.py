# SPDX-License-Identifier: Apache-2.0
"""What the loads of all peers have in common: arguments, processes, and one line of JSON."""

import argparse
import json
import resource
import subprocess
import sys
import time

#: What every step returns: 64 bytes of JSON, as in our own scenarios.
PAYLOAD = ("0123456789" * 7)[:62]


def arguments():
    """The command line that every load understands."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True, help="connection string of the database")
    parser.add_argument("--mode", choices=["default", "tuned"], required=True)
    parser.add_argument("--steps", type=int, required=True, help="steps of one workflow")
    parser.add_argument("--in-flight", type=int, default=100, help="workflows at once, in each process")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--tasks", type=int, help="how many tasks a queue is filled with, by default enough")
    parser.add_argument("--prepare-only", action="store_true", help="make the tables, fill the queue, and end")
    parser.add_argument("--worker", type=int, help="the number of this process among several")
    return parser.parse_args()


class Load:
    """Counts steps and workflows that end between the end of the warm-up and the deadline."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.workflows = 0
        self.steps = 0
        self.start()

    def start(self):
        """Begins the warm-up, again if there was something to wait for."""
        self.begin = time.monotonic() + min(2.0, self.seconds / 2)
        self.end = self.begin + self.seconds
        self.cpu_at_begin = None

    def is_over(self):
        """Whether no further workflow should begin."""
        return time.monotonic() >= self.end

    def stepped(self):
        """One more step runs."""
        if self.counts():
            self.steps += 1

    def ended(self):
        """One more workflow has ended."""
        if self.counts():
            self.workflows += 1

    def counts(self):
        """Whether it is the time to count."""
        now = time.monotonic()
        if now < self.begin:
            return False
        if self.cpu_at_begin is None:
            self.cpu_at_begin = cpu()
        return now < self.end

    def result(self):
        """What this process did."""
        spent = 0 if self.cpu_at_begin is None else cpu() - self.cpu_at_begin
        return {"workflows": self.workflows, "steps": self.steps, "cpu_seconds": spent}


def cpu():
    """Processor seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def run(script, options, work, prepare, facts):
    """Runs `work` here, or in several processes of this script, and prints their sum as one line of JSON."""
    if options.worker is not None:
        print(json.dumps(work(options)))
        return
    prepare(options)
    if options.prepare_only:
        return
    children = [
        subprocess.Popen(
            [sys.executable, script, *sys.argv[1:], "--worker", str(number)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(options.processes)
    ]
    total = {"workflows": 0, "steps": 0, "cpu_seconds": 0.0}
    for child in children:
        output, _ = child.communicate()
        if child.returncode != 0:
            sys.exit(f"a process of {script} failed")
        result = json.loads(output.strip().splitlines()[-1])
        for name in total:
            total[name] += result[name]
    steps = total["steps"]
    print(
        json.dumps(
            {
                "workflows_per_second": round(total["workflows"] / options.seconds, 1),
                "steps_per_second": round(steps / options.seconds, 1),
                "client_us_per_step": round(total["cpu_seconds"] * 1e6 / steps, 1) if steps else None,
                "processes": options.processes,
                **facts,
            }
        )
    )
