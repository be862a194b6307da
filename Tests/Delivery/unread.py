"""Viewers that never read, among others that do: what the others notice, and what it costs the server."""

import pathlib
import re
import shutil
import subprocess
import time

from place import Place, check, figure

VIEWERS = pathlib.Path(__file__).resolve().parent.parent.parent / "Benchmarks" / "Sources" / "Viewers"
SECONDS = 90
# Entries a second that are measured; and the bytes of those that only fill, ten times a second, what a viewer leaves unread.
RATE, FILLER = 20, 2_000


def unread(viewers: int = 2_000, deaf: int = 500) -> None:
    compiler = shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        return check(False, "there is a C compiler for the load generator")
    # The server serves as many connections as half of its descriptors.
    with Place(needs=2 * viewers + 1_000) as place:
        generator = place.folder / "viewers"
        subprocess.run([compiler, "-O2", "-o", generator, *VIEWERS.glob("*.c")], check=True)
        alone = watched(place, generator, viewers - deaf, 0)
        both = watched(place, generator, viewers, deaf)
        for name, result in ((f"{viewers - deaf} that read", alone), (f"{deaf} more that never read", both)):
            figure(f"{name}: p50 {result.p50} ms, p99 {result.p99} ms; {result.events} events; RSS {result.before:.1f} MB before, "
                   f"{result.connected:.1f} when all were connected, {result.peak:.1f} at its peak, {result.late:.1f} at the end "
                   f"while the readers watched, {result.after:.1f} after all had left; {result.connections} Redis connections")
            check(not result.faults, f"{name}: nobody who reads has a gap or a double, misses an event or is cut off", result.faults)
        figure(f"the {deaf} were cut from {both.first_cut} s to {both.last_cut} s after the first event; limit: 30 s without progress")
        check(both.is_cut, f"the {deaf} were cut, and nobody else", both.open)
        check(float(both.p99) <= 2 * float(alone.p99) + 100, "p99 of the others stays what it was, within 2 times and 100 ms")
        grown = both.peak - both.connected - max(0, alone.peak - alone.connected)
        check(grown * 1024 <= 96 * deaf, f"one that never reads costs at most 96 KB: {grown * 1024 / deaf:.1f} KB")
        # The allocator seldom gives memory back to the system. What counts is that the next viewers need no more.
        figure(f"{viewers} further viewers of the same server, after all had left: RSS {both.again:.1f} MB")
        check(both.again <= 1.1 * both.peak, "what they cost is used for the next ones, once they are cut")


class watched:
    """One run of the load generator against a new server, with an eye on the server's memory and sockets."""

    def __init__(self, place: Place, generator: pathlib.Path, viewers: int, deaf: int) -> None:
        process, server = place.serve()
        port = int(server.rsplit(":", 1)[1])
        self.before = resident(process.pid)
        command = [generator, "--url", server + "/api/agent/stream/{}", "--redis", f"127.0.0.1:{place.redis.port}", "--pid",
                   str(process.pid), "--viewers", str(viewers), "--rate", str(RATE)]
        load = subprocess.Popen(command + ["--seconds", str(SECONDS), "--deaf", str(deaf)], stdout=subprocess.PIPE, text=True)
        self.connected, self.peak, self.late, self.open = 0.0, 0.0, 0.0, []
        self.watch(place, load, process.pid, port, viewers)
        report = load.communicate(timeout=60)[0]
        time.sleep(3)
        self.after = resident(process.pid)
        if deaf:
            subprocess.run(command + ["--seconds", "5"], stdout=subprocess.DEVNULL, timeout=90)
            self.again = resident(process.pid)
        process.terminate()
        process.wait(20)
        self.understand(report)
        dips = [second for second, count in self.open if count < viewers]
        self.first_cut = dips[0] if dips else None
        self.last_cut = next((second for second, count in self.open if count <= viewers - deaf), None)
        self.is_cut = bool(self.open) and self.open[-1][1] == viewers - deaf

    def watch(self, place: Place, load: subprocess.Popen, pid: int, port: int, viewers: int) -> None:
        key, begin = "", 0.0
        while load.poll() is None:
            time.sleep(0.1)
            key = key or next(iter(place.redis.command("KEYS", "agent-stream:load-*")), "")
            if not key:
                continue
            # The first entry is there before the viewers are; what follows is what counts.
            if not begin:
                if place.redis.command("XLEN", key) < 2:
                    continue
                begin, self.connected = time.monotonic(), resident(pid)
                next_look = 0.0
            second = time.monotonic() - begin
            if second > SECONDS - 1:
                continue
            place.redis.command("XADD", key, "*", "event", "text", "text", "x" * FILLER)
            if second >= next_look:
                next_look = second + 1
                self.late = resident(pid)
                self.peak = max(self.peak, self.late)
                self.open.append((round(second), established(port)))

    def understand(self, report: str) -> None:
        number = lambda pattern: re.search(pattern, report)[1]
        self.p50, self.p99 = number(r"p50 ([\d.]+) ms"), number(r"p99 ([\d.]+) ms")
        self.events, self.connections = number(r"([\d]+) in all"), number(r"Redis connections: (\d+)")
        counts = re.search(r"gaps: .*", report)[0] + ", refused: " + number(r"(\d+) refused")
        self.faults = "" if not re.search(r": -?[1-9]", counts) else counts


def resident(pid: int) -> float:
    """Megabytes."""
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / (1 << 20)


def established(port: int) -> int:
    """How many connections a port has that neither side has closed."""
    suffix = f":{port:04X}"
    return sum(1 for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
               if (words := line.split())[1].endswith(suffix) and words[3] == "01")
