# SPDX-License-Identifier: Apache-2.0
"""Tasks of Absurd (Python SDK), drained from a queue that was filled before: spawning them is not counted."""

import asyncio
import importlib.metadata
import json
import os
import subprocess
import sys
import threading
import time

import load

QUEUE = "bench"
#: For each process, more than it can drain in the time of a measurement.
TASKS = 6_000


def work(options):
    import psycopg
    from absurd_sdk import Absurd, AsyncAbsurd

    counted = load.Load(options.seconds)
    poll, concurrency = (0.01, options.in_flight) if options.mode == "tuned" else (0.25, 1)

    if options.mode == "default":
        connection = psycopg.connect(options.database, autocommit=True)
        worker = Absurd(connection, queue_name=QUEUE)

        @worker.register_task(name="load")
        def task(parameters, context):
            def step():
                counted.stepped()
                return load.PAYLOAD

            for _ in range(options.steps):
                context.step("step", step)
            return options.steps

        execute = worker._execute_task

        def counting(*arguments):
            execute(*arguments)
            counted.ended()
            if counted.is_over():
                worker.stop_worker()

        worker._execute_task = counting
        threading.Timer(counted.end - time.monotonic() + 1, worker.stop_worker).start()
        worker.start_worker(concurrency=concurrency, poll_interval=poll)
    else:

        async def everything():
            connection = await psycopg.AsyncConnection.connect(options.database, autocommit=True)
            worker = AsyncAbsurd(connection, queue_name=QUEUE)

            @worker.register_task(name="load")
            async def task(parameters, context):
                async def step():
                    counted.stepped()
                    return load.PAYLOAD

                for _ in range(options.steps):
                    await context.step("step", step)
                return options.steps

            execute = worker._execute_task

            async def counting(*arguments):
                await execute(*arguments)
                counted.ended()
                if counted.is_over():
                    worker.stop_worker()

            worker._execute_task = counting
            asyncio.get_running_loop().call_later(counted.end - time.monotonic() + 1, worker.stop_worker)
            await worker.start_worker(concurrency=concurrency, poll_interval=poll)

        asyncio.run(everything())
    return counted.result()


def prepare(options):
    """Makes the tables with the peer's own command, and fills the queue by its own function."""
    import psycopg

    command = os.path.join(os.path.dirname(sys.executable), "absurdctl")
    for words in (["init"], ["create-queue", QUEUE]):
        subprocess.run(
            [command, *words],
            env={**os.environ, "ABSURD_DATABASE_URL": options.database},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    with psycopg.connect(options.database, autocommit=True) as connection:
        connection.execute(
            "SELECT count(*) FROM (SELECT absurd.spawn_task(%s, 'load', %s) FROM generate_series(1, %s)) AS spawned",
            (QUEUE, json.dumps({}), options.tasks or TASKS * options.processes),
        )


if __name__ == "__main__":
    options = load.arguments()
    tuned = f"async, concurrency {options.in_flight}, poll 0.01 s"
    load.run(
        __file__,
        options,
        work,
        prepare,
        {
            "version": f"absurd-sdk {importlib.metadata.version('absurd-sdk')}, "
            f"absurdctl {importlib.metadata.version('absurdctl')}",
            "settings": tuned if options.mode == "tuned" else "sync worker, concurrency 1, poll 0.25 s",
        },
    )
