"""Where the proofs take place: redis-server, the program's processes, and what the log of a run says in the end."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "Azure"))
from stage import PROGRAM, ask, failures, free_port, status  # noqa: E402, F401, ask is for those who import this


def check(holds: object, promise: str, detail: object = "") -> None:
    print(f"  {'PASS' if holds else 'FAIL'} {promise}" + (f": {str(detail)[:600]}" if detail and not holds else ""), flush=True)
    if not holds:
        failures.append(promise)


def figure(text: str) -> None:
    print(f"  figures: {text}", flush=True)


class Redis:
    """redis-server on a port, which may be killed and started again. It is asked over a socket of its own."""

    def __init__(self, folder: pathlib.Path, *options: str) -> None:
        self.folder, self.options, self.port = folder, options, free_port()
        self.process: subprocess.Popen | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--maxclients", "5000", *self.options]
        self.process = subprocess.Popen(words, cwd=self.folder, stdout=subprocess.DEVNULL)
        self.socket = None
        for _ in range(200):
            try:
                if self.command("PING") == "PONG":
                    return
            except (OSError, RuntimeError):
                self.socket = None
            time.sleep(0.05)
        raise SystemExit("redis-server did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def command(self, *words: object):
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=20)
            self.replies = self.socket.makefile("rb")
        self.socket.sendall(encoded(*words))
        return self.reply()

    def reply(self):
        line = self.replies.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("Redis has gone")
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"+":
            return rest
        if kind == b"-":
            raise RuntimeError(rest)
        if kind == b":":
            return int(rest)
        if int(rest) < 0:
            return None
        if kind == b"$":
            return self.replies.read(int(rest) + 2)[:-2].decode()
        return [self.reply() for _ in range(int(rest))]

    def entries(self, conversation: str) -> list[tuple[str, dict[str, str]]]:
        """The log of a conversation (XRANGE)."""
        reply = self.command("XRANGE", f"agent-stream:{conversation}", "-", "+")
        return [(identifier, dict(zip(fields[::2], fields[1::2]))) for identifier, fields in reply]


def encoded(*words: object) -> bytes:
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


class Place:
    """A folder, a Redis, and the processes that run against it. All of them end with it."""

    def __init__(self, *redis_options: str, model: str = "", needs: int = 0) -> None:
        allow_descriptors(needs)
        self.home = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.home.name)
        self.model = model
        self.processes: list[subprocess.Popen] = []
        self.logs: list[pathlib.Path] = []
        self.redis = Redis(self.folder, *redis_options)

    def __enter__(self) -> "Place":
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                # One that was stopped has to go on to hear of its end.
                process.send_signal(signal.SIGCONT)
                process.terminate()
        until = time.monotonic() + 10
        for process in self.processes:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.redis.kill()
        self.home.cleanup()

    def start(self, *words: str, redis: str = "") -> subprocess.Popen:
        log = self.folder / f"log-{len(self.logs)}"
        self.logs.append(log)
        environment = os.environ | {"OPENAI_BASE_URL": self.model, "OPENAI_MODEL": "fake", "REDIS_URL": redis or self.redis.url}
        with log.open("wb") as output:
            process = subprocess.Popen([str(PROGRAM), *words], env=environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=output)
        self.processes.append(process)
        return process

    def work(self, redis: str = "") -> subprocess.Popen:
        return self.start("work", "--model", "openai", redis=redis)

    def serve(self, port: int = 0) -> tuple[subprocess.Popen, str]:
        """A server without a worker, and its address."""
        port = port or free_port()
        process = self.start("serve", "--no-worker", "--waiting-runs", "0", "--waiting-runs-per-caller", "0", "--port", str(port))
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            if status(url + "/api/live") == 200:
                return process, url
            if process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit("the server did not start:\n" + self.logs[-1].read_text(errors="replace")[-2000:])

    def crashes(self) -> list[str]:
        """What a process says that ended on its own account."""
        return [log.read_text(errors="replace")[-500:] for log, process in zip(self.logs, self.processes)
                if process.poll() not in (None, 0, -signal.SIGKILL)]


def allow_descriptors(needed: int) -> None:
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < needed:
        if hard < needed and hard != resource.RLIM_INFINITY:
            raise SystemExit(f"This needs {needed} file descriptors in a process, and ulimit -Hn is {hard}.")
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def order(identifier: str) -> tuple[int, ...]:
    return tuple(map(int, identifier.split("-")))


def normal(text: str) -> str:
    """Text as an event stream can carry it: it knows one kind of line break."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def snapshot(server: str, conversation: str, timeout: float = 20) -> dict:
    return json.load(urllib.request.urlopen(f"{server}/api/runs/{quoted(conversation)}", timeout=timeout))


def quoted(conversation: str) -> str:
    return urllib.parse.quote(conversation, safe="")
