"""No-op tasks a second through other task queues on Redis, one worker, concurrency 100.

Run:    ./lesson bench queue --rivals python3 (or python3 rivals.py redis://127.0.0.1:PORT TASKS)
Expect: one line a library that is installed: its name, enqueued and processed per second.

Of each library the quickest way to enqueue many tasks that its documentation shows.
"""

import asyncio
import sys
import time

URL, TASKS = sys.argv[1], int(sys.argv[2])


def report(name, enqueuing, processing):
    print(f"{name} {TASKS / enqueuing:.0f} {TASKS / processing:.0f}", flush=True)


async def arq():
    from arq import create_pool
    from arq.connections import RedisSettings
    from arq.worker import Worker, func

    async def noop(ctx):
        pass

    settings = RedisSettings.from_dsn(URL)
    pool = await create_pool(settings)
    start = time.perf_counter()
    for base in range(0, TASKS, 100):
        await asyncio.gather(*(pool.enqueue_job("noop") for _ in range(min(100, TASKS - base))))
    enqueuing = time.perf_counter() - start
    worker = Worker(
        functions=[func(noop, name="noop")], redis_settings=settings, burst=True, max_jobs=100, poll_delay=0.01,
        keep_result=0, queue_read_limit=500, handle_signals=False)
    start = time.perf_counter()
    await worker.async_run()
    report("arq", enqueuing, time.perf_counter() - start)


def dramatiq():
    import dramatiq
    from dramatiq.brokers.redis import RedisBroker

    broker = RedisBroker(url=URL, middleware=[])
    dramatiq.set_broker(broker)
    done = []

    @dramatiq.actor
    def noop():
        done.append(None)

    start = time.perf_counter()
    for _ in range(TASKS):
        broker.enqueue(noop.message())
    enqueuing = time.perf_counter() - start
    worker = dramatiq.Worker(broker, worker_threads=8)
    start = time.perf_counter()
    worker.start()
    while len(done) < TASKS:
        time.sleep(0.001)
    report("dramatiq", enqueuing, time.perf_counter() - start)
    worker.stop()


async def taskiq():
    from taskiq.receiver import Receiver
    from taskiq_redis import RedisStreamBroker

    broker = RedisStreamBroker(url=URL)
    count, over = 0, asyncio.Event()

    @broker.task
    async def noop():
        nonlocal count
        count += 1
        if count == TASKS:
            over.set()

    broker.is_worker_process = True
    await broker.startup()
    start = time.perf_counter()
    for base in range(0, TASKS, 100):
        await asyncio.gather(*(noop.kiq() for _ in range(min(100, TASKS - base))))
    enqueuing = time.perf_counter() - start
    receiver = Receiver(broker, run_startup=False, max_async_tasks=100)
    finish = asyncio.Event()
    start = time.perf_counter()
    listening = asyncio.create_task(receiver.listen(finish))
    await over.wait()
    report("taskiq-redis", enqueuing, time.perf_counter() - start)
    finish.set()
    listening.cancel()


async def streaq():
    from streaq import Worker

    worker = Worker(redis_url=URL, concurrency=100)
    count, over = 0, asyncio.Event()

    @worker.task()
    async def noop():
        nonlocal count
        count += 1
        if count == TASKS:
            over.set()

    async with worker:
        start = time.perf_counter()
        for base in range(0, TASKS, 1000):
            await worker.enqueue_many([noop.enqueue() for _ in range(min(1000, TASKS - base))])
        enqueuing = time.perf_counter() - start
    start = time.perf_counter()
    running = asyncio.create_task(worker.run_async())
    await over.wait()
    report("streaq", enqueuing, time.perf_counter() - start)
    running.cancel()


RIVALS = {
    "taskiq_redis": lambda: asyncio.run(taskiq()), "dramatiq": dramatiq, "arq": lambda: asyncio.run(arq()),
    "streaq": lambda: asyncio.run(streaq()),
}

if len(sys.argv) > 3:
    RIVALS[sys.argv[3]]()
else:
    import importlib.util
    import subprocess

    # Each runs in a process of its own, so that none inherits another's event loop or broker.
    for name in RIVALS:
        if importlib.util.find_spec(name):
            try:
                subprocess.run([sys.executable, __file__, URL, str(TASKS), name], timeout=120)
            except subprocess.TimeoutExpired:
                print(f"# {name} was not done within 120 s", file=sys.stderr)
