"""Everything at once: workers, servers and Redis are killed, and workers stop and wake up, at random."""

import os
import random
import signal
import threading
import time

from kills import run
from model import Model, prompt
from place import Place


class Storm:
    """Does one bad thing every two seconds, and repairs what does not repair itself."""

    def __init__(self, place: Place, chance: random.Random) -> None:
        self.place, self.chance, self.count = place, chance, 0
        self.servers = [place.serve() for _ in range(2)]
        self.workers = [place.work() for _ in range(3)]
        self.due = time.monotonic() + 2
        self.later: list[tuple[float, object]] = []
        self.stopped: list = []
        self.repair: threading.Timer | None = None

    def tick(self) -> None:
        now = time.monotonic()
        for due, step in [entry for entry in self.later if entry[0] <= now]:
            self.later.remove((due, step))
            step()
        if now >= self.due and not (self.repair and self.repair.is_alive()):
            self.due = now + 2
            self.count += 1
            self.chance.choice([self.kill_worker, self.kill_worker, self.kill_server, self.kill_redis, self.stop_worker])()

    def after(self, seconds: float, step) -> None:
        self.later.append((time.monotonic() + seconds, step))

    def kill_worker(self) -> None:
        number = self.chance.randrange(3)
        self.workers[number].kill()
        self.workers[number] = self.place.work()

    def kill_server(self) -> None:
        number = self.chance.randrange(2)
        process, url = self.servers[number]
        process.kill()
        process.wait()
        self.servers[number] = self.place.serve(int(url.rsplit(":", 1)[1]))

    def kill_redis(self) -> None:
        self.place.redis.kill()
        # From another thread: this one may be waiting for a server that waits for Redis.
        self.repair = threading.Timer(self.chance.uniform(0.2, 3), self.place.redis.start)
        self.repair.start()

    def end(self) -> None:
        """Lets a Redis that is away come back."""
        if self.repair:
            self.repair.join()

    def stop_worker(self) -> None:
        """For longer than a lease. Another worker is there meanwhile, and things go on breaking."""
        number = self.chance.randrange(3)
        stopped, self.workers[number] = self.workers[number], self.place.work()
        stopped.send_signal(signal.SIGSTOP)
        self.stopped.append(stopped)
        if len(self.stopped) > 2:
            self.stopped[0].send_signal(signal.SIGCONT)
            self.after(3, self.stopped.pop(0).kill)


def storm(runs: int = 150, at_once: int = 40) -> None:
    seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
    print(f"  SEED={seed}", flush=True)
    with Place("--appendonly", "yes", "--appendfsync", "always", model=(model := Model()).url, needs=12 * at_once + 600) as place:
        chaos = Storm(place, random.Random(seed))
        prompts = [prompt(120, 0.03, turns=3, book=number % 10 == 0) for number in range(runs)]
        run(place, [url for _, url in chaos.servers], prompts, at_once, chaos, model, "something was", chaos.end)
