"""Many viewers in one thread. Each comes back with its last ID, to the next server if one is gone, until there is an end."""

import heapq
import itertools
import json
import random
import selectors
import socket
import time
import urllib.parse

from events import Body, Events
from place import normal, order, quoted, snapshot


class Viewer(Events):
    """Follows one conversation. `query` is part of the address: `isolation=committed`, `view=timeline`."""

    # How many seconds after the others it comes.
    delay = 0.0
    # Whether what it has no longer counts, so that it has to begin again.
    is_stale = False

    def __init__(self, servers: list[str], conversation: str, query: str = "") -> None:
        super().__init__()
        self.servers, self.conversation, self.query = servers, conversation, query
        self.server = 0
        self.connections = 0
        self.errors: list[str] = []
        self.socket: socket.socket | None = None

    @property
    def address(self) -> tuple[str, int]:
        url = urllib.parse.urlparse(self.servers[self.server % len(self.servers)])
        return url.hostname, url.port

    def request(self, by_query: bool = False) -> bytes:
        """What is sent to follow from where this viewer is; the cursor goes into a header or into the address."""
        query = "&".join(part for part in (self.query, f"cursor={self.last}" if by_query and self.last else "") if part)
        header = f"Last-Event-ID: {self.last}\r\n" if self.last and not by_query else ""
        host, port = self.address
        return (f"GET /api/agent/stream/{quoted(self.conversation)}?{query} HTTP/1.1\r\nHost: {host}:{port}\r\n"
                f"Accept: text/event-stream\r\n{header}\r\n").encode()

    def receive(self, bytes: bytes, most: int = 1 << 60) -> None:
        body = self.body.feed(bytes)
        if self.body.status == 200:
            self.feed(body, most)
        elif self.body.status and self.body.status not in (502, 503):
            self.errors.append(f"{self.body.status} {body[:200]!r}")
            self.end = "refused"

    def connect(self) -> None:
        self.reconnect()
        self.connections += 1
        self.body = Body()

    def read(self, by_query: bool = False, events: int = 1 << 60, bytes: int = 1 << 60) -> int:
        """One connection, until the server ends it or so many events or bytes of the body were taken; then it is cut.

        Returns how many bytes of the body were taken.
        """
        self.connect()
        taken, before = 0, len(self.ids)
        with socket.create_connection(self.address, timeout=60) as connection:
            connection.sendall(self.request(by_query))
            while taken < bytes and len(self.ids) - before < events and not self.end:
                got = connection.recv(65536)
                if not got:
                    break
                body = self.body.feed(got)[:bytes - taken]
                taken += len(body)
                if self.body.status not in (0, 200):
                    self.errors.append(f"{self.body.status} {body[:200]!r}")
                    break
                self.feed(body, events - (len(self.ids) - before))
        return taken


class LateViewer(Viewer):
    """Begins with the snapshot of a run that is under way, as the page does, and follows from its cursor.

    It cannot take back a part of the snapshot's text, so it begins again if it is told to.
    """

    def __init__(self, servers: list[str], conversation: str, after: float) -> None:
        super().__init__(servers, conversation)
        self.delay, self.begins_with = after, None
        self.snapshots = 0

    def connect(self) -> None:
        if self.begins_with is None:
            found = snapshot(self.servers[self.server % len(self.servers)], self.conversation, timeout=2)
            self.begins_with = self.last = found["cursor"]
            self.pieces = [(self.last, normal(found["text"]))]
            self.snapshots += 1
        super().connect()

    def dispatch(self) -> bool:
        if self.event == "attempt" and order(json.loads(self.data[0])["last_valid_id"]) < order(self.begins_with or "0-0"):
            self.begins_with, self.is_stale = None, True
        if not self.is_stale:
            return super().dispatch()
        # The next snapshot has it.
        self.event, self.data = "", []
        return False


class Crowd:
    """Runs viewers until all have seen an end."""

    def __init__(self) -> None:
        self.viewers: list[Viewer] = []
        self.selector = selectors.DefaultSelector()
        self.due: list[tuple[float, int, Viewer]] = []
        self.numbers = itertools.count()
        self.open = 0
        self.broken = 0

    def add(self, viewer: Viewer) -> Viewer:
        self.viewers.append(viewer)
        self.later(viewer, viewer.delay)
        return viewer

    @property
    def is_over(self) -> bool:
        return all(viewer.end for viewer in self.viewers)

    def later(self, viewer: Viewer, seconds: float) -> None:
        heapq.heappush(self.due, (time.monotonic() + seconds, next(self.numbers), viewer))

    def run(self, seconds: float, until=None, tick=lambda: None) -> bool:
        """Serves the viewers until all have an end, or until what is given holds; whether it came to that in time."""
        stop = time.monotonic() + seconds
        until = until or (lambda: self.is_over)
        while not until():
            if time.monotonic() > stop:
                return False
            tick()
            # A few at a time, as people come.
            for _ in range(64):
                if not self.due or self.due[0][0] > time.monotonic():
                    break
                self.dial(heapq.heappop(self.due)[2])
            for key, mask in self.selector.select(0.02):
                self.serve(key.data, mask)
        return True

    def dial(self, viewer: Viewer) -> None:
        try:
            viewer.connect()
        except OSError:
            viewer.server += 1
            return self.later(viewer, 0.3)
        viewer.socket = socket.socket()
        viewer.socket.setblocking(False)
        viewer.socket.connect_ex(viewer.address)
        self.open += 1
        self.selector.register(viewer.socket, selectors.EVENT_WRITE, viewer)

    def serve(self, viewer: Viewer, mask: int) -> None:
        try:
            if mask & selectors.EVENT_WRITE:
                viewer.socket.sendall(viewer.request())
                self.selector.modify(viewer.socket, selectors.EVENT_READ, viewer)
                return
            got = viewer.socket.recv(1 << 18)
            viewer.receive(got)
            if not got or viewer.end or viewer.is_stale:
                self.hang_up(viewer)
        except BlockingIOError:
            pass
        except OSError:
            # This server is not there; the next may be.
            viewer.server += 1
            self.hang_up(viewer)

    def hang_up(self, viewer: Viewer) -> None:
        viewer.is_stale = False
        self.selector.unregister(viewer.socket)
        viewer.socket.close()
        viewer.socket = None
        self.open -= 1
        if not viewer.end:
            self.broken += 1
            self.later(viewer, random.uniform(0.1, 0.5))

    def close(self) -> None:
        for viewer in self.viewers:
            if viewer.socket:
                viewer.socket.close()
        self.selector.close()
