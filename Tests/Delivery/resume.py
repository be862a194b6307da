"""Comes back after every event and at random bytes, and kills what the viewers read from: Redis, and servers."""

import os
import random
import signal
import threading
import time

from crowd import Crowd, Viewer
from model import Model, prompt
from place import Place, ask, check, figure
from verdict import QUERIES, Verdict, difference


def resume(positions: int = 500) -> None:
    seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
    chance = random.Random(seed)
    print(f"  SEED={seed}", flush=True)
    with Place(model=(model := Model()).url) as place:
        _, server = place.serve()
        worker = place.work()
        asked = prompt(600, 0.01, turns=3)
        conversation = ask(server, asked)
        chains = [Viewer([server], conversation, query) for query in QUERIES]
        threads = [threading.Thread(target=one_by_one, args=[viewer], daemon=True) for viewer in chains]
        for thread in threads:
            thread.start()
        # So that there is something to be taken back, for those who come back in the middle of it.
        while len(place.redis.entries(conversation)) < 300:
            time.sleep(0.05)
        worker.kill()
        place.work()
        for thread in threads:
            thread.join(90)
        verdict = Verdict(place, server, {conversation: asked})
        entries = verdict.entries[conversation]
        figure(f"{len(entries)} events, {verdict.takeovers} takeovers, {model.asked} requests to the model; while it was written, "
               f"{[viewer.connections for viewer in chains]} connections of 3 viewers who left after every event")
        check(len(entries) >= 500 and verdict.takeovers >= 1, "the run has 500 events, and a worker was lost in it")
        verdict.check_logs()
        verdict.check_viewers(chains)
        for query in QUERIES:
            name = query or "isolation=live"
            whole = Viewer([server], conversation, query)
            size = whole.read()
            check(not difference(whole, entries), f"{name}: read in one piece, {size} bytes")
            again = [came_back(server, conversation, query, by_query=number % 2 == 0, events=number)
                     for number in range(1, len(whole.ids) + 1)]
            compare(f"{name}: back after each of {len(again)} events", again, whole, entries)
            again = [came_back(server, conversation, query, by_query=number % 2 == 0, bytes=chance.randrange(1, size))
                     for number in range(positions)]
            compare(f"{name}: cut at {len(again)} random bytes", again, whole, entries)


def one_by_one(viewer: Viewer) -> None:
    until = time.monotonic() + 80
    while not viewer.end and not viewer.errors and time.monotonic() < until:
        viewer.read(by_query=viewer.connections % 2 == 0, events=1)


def came_back(server: str, conversation: str, query: str, by_query: bool, **cut: int) -> Viewer:
    viewer = Viewer([server], conversation, query)
    viewer.read(**cut)
    while not viewer.end and not viewer.errors and viewer.connections < 5:
        viewer.read(by_query)
    return viewer


def compare(what: str, viewers: list[Viewer], whole: Viewer, entries: list) -> None:
    wrong = [(viewer.last, found) for viewer in viewers if (found := difference(viewer, entries))]
    same = all((viewer.ids, viewer.pieces, viewer.timeline) == (whole.ids, whole.pieces, whole.timeline) for viewer in viewers)
    check(same and not wrong, f"{what}: the same events and the same text each time", f"not {len(wrong)}, for instance {wrong[:2]}")


def viewers_of(crowd: Crowd, servers: list[list[str]], asked: dict[str, str], count: int) -> None:
    conversations = list(asked)
    for number in range(count):
        crowd.add(Viewer(servers[number % len(servers)], conversations[number % len(conversations)],
                         QUERIES[number // len(conversations) % len(QUERIES)]))


class Plan:
    """Does one thing after another, each at its time."""

    def __init__(self, *steps: tuple[float, object]) -> None:
        self.start, self.steps = time.monotonic(), list(steps)

    def tick(self) -> None:
        while self.steps and time.monotonic() - self.start >= self.steps[0][0]:
            self.steps.pop(0)[1]()


def restart(viewers: int = 500, runs: int = 10) -> None:
    with Place("--appendonly", "yes", "--appendfsync", "always", model=Model().url, needs=4 * viewers + 400) as place:
        _, server = place.serve()
        place.work()
        place.work()
        asked = {ask(server, text): text for text in [prompt(750, 0.02, turns=3)] * runs}
        crowd = Crowd()
        viewers_of(crowd, [[server]], asked, viewers)
        at_kill: list[tuple[int, int]] = []

        def kill() -> None:
            # What is not sealed yet a committed viewer does not have.
            begun = min(len(viewer.ids) for viewer in crowd.viewers if "committed" not in viewer.query)
            at_kill.append((begun, sum(bool(viewer.end) for viewer in crowd.viewers)))
            place.redis.kill()

        outages = ((3, 1), (7, 1), (11, 8))
        steps = [step for begin, seconds in outages for step in ((begin, kill), (begin + seconds, place.redis.start))]
        is_whole = crowd.run(120, tick=Plan(*steps).tick)
        check(len(at_kill) == 3 and all(least > 0 and not ends for least, ends in at_kill),
              "Redis was killed three times, when every live viewer had begun and none was done", at_kill)
        finish(place, server, asked, crowd, is_whole, "Redis was away for 1, 1 and 8 s")


def gateways(viewers: int = 300, runs: int = 6) -> None:
    with Place(model=Model().url, needs=4 * viewers + 400) as place:
        servers = [place.serve() for _ in range(2)]
        urls = [url for _, url in servers]
        place.work()
        asked = {ask(urls[0], text): text for text in [prompt(500, 0.02, turns=3)] * runs}
        crowd = Crowd()
        viewers_of(crowd, [urls, urls[::-1]], asked, viewers)

        def again(number: int) -> None:
            servers[number] = place.serve(int(urls[number].rsplit(":", 1)[1]))

        plan = Plan((3, servers[0][0].kill), (5, lambda: again(0)), (7, servers[1][0].kill))
        is_whole = crowd.run(90, tick=plan.tick)
        check(servers[1][0].poll() == -signal.SIGKILL, "a server was killed twice, each time the other took its viewers")
        check(crowd.broken >= viewers, "viewers were cut off in the middle, or this says nothing", crowd.broken)
        finish(place, urls[0], asked, crowd, is_whole, "server 1 killed after 3 s and started again, server 2 killed after 7 s")


def finish(place: Place, server: str, asked: dict[str, str], crowd: Crowd, is_whole: bool, story: str) -> None:
    crowd.close()
    connections = sum(viewer.connections for viewer in crowd.viewers)
    verdict = Verdict(place, server, asked)
    events = sum(len(viewer.ids) for viewer in crowd.viewers)
    figure(f"{len(crowd.viewers)} viewers of {len(asked)} runs; {story}; {crowd.broken} connections broke, "
           f"{connections} in all; {events} events delivered; {verdict.takeovers} takeovers")
    check(is_whole, "every viewer came to an end in time", sum(not viewer.end for viewer in crowd.viewers))
    verdict.check_logs()
    verdict.check_viewers(crowd.viewers)
    check(not place.crashes(), "no process ended on its own account", place.crashes())
