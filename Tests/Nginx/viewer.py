"""Viewers that are curl, and what they saw."""

import re
import socket
import subprocess
import threading
import time


def curl(*arguments: str) -> str:
    return subprocess.run(
        ["curl", "-sN", "-k", "--max-time", "60", *arguments], check=True, capture_output=True, text=True).stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stop(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
        process.wait(10)


class Viewer(threading.Thread):
    """Reads one stream, and notes when each event came."""

    def __init__(self, url: str, limit: int = 60) -> None:
        super().__init__(daemon=True)
        self.url, self.raw, self.headers, self.first = url, b"", "", 0.0
        self.events: list[tuple[float, dict]] = []
        self.process = subprocess.Popen(
            ["curl", "-sNi", "-k", "--compressed", "--max-time", str(limit), url], stdout=subprocess.PIPE, bufsize=0)
        self.start()

    @property
    def is_done(self) -> bool:
        return any(event["event"] == "done" for _, event in self.events)

    def all(self) -> list[dict]:
        self.join(60)
        return [event for _, event in self.events]

    def run(self) -> None:
        begin = time.time()
        rest = b""
        while piece := self.process.stdout.read(65_536):
            now = time.time()
            self.first = self.first or now - begin
            self.raw += piece
            rest += piece
            if not self.headers:
                head, found, rest = rest.partition(b"\r\n\r\n")
                if not found:
                    rest = head
                    continue
                self.headers = head.decode()
            *blocks, rest = rest.split(b"\n\n")
            for block in blocks:
                fields = re.findall(r"^(id|event|data): (.*)$", block.decode(), re.M)
                if not any(name == "data" for name, _ in fields):
                    continue
                event = {"id": "", "event": "message"} | {name: text for name, text in fields if name != "data"}
                event["data"] = "\n".join(text for name, text in fields if name == "data")
                event["time"] = int(event["id"].split("-")[0]) / 1000 if event["id"] else 0
                self.events.append((now, event))
        self.process.wait()
