"""Between a worker and Redis: a zombie that goes on writing, and replies that are lost on their way."""

import collections
import signal
import socket
import threading
import time

from crowd import Crowd, Viewer
from model import Model, prompt
from place import Place, ask, check, figure
from verdict import QUERIES, Verdict


class Proxy:
    """Forwards to Redis, and reads along which text is appended. Each `loses`-th append loses its reply and its connection."""

    def __init__(self, target: int, loses: int = 0) -> None:
        self.target, self.loses = target, loses
        self.appends: collections.Counter[tuple[bytes, bytes]] = collections.Counter()
        self.last: dict[bytes, list[bytes]] = {}
        self.cuts = self.refusals = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            for socket_ in (client, server):
                socket_.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            is_cut = threading.Event()
            threading.Thread(target=self.requests, args=(client, server, is_cut), daemon=True).start()
            threading.Thread(target=self.replies, args=(client, server, is_cut), daemon=True).start()

    def requests(self, client: socket.socket, server: socket.socket, is_cut: threading.Event) -> None:
        rest = b""
        try:
            while got := client.recv(65536):
                rest += got
                while command := parsed(rest):
                    words, size = command
                    # From here on no reply comes back, and the whole of this command reaches Redis.
                    if self.note(words):
                        is_cut.set()
                    server.sendall(rest[:size])
                    rest = rest[size:]
        except OSError:
            pass
        close(server)

    def note(self, words: list[bytes]) -> bool:
        """Notes the append of a chunk of text; whether its reply is to be lost."""
        is_append = len(words) > 14 and words[0] == b"EVALSHA" and words[3].startswith(b"agent-stream:") and words[13] == b"text"
        if not is_append:
            return False
        self.last[words[3]] = words
        self.appends[words[11], words[12]] += 1
        return self.loses > 0 and self.appends.total() % self.loses == 0

    def replies(self, client: socket.socket, server: socket.socket, is_cut: threading.Event) -> None:
        try:
            while got := server.recv(65536):
                if is_cut.is_set():
                    # It answers, so it had the request.
                    time.sleep(0.01)
                    self.cuts += 1
                    break
                self.refusals += got.count(b"$5\r\nstale\r\n")
                client.sendall(got)
        except OSError:
            pass
        close(client)
        close(server)


def close(socket_: socket.socket) -> None:
    try:
        socket_.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def parsed(bytes: bytes) -> tuple[list[bytes], int] | None:
    """The first command in these bytes and its size, once it is whole."""
    end = bytes.find(b"\r\n")
    if end < 0:
        return None
    words, place = [], end + 2
    for _ in range(int(bytes[1:end])):
        end = bytes.find(b"\r\n", place)
        if end < 0:
            return None
        size = int(bytes[place + 1:end])
        place = end + 2 + size + 2
        if len(bytes) < place:
            return None
        words.append(bytes[end + 2:place - 2])
    return words, place


def zombie(runs: int = 12) -> None:
    with Place(model=(model := Model()).url) as place:
        proxy = Proxy(place.redis.port)
        _, server = place.serve()
        first = place.work(redis=proxy.url)
        asked = {ask(server, text): text for text in [prompt(600, 0.05)] * runs}
        crowd = Crowd()
        for conversation in asked:
            for query in QUERIES:
                crowd.add(Viewer([server], conversation, query))
        live = [viewer for viewer in crowd.viewers if not viewer.query]
        check(crowd.run(20, until=lambda: all(len(viewer.pieces) > 50 for viewer in live)), "the first worker writes")
        first.send_signal(signal.SIGSTOP)
        place.work()
        check(crowd.run(60, until=lambda: all(viewer.resets == 1 and len(viewer.pieces) > 20 for viewer in live)),
              "another one took over, and writes")
        first.send_signal(signal.SIGCONT)
        crowd.run(3, until=lambda: False)
        # What the zombie tried itself; and then the same in its name, with its next position, which no other writer has.
        tried, refused = proxy.refusals, [append_after(words, place) for words in proxy.last.values()]
        is_whole = crowd.run(60)
        crowd.close()
        verdict = Verdict(place, server, asked)
        figure(f"{runs} runs; the zombie was refused {tried} times by itself, and {len(refused)} times when an append was sent in its "
               f"name, with {refused[0]}; {verdict.takeovers} takeovers, {model.asked} requests to the model")
        check(len(refused) == runs and all(reply[0] == "stale" for reply in refused),
              "an append in the name of the zombie is refused in each run", refused)
        check(is_whole and verdict.takeovers == runs, "each run came to its end with two attempts", verdict.takeovers)
        check(first.poll() is None, "the zombie lives on as a worker")
        verdict.check_logs()
        verdict.check_viewers(crowd.viewers)


def append_after(words: list[bytes], place: Place) -> list[str]:
    """What Redis says to an append that follows another of the same writer."""
    next_position = str(int(words[12]) + 1).encode()
    return place.redis.command(*words[:12], next_position, *words[13:])


def replies(runs: int = 6) -> None:
    with Place(model=Model().url) as place:
        proxy = Proxy(place.redis.port, loses=15)
        _, server = place.serve()
        place.work(redis=proxy.url)
        asked = {ask(server, text): text for text in [prompt(200, 0.02, turns=2)] * runs}
        crowd = Crowd()
        for conversation in asked:
            for query in QUERIES:
                crowd.add(Viewer([server], conversation, query))
        is_whole = crowd.run(100)
        crowd.close()
        verdict = Verdict(place, server, asked)
        again = sum(count > 1 for count in proxy.appends.values())
        figure(f"{len(asked)} runs, {proxy.appends.total()} appends of text, {proxy.cuts} connections cut before the reply, "
               f"{again} appends sent again, {verdict.takeovers} takeovers")
        check(is_whole, "every viewer came to an end in time")
        check(proxy.cuts >= 10 and again >= 10, "replies were lost and appends repeated, or this says nothing")
        verdict.check_logs()
        verdict.check_viewers(crowd.viewers)
