#!/usr/bin/env python3
"""Lesson 5 behind a real nginx: Tests/Nginx/prove.py PROGRAM, or Tests/Nginx/prove.py --syntax

PROGRAM is the built streaming-to-users. It needs nginx, redis-server, openssl and a curl that speaks HTTP/2. Once with
deploy/nginx/streaming.conf, once with nothing but `proxy_pass`, it proves: the first token comes at once, a silent stream
pings within 15 seconds, a viewer that comes back by cursor misses nothing wherever it left, and one that was cut because
nginx ended comes back by itself. The file has to let eight streams share one HTTP/2 connection, too. With --syntax nginx only reads the file.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from viewer import Viewer, curl, free_port, stop

if len(sys.argv) != 2:
    sys.exit(__doc__)
PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
CONFIGURATION = pathlib.Path(__file__).parents[2] / "deploy/nginx/streaming.conf"
DEFAULT = "server {\n listen 127.0.0.1:PORT;\n location / { proxy_pass http://127.0.0.1:SERVER; }\n}\n"
broken: list[str] = []


def check(holds: object, promise: str, detail: object = "") -> None:
    print(f"  {'kept  ' if holds else 'BROKEN'} {promise}" + (f": {detail}" if detail and not holds else ""), flush=True)
    if not holds:
        broken.append(promise)


class Nginx:
    """An nginx of our own, in a folder of its own."""

    def __init__(self, folder: pathlib.Path, site: str, starts: bool = True) -> None:
        self.log = folder / "access.log"
        self.command = ["nginx", "-p", folder, "-c", folder / "nginx.conf"]
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
            "events { worker_connections 256; }\nhttp {\n"
            f"log_format connections '$connection $request_uri $status'; access_log {self.log} connections;\n"
            f"{temporary}{site}\n}}\n")
        if starts:
            self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command)
        time.sleep(0.5)


def ours(folder: pathlib.Path, port: int, server: int) -> str:
    """The file of deploy/nginx; only name, certificate, ports are other ones."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, stderr=subprocess.DEVNULL)
    text = CONFIGURATION.read_text()
    for old, new in [("127.0.0.1:8080", f"127.0.0.1:{server}"), ("listen 443", f"listen 127.0.0.1:{port}"),
                     ("chat.example.com;", "localhost;"), ("/etc/nginx/tls/fullchain.pem", f"{folder}/cert.pem"),
                     ("/etc/nginx/tls/privkey.pem", f"{folder}/key.pem")]:
        if old not in text:
            sys.exit(f"{CONFIGURATION} no longer says {old}: change this program with it.")
        text = text.replace(old, new)
    return text


def ask(url: str, prompt: str = "Plan a 1-day trip to Rome") -> str:
    answer = curl("-H", "Content-Type: text/plain", "-d", prompt, f"{url}/api/agents/TravelPlanner/run")
    return json.loads(answer)["conversation_id"]


def prove(name: str, url: str, nginx: Nginx, idle: str) -> None:
    print(f"{name}:")
    stream = f"{url}/api/agent/stream/"
    live = Viewer(stream + ask(url))
    live.join(60)
    delays = sorted(arrival - event["time"] for arrival, event in live.events if event["time"])
    check(live.is_done and len(delays) > 20, "a run is followed to its end", live.headers)
    check(live.first < 1 and delays[-1] < 1, "the first bytes and every token come at once", (live.first, delays[-1]))
    print(f"  figures: first bytes after {live.first * 1000:.0f} ms; from Redis to the viewer {delays[len(delays) // 2] * 1000:.0f} ms "
          f"in the middle, {delays[-1] * 1000:.0f} ms at most, {len(delays)} events")
    check("no-transform" in live.headers and "x-accel" not in live.headers.lower() and "gzip" not in live.headers,
          "the headers forbid changes, nginx has taken the one that is for it, and nothing is compressed", live.headers)

    silent = Viewer(stream + idle, limit=15)
    silent.join(20)
    check(b": ping" in silent.raw, "a silent stream pings within 15 seconds", silent.raw)

    conversation = live.url.split("/")[-1]
    whole = [event for _, event in live.events]
    # Who comes back behind the last event is told again that it was the last.
    rest = [whole[number + 1:] or [{"id": "", "event": "done", "data": "[DONE]", "time": 0}] for number in range(len(whole))]
    different = [event["id"] for event, expected in zip(whole, rest)
                 if Viewer(f"{stream}{conversation}?cursor={event['id']}").all() != expected]
    check(not different, f"after each of {len(whole)} events a viewer comes back to exactly the rest", different)

    conversation = ask(url)
    viewer = Viewer(stream + conversation)
    while len(viewer.events) < 20:
        time.sleep(0.05)
    stop(nginx.process)
    viewer.join(10)
    check(not viewer.is_done, "a viewer is cut when nginx ends")
    nginx.start()
    last = viewer.events[-1][1]["id"]
    rest = Viewer(f"{stream}{conversation}?cursor={last}").all()
    text = "".join(e["data"] for e in [e for _, e in viewer.events] + rest if e["event"] == "message")
    check(text == "".join(e["data"] for e in Viewer(stream + conversation).all() if e["event"] == "message"),
          "and has the whole answer when it comes back")


def syntax() -> None:
    with tempfile.TemporaryDirectory() as place:
        nginx = Nginx(pathlib.Path(place), ours(pathlib.Path(place), free_port(), free_port()), starts=False)
        sys.exit(subprocess.run(nginx.command + ["-t", "-q"]).returncode)


def main() -> None:
    if sys.argv[1] == "--syntax":
        syntax()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        serve = subprocess.Popen([PROGRAM, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
        processes = [serve]
        try:
            server = int(re.search(r":(\d+) in a browser", serve.stdout.readline())[1])
            # A run that waits for a person's word says nothing for minutes.
            idle = ask(f"http://127.0.0.1:{server}", "Plan a 1-day trip to Oslo and book a hotel")
            for name, scheme in [("deploy/nginx/streaming.conf, HTTP/2", "https"), ("nginx's own defaults", "http")]:
                port = free_port()
                (folder / scheme).mkdir()
                site = ours(folder / scheme, port, server) if scheme == "https" else DEFAULT.replace(
                    "PORT", str(port)).replace("SERVER", str(server))
                nginx = Nginx(folder / scheme, site)
                url = f"{scheme}://{'localhost' if scheme == 'https' else '127.0.0.1'}:{port}"
                prove(name, url, nginx, idle)
                if scheme == "https":
                    eight(url, nginx)
                stop(nginx.process)
                processes.append(nginx.process)
        finally:
            for process in processes:
                stop(process)
    sys.exit(f"{len(broken)} promises are broken" if broken else 0)


def eight(url: str, nginx: Nginx) -> None:
    conversations = [ask(url) for _ in range(8)]
    answer = curl("-Z", "-i", *[f"{url}/api/agent/stream/{one}" for one in conversations])
    time.sleep(0.5)
    lines = [line.split() for line in nginx.log.read_text().splitlines()]
    used = {line[0] for line in lines if line[1].rsplit("/", 1)[-1] in conversations}
    check(len(used) == 1 and answer.count("HTTP/2 200") == 8 and answer.count("[DONE]") == 8,
          "eight streams share one HTTP/2 connection", used)


main()
