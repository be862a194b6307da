"""Kills workers, or the model's server, while runs are answered, and compares what their viewers have with the logs."""

import collections
import http.client
import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request

from crowd import Crowd, LateViewer, Viewer
from model import Model, prompt
from place import Place, check, figure
from verdict import QUERIES, Verdict


class Asker:
    """Asks for runs, some of them at once, lets four viewers watch each, and says yes where a tool wants that."""

    def __init__(self, servers: list[str], crowd: Crowd, prompts: list[str], at_once: int) -> None:
        self.servers, self.crowd, self.prompts, self.at_once = servers, crowd, prompts, at_once
        self.asked: dict[str, str] = {}
        self.open: dict[str, list[Viewer]] = {}
        self.read: collections.Counter[Viewer] = collections.Counter()
        self.next = self.approvals = self.repeats = 0
        self.refusals: list[str] = []

    @property
    def is_over(self) -> bool:
        return not self.open and len(self.asked) == len(self.prompts)

    def tick(self) -> None:
        while len(self.open) < self.at_once and len(self.asked) < len(self.prompts):
            text = self.prompts[len(self.asked)]
            # The key makes it one run, however often it has to be sent.
            headers = {"Content-Type": "text/plain", "Idempotency-Key": f"run-{len(self.asked)}"}
            if len(self.asked) % 3 == 0:
                self.post_and_leave("/api/agents/TravelPlanner/run", text, headers)
            answer = self.post("/api/agents/TravelPlanner/run", text, headers)
            if answer is None:
                break
            conversation = answer["conversation_id"]
            self.asked[conversation] = text
            viewers = [Viewer(self.servers, conversation, query) for query in QUERIES]
            viewers.append(LateViewer(self.servers, conversation, after=random.uniform(0.5, 4)))
            self.open[conversation] = [self.crowd.add(viewer) for viewer in viewers]
        for conversation, viewers in list(self.open.items()):
            for viewer in viewers:
                self.decide(viewer)
            if all(viewer.end for viewer in viewers):
                del self.open[conversation]

    def decide(self, viewer: Viewer) -> None:
        for event in viewer.timeline[self.read[viewer]:]:
            if event["type"] == "approval_requested":
                path = f"/api/runs/{event['data']['run']}/approvals/{event['data']['call']}"
                if self.post(path, json.dumps({"decision": "approve"}), {"Content-Type": "application/json"}) is None:
                    return
                self.approvals += 1
            self.read[viewer] += 1

    def post(self, path: str, body: str, headers: dict[str, str]) -> dict | None:
        """The answer of one of the servers; nothing, if it has to be asked again."""
        self.next += 1
        url = self.servers[self.next % len(self.servers)] + path
        try:
            return json.load(urllib.request.urlopen(urllib.request.Request(url, body.encode(), headers), timeout=10))
        except urllib.error.HTTPError as error:
            # What was decided once and whose reply was lost is decided.
            if error.code == 409 and "approvals" in path:
                return {}
            if error.code not in (502, 503, 504):
                self.refusals.append(f"{path}: {error.code} {error.read()[:200]!r}")
        except (OSError, http.client.HTTPException):
            self.repeats += 1
        return None


    def post_and_leave(self, path: str, body: str, headers: dict[str, str]) -> None:
        """Sends a request and goes away before the answer, perhaps before it was read."""
        server = urllib.parse.urlparse(self.servers[0])
        connection = http.client.HTTPConnection(server.hostname, server.port, timeout=5)
        try:
            connection.request("POST", path, body.encode(), headers)
            time.sleep(random.choice((0, 0.001, 0.005)))
            self.repeats += 1
        except OSError:
            pass
        connection.close()


class Every:
    """Does something again and again."""

    def __init__(self, seconds: float, body) -> None:
        self.seconds, self.body, self.count = seconds, body, 0
        self.due = time.monotonic() + seconds

    def tick(self) -> None:
        if time.monotonic() >= self.due:
            self.body()
            self.count += 1
            self.due = time.monotonic() + self.seconds


