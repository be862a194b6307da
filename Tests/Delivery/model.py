"""A stand-in for an OpenAI-compatible model server, which may be killed and started again on its port."""

import http.server
import itertools
import json
import re
import socket
import struct
import threading
import time

from place import free_port, normal  # noqa: F401, it also finds the folder of the next module
from fakes import Handler


def prompt(words: int, pace: float, turns: int = 1, book: bool = False) -> str:
    return f"Tell {words} words, one every {pace} s, in {turns} turns" + (", and book a hotel." if book else ".")


class Model:
    """Tells stories. Each word names the request that it answers and its place, so that nothing can be mistaken for another."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.numbers = itertools.count(1)
        # When each word left.
        self.said: dict[tuple[int, int], float] = {}
        self.asked = self.cut = 0
        self.start()

    def start(self) -> None:
        model = self

        class Service(Handler):
            def do_POST(self) -> None:
                messages = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"]
                model.asked += 1
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                try:
                    self.tell(messages)
                except OSError:
                    model.cut += 1

            def tell(self, messages: list[dict]) -> None:
                latest = max(place for place, message in enumerate(messages) if message["role"] == "user")
                turn = sum(1 for message in messages[latest:] if message["role"] == "assistant")
                words, pace, turns, book = plan(messages[latest]["content"])
                nonce = next(model.numbers)
                for place in range(words * turn // turns, words * (turn + 1) // turns):
                    model.said[nonce, place] = time.perf_counter()
                    self.say({"content": word(nonce, place)})
                    time.sleep(pace)
                names = ["get_weather_forecast", "get_local_events"] + (["book_hotel"] if book and turn == 0 else [])
                if turn + 1 < turns:
                    arguments = json.dumps({"destination": "Tokyo"})
                    calls = [{"index": index, "id": f"call-{index}", "type": "function", "function": {"name": name, "arguments": arguments}}
                             for index, name in enumerate(names)]
                    self.say({"tool_calls": calls}, "tool_calls")
                else:
                    self.say({}, "stop")
                self.wfile.write(b"data: [DONE]\n\n")

            def say(self, delta: dict, end: str | None = None) -> None:
                chunk = {"id": "c", "object": "chat.completion.chunk", "model": "fake",
                         "choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.flush()

        self.server = Server(("127.0.0.1", self.port), Service)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def kill(self) -> None:
        """Goes away as a process does that is killed: no connection is accepted, and the open ones break."""
        self.server.shutdown()
        self.server.server_close()
        self.server.cut_all()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, *words) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(*words)

    def process_request(self, request, address) -> None:
        self.open.add(request)
        super().process_request(request, address)

    def shutdown_request(self, request) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """A client that was killed is nothing to tell of."""

    def cut_all(self) -> None:
        for request in list(self.open):
            try:
                request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                request.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def plan(text: str) -> tuple[int, float, int, bool]:
    words, pace, turns = re.search(r"(\d+) words, one every ([\d.]+) s, in (\d+) turns", text).groups()
    return int(words), float(pace), int(turns), "book" in text


def word(nonce: int, place: int) -> str:
    """A word; what comes before and behind it is what event streams find hard."""
    behind = {9: "\r", 3: "\n\n", 5: "\ndata: no\n: no\n"}.get(place % 10, " ")
    return ("\n" if place % 10 == 0 and place else "") + f"{nonce}.{place}🗼" + behind


def faults(text: str, asked: str) -> str:
    """What is wrong with a whole answer, or nothing: every word is there once and in order, and each turn of one request."""
    words, _, turns, _ = plan(asked)
    found = [(int(nonce), int(place)) for nonce, place in re.findall(r"(\d+)\.(\d+)🗼", text)]
    if [place for _, place in found] != list(range(words)):
        return f"{len(found)} words instead of {words}"
    for turn in range(turns):
        part = found[words * turn // turns:words * (turn + 1) // turns]
        if len({nonce for nonce, _ in part}) != 1:
            return f"turn {turn + 1} is put together from several requests"
    expected = normal("".join(word(nonce, place) for nonce, place in found))
    return "" if normal(text) == expected else "the words are right, and what is between them is not"
