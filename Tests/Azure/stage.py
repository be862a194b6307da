"""The stage of the proofs: the fakes, the program's processes, and viewers."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from fakes import CLIENT_ID, DEPLOYMENT, HEADER, Identity, Model, Redis

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
failures: list[str] = []


def check(holds: object, promise: str, detail: object = "") -> None:
    print(f"  {'kept  ' if holds else 'BROKEN'} {promise}" + (f": {detail}" if detail and not holds else ""), flush=True)
    if not holds:
        failures.append(promise)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stage:
    """The fakes, and the processes that run against them."""

    def __init__(self, life: float = 20) -> None:
        self.place = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.place.name)
        # The program may be run as another user.
        self.folder.chmod(0o755)
        self.redis = Redis(self.folder, free_port())
        self.identity = Identity(life, self.redis.accept, self.redis.forget)
        self.model = Model(self.identity)
        self.processes: list[subprocess.Popen] = [self.redis.process]
        self.logs: list[pathlib.Path] = []

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        self.place.cleanup()

    def environment(self, **changes: str) -> dict[str, str]:
        """What a container app has. It holds no key."""
        return {
            "PATH": os.environ["PATH"], "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""), "CONTAINER_APP_NAME": "app",
            "IDENTITY_ENDPOINT": self.identity.url, "IDENTITY_HEADER": HEADER, "AZURE_CLIENT_ID": CLIENT_ID,
            "REDIS_HOST": "localhost", "REDIS_PORT": str(self.redis.port), "REDIS_USE_ENTRA_ID": "true",
            "SSL_CERT_FILE": str(self.folder / "ca.crt"), "AZURE_OPENAI_ENDPOINT": self.model.url,
            "AZURE_OPENAI_CHAT_DEPLOYMENT_NAME": DEPLOYMENT, "LOG_LEVEL": "debug",
        } | changes

    def start(self, *words: str, **changes: str) -> tuple[subprocess.Popen, pathlib.Path]:
        log = self.folder / f"log-{len(self.logs)}"
        self.logs += [log, errors_of(log)]
        with log.open("wb") as output, errors_of(log).open("wb") as errors:
            process = subprocess.Popen([str(PROGRAM), *words], env=self.environment(**changes), cwd=self.folder,
                                       stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        self.processes.append(process)
        return process, log

    def gateway(self) -> str:
        port = free_port()
        self.start("serve", "--no-worker", "--waiting-runs-per-caller", "0", "--port", str(port))
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            if status(url + "/api/live") == 200:
                return url
            time.sleep(0.1)
        raise SystemExit("the gateway did not start:\n" + self.logs[-1].read_text())

    def outcome(self, *words: str, **changes: str) -> str:
        """What a program that has to fail says."""
        process, log = self.start(*words, **changes)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            return "it did not end: " + said(log)[-500:]
        return f"exit code {process.returncode}: {said(log)}"


def errors_of(log: pathlib.Path) -> pathlib.Path:
    return log.with_suffix(".errors")


def said(log: pathlib.Path) -> str:
    """What a program printed, and then what it complained of."""
    return log.read_text(errors="replace") + errors_of(log).read_text(errors="replace")


def status(url: str) -> int:
    try:
        return urllib.request.urlopen(url, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def ask(server: str, prompt: str) -> str:
    """The conversation that a prompt began."""
    request = urllib.request.Request(server + "/api/agents/TravelPlanner/run", prompt.encode(), {"Content-Type": "text/plain"})
    return json.load(urllib.request.urlopen(request, timeout=20))["conversation_id"]


class Viewer(threading.Thread):
    """Follows a conversation as an EventSource does: it comes back with the last ID for as long as there is no end."""

    def __init__(self, server: str, conversation: str, limit: float) -> None:
        super().__init__(daemon=True)
        self.url, self.until = f"{server}/api/agent/stream/{conversation}", time.time() + limit
        self.pieces: list[tuple[str, str]] = []
        self.last, self.is_done, self.connections, self.pings = "", False, 0, 0
        self.errors: list[str] = []
        self.start()

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.pieces)

    def run(self) -> None:
        while not self.is_done and time.time() < self.until:
            headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self.last} if self.last else {})
            self.connections += 1
            try:
                with urllib.request.urlopen(urllib.request.Request(self.url, headers=headers), timeout=30) as response:
                    self.follow(response)
            except urllib.error.HTTPError as error:
                if error.code < 502:
                    self.errors.append(f"{error.code} {error.read()[:200]!r}")
            except OSError:
                pass
            except Exception as error:  # http.client's own
                if type(error).__name__ not in ("IncompleteRead", "RemoteDisconnected", "BadStatusLine"):
                    self.errors.append(repr(error))
            time.sleep(0.2)

    def follow(self, response) -> None:
        event, data, identifier = "message", [], None
        for line in response:
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "event":
                event = value
            elif field == "data" or field == "data:":
                data.append(value)
            elif field == "id":
                identifier = value
            elif line.startswith(b": ping"):
                self.pings += 1
            elif not line.strip():
                if data:
                    self.take(event, "\n".join(data), identifier)
                event, data, identifier = "message", [], None

    def take(self, event: str, data: str, identifier: str | None) -> None:
        self.last = identifier or self.last
        if event == "message":
            self.pieces.append((identifier or "", data))
        elif event == "attempt":
            order = lambda id: tuple(map(int, id.split("-")))
            valid = order(json.loads(data)["last_valid_id"])
            self.pieces = [piece for piece in self.pieces if order(piece[0]) <= valid]
        elif event == "done":
            self.is_done = True
        elif event == "error":
            self.errors.append(data)
            self.is_done = True