def kills(runs: int = 300, at_once: int = 45, every: float = 3) -> None:
    """Each run has 120 words in three turns, and tools between them; each tenth books a hotel, which must not happen twice."""
    with Place(model=(model := Model()).url, needs=8 * at_once + 600) as place:
        _, server = place.serve()
        workers = [place.work() for _ in range(3)]

        def kill() -> None:
            number = random.randrange(len(workers))
            workers[number].kill()
            workers[number].wait()
            workers[number] = place.work()

        prompts = [prompt(120, 0.03, turns=3, book=number % 10 == 0) for number in range(runs)]
        run(place, [server], prompts, at_once, Every(every, kill), model, "a worker")


def models(runs: int = 200, at_once: int = 30, every: float = 4) -> None:
    with Place(model=(model := Model()).url, needs=8 * at_once + 600) as place:
        _, server = place.serve()
        place.work()
        place.work()

        def kill() -> None:
            model.kill()
            time.sleep(0.5)
            model.start()

        prompts = [prompt(120, 0.03, turns=3, book=number % 10 == 0) for number in range(runs)]
        run(place, [server], prompts, at_once, Every(every, kill), model, "the model")


def run(place: Place, servers: list[str], prompts: list[str], at_once: int, chaos, model: Model, victim: str, repair=lambda: None) -> None:
    crowd = Crowd()
    asker = Asker(servers, crowd, prompts, at_once)
    begin = time.monotonic()

    def tick() -> None:
        chaos.tick()
        asker.tick()

    is_whole = crowd.run(60 + 2 * len(prompts), until=lambda: asker.is_over, tick=tick)
    crowd.close()
    repair()
    verdict = Verdict(place, servers[0], asker.asked)
    resets = len({viewer.conversation for viewer in crowd.viewers if viewer.resets})
    again = sum(viewer.snapshots - 1 for viewer in crowd.viewers if isinstance(viewer, LateViewer))
    figure(f"{len(prompts)} runs, at most {at_once} at once, {time.monotonic() - begin:.0f} s; {victim} killed {chaos.count} times; "
           f"{verdict.takeovers} takeovers in {resets} runs, at most {most(verdict)} in one; {model.asked} requests to the model, "
           f"{model.cut} of them cut; {asker.approvals} approvals; {again} snapshots taken again")
    check(is_whole, "every run came to an end in time", list(asker.open)[:5])
    check(not asker.refusals, "no request was refused", asker.refusals[:3])
    logs = place.redis.command("KEYS", "agent-stream:*")
    check(len(logs) == len(asker.asked), f"each of {len(asker.asked)} requests began one run; {asker.repeats} were sent twice, with one key", len(logs))
    check(chaos.count > 0 and model.cut > 0, "answers were broken off in the middle, or this says nothing")
    verdict.check_logs()
    verdict.check_viewers(crowd.viewers)
    once_only(verdict)
    dead = place.redis.command("XLEN", "{agent-tasks}:dead")
    check(dead == 0, "no run was given up", dead)
    check(not place.crashes(), "no process ended on its own account", place.crashes())


def most(verdict: Verdict) -> int:
    return max(sum(fields["event"] == "attempt" for _, fields in entries) for entries in verdict.entries.values())


def once_only(verdict: Verdict) -> None:
    """Each call of a tool has one result, and one that must not be repeated was begun once."""
    twice, booked, unfinished = [], 0, []
    for conversation, entries in verdict.entries.items():
        begun: collections.Counter = collections.Counter()
        ended: collections.Counter = collections.Counter()
        for _, fields in entries:
            if fields["event"] == "tool_usage":
                use = json.loads(fields["data"])
                (begun if use["action"] == "call" else ended)[use["turn"], use["call"], use["tool"]] += 1
        booked += sum(count for place, count in begun.items() if place[2] == "book_hotel")
        twice += [(conversation, place) for place, count in begun.items() if place[2] == "book_hotel" and count > 1]
        unfinished += [(conversation, place, ended[place]) for place in begun if ended[place] != 1]
    check(not twice, f"{booked} hotels booked, each in one attempt", twice)
    check(not unfinished, "each call of a tool has one result", unfinished)
