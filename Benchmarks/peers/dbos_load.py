# SPDX-License-Identifier: Apache-2.0
"""Workflows of DBOS (Python), started directly: the caller awaits the function, without a queue and without a poll."""

import asyncio
import importlib.metadata
import uuid

import load

TUNED_POOL = 20


def configuration(options):
    settings = {
        "name": "bench-peer",
        "system_database_url": options.database,
        "log_level": "ERROR",
        # Processes of one executor id take each other's workflows for their own.
        "executor_id": f"worker-{options.worker}",
        "application_version": "1",
    }
    if options.mode == "tuned":
        settings["sys_db_pool_size"] = TUNED_POOL
    return settings


def work(options):
    from dbos import DBOS

    DBOS(config=configuration(options))
    counted = load.Load(options.seconds)

    @DBOS.step()
    async def step():
        counted.stepped()
        return load.PAYLOAD

    @DBOS.workflow()
    async def workflow(steps):
        for _ in range(steps):
            await step()
        return steps

    async def client():
        while not counted.is_over():
            await workflow(options.steps)
            counted.ended()

    async def everything():
        await asyncio.gather(*(client() for _ in range(options.in_flight)))

    DBOS.launch()
    counted.start()
    asyncio.run(everything())
    result = counted.result()
    DBOS.destroy()
    return result


def prepare(options):
    """Makes the tables once, so that processes do not race for it."""
    from dbos import DBOS

    options.worker = "prepare"
    DBOS(config=configuration(options))
    DBOS.launch()
    DBOS.destroy()
    options.worker = None


if __name__ == "__main__":
    options = load.arguments()
    pool = TUNED_POOL if options.mode == "tuned" else "default"
    load.run(
        __file__,
        options,
        work,
        prepare,
        {
            "version": f"dbos {importlib.metadata.version('dbos')}",
            "settings": f"async, {options.in_flight} in flight a process, sys_db_pool_size {pool}, log level error",
        },
    )
