#!/usr/bin/env python3
"""Lesson 5 as it runs on Azure, on one machine: Tests/Azure/prove.py PROGRAM [tokens|cuts|refusals …]

PROGRAM is streaming-to-users, built with --traits default,TLS. It needs redis-server with TLS, openssl and nginx, for one part the
package azure-identity, and for another chromedriver. Identity endpoint, model and Redis are those of fakes.py. What is proved:
  tokens    tokens of 20 seconds, rotated passwords, an identity endpoint out of order, connections killed and then left
            to outlive their tokens, while 50 viewers follow and the queue works: every text is whole, nobody sees an
            error, no secret is anywhere
  cuts      nginx that cuts what is silent for 5 s, and everything every 20 s: the text is the same
  refusals  what each wrong setting or missing right is told
"""
import importlib.util
import os
import signal
import subprocess
import sys
import time

if len(sys.argv) < 2:
    sys.exit(__doc__)
import stage  # noqa: E402, it needs the program
from browser import Page  # noqa: E402
from fakes import CLIENT_ID, HEADER, OBJECT_ID, answer_to  # noqa: E402
from refusals import refusals  # noqa: E402

check = stage.check


def tokens(seconds: float = 90) -> None:
    with stage.Stage(life=20) as here:
        server = here.gateway()
        worker, _ = here.start("work", "--model", "azure")
        same_token_as_microsofts(here)
        long = f"Say {int(seconds * 10)} words, one every 0.1 s."
        short = "Say 5 words, one every 0.01 s."
        conversations = [stage.ask(server, long) for _ in range(5)]
        viewers = [stage.Viewer(server, conversations[number % 5], seconds + 60) for number in range(50)]
        begin, runs, refused, kills, living = time.time(), [], [], 0, None
        while any(viewer.is_alive() for viewer in viewers):
            time.sleep(1)
            second = time.time() - begin
            here.identity.fails = 25 < second < 30
            if int(second) % 7 == 0 and second < 32:
                here.redis.command("CLIENT", "KILL", "USER", OBJECT_ID)
                kills += 1
            elif second > 36 and living is None:
                living = Living(here.redis)
            elif second < seconds - 5 and living:
                living.look()
            try:
                runs.append(stage.Viewer(server, stage.ask(server, short), 60))
            except OSError as error:
                refused.append(str(error))
        for run in runs:
            run.join()
        used = sum(1 for token in here.identity.tokens)
        print(f"  figures: {time.time() - begin:.0f} s, {used} tokens, {kills} times all connections killed, {len(runs)} short runs, "
              f"{sum(v.connections for v in viewers) - 50} reconnections of 50 viewers")
        expected = answer_to(long)
        check(all(viewer.text == expected and viewer.is_done for viewer in viewers), "50 viewers have the whole text",
              [(len(v.text), v.is_done) for v in viewers if v.text != expected])
        check(all(run.text == answer_to(short) and run.is_done for run in runs), "every short run was worked on")
        check(not any(viewer.errors for viewer in viewers + runs), "no viewer saw an error", [v.errors for v in viewers + runs if v.errors][:3])
        check(not refused, "no prompt was refused", refused)
        check(worker.poll() is None, "the worker is still there")
        # It renews after 70 to 85 percent of a token's life, so at least twice in the time that these connections lived.
        check(living.seconds > 40 and len(living.ids) >= 4 and living.renewals >= 2 * len(living.ids),
              "living connections were given new tokens", vars(living))
        print(f"  figures: {living.renewals} new tokens for {len(living.ids)} connections in {living.seconds:.0f} s")
        nothing_is_secret_elsewhere(here)


class Living:
    """The connections that live on, and how often any was given a new token (AUTH beyond the one of a new connection)."""

    def __init__(self, redis) -> None:
        self.redis, self.begin, self.ids = redis, time.time(), self.connected(redis)
        self.start = self.count(redis)
        self.look()

    def look(self) -> None:
        self.ids &= self.connected(self.redis)
        self.renewals = self.count(self.redis) - self.start
        self.seconds = time.time() - self.begin

    @staticmethod
    def connected(redis) -> set[str]:
        return {line.split()[0] for line in redis.command("CLIENT", "LIST").splitlines() if f"user={OBJECT_ID}" in line}

    @staticmethod
    def count(redis) -> int:
        number = lambda section, before: int(redis.command("INFO", section).split(before)[1].split()[0].split(",")[0])
        return number("commandstats", "cmdstat_auth:calls=") - number("stats", "total_connections_received:")


def same_token_as_microsofts(here) -> None:
    if importlib.util.find_spec("azure.identity") is None:
        return print("  azure-identity is not installed: not compared")
    from azure.identity import ManagedIdentityCredential

    os.environ |= {"IDENTITY_ENDPOINT": here.identity.url, "IDENTITY_HEADER": HEADER}
    ours = here.identity.requests[0]
    before = len(here.identity.requests)
    here.identity.fixed = here.identity.new("https://redis.azure.com")
    theirs = ManagedIdentityCredential(client_id=CLIENT_ID).get_token("https://redis.azure.com/.default").token
    asked = here.identity.requests[before]
    check(theirs == here.identity.fixed, "azure-identity takes its token from the same endpoint")
    query = lambda request: sorted(request[0].split("?")[1].split("&"))
    unquoted = lambda request: [part.replace("%3A", ":").replace("%2F", "/") for part in query(request)]
    check(unquoted(asked) == unquoted(ours) and asked[1] == ours[1], "azure-identity and the program ask in the same way", (asked, ours))
    # The token that azure-identity was given is one that the program's Redis accepts: they are of one kind.
    answer = subprocess.run(
        ["redis-cli", "--tls", "--cacert", str(here.folder / "ca.crt"), "-h", "localhost", "-p", str(here.redis.port), "--user",
         OBJECT_ID, "--pass", theirs, "--no-auth-warning", "PING"], capture_output=True, text=True).stdout.strip()
    check(answer == "PONG", "Redis accepts that token too", answer)
    here.identity.fixed = None


def nothing_is_secret_elsewhere(here) -> None:
    secrets = [token.split(".")[2] for token in here.identity.tokens]
    logged = "".join(log.read_text(errors="replace") for log in here.logs)
    check(not any(secret in logged for secret in secrets) and HEADER not in logged, "no token is in a log")
    kept = here.redis.command("EVAL", """
        local found = {}
        for _, key in ipairs(redis.call('KEYS', '*')) do
            found[#found + 1] = key
            local kind = redis.call('TYPE', key).ok
            if kind == 'stream' then found[#found + 1] = cjson.encode(redis.call('XRANGE', key, '-', '+')) end
            if kind == 'hash' then found[#found + 1] = cjson.encode(redis.call('HGETALL', key)) end
            if kind == 'string' then found[#found + 1] = redis.call('GET', key) end
        end
        return table.concat(found, ' ')""", "0")
    check(len(kept) > 1000 and not any(secret in kept for secret in secrets), "no token is in an event or a key", len(kept))
    environment = str(here.environment()).lower()
    check("api_key" not in environment and "password" not in environment, "no key is in the environment")


def cuts() -> None:
    with stage.Stage(life=600) as here:
        server = here.gateway()
        here.start("work", "--model", "azure")
        port = stage.free_port()
        (here.folder / "nginx.conf").write_text(f"""
            daemon off; pid nginx.pid; error_log stderr crit; worker_processes 1;
            events {{ worker_connections 64; }}
            http {{
                access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
                server {{
                    listen 127.0.0.1:{port};
                    location / {{ proxy_pass {server}; proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 5s; }}
                }}
            }}""")
        proxy = lambda: subprocess.Popen(["nginx", "-p", str(here.folder), "-c", "nginx.conf", "-e", "stderr"], stderr=subprocess.DEVNULL)
        nginx = proxy()
        time.sleep(1)
        prompt = "Say 450 words, one every 0.1 s, 12 s after 90 and 14 s after 250."
        through = f"http://127.0.0.1:{port}"
        conversation = stage.ask(through, prompt)
        viewers = [stage.Viewer(through, conversation, 110) for _ in range(5)]
        direct = stage.Viewer(server, conversation, 110)
        watch, log = here.start("watch", conversation, "--server", through)
        page = Page(f"{through}/#{conversation}", stage.free_port()) if Page.is_possible() else None
        begin = time.time()
        hard = 0
        while any(viewer.is_alive() for viewer in viewers + [direct]) and time.time() - begin < 110:
            time.sleep(0.2)
            if time.time() - begin > 20 * (hard + 1):
                hard += 1
                nginx.send_signal(signal.SIGTERM)  # at once, in the middle of every answer
                nginx.wait()
                nginx = proxy()
        try:
            watch.wait(20)
        except subprocess.TimeoutExpired:
            pass
        expected = answer_to(prompt)
        if page:
            end = time.time() + 20
            while page.answer != expected and time.time() < end:
                time.sleep(0.2)
            check(page.answer == expected, "the page shows the same", page.answer[-200:])
            page.close()
        else:
            print("  chromedriver is not installed: the page was not opened")
        nginx.terminate()
        nginx.wait()
        print(f"  figures: {time.time() - begin:.0f} s, {hard} hard cuts, {[v.connections for v in viewers]} connections of 5 viewers, "
              f"{direct.pings} pings seen without the proxy")
        check(all(v.text == expected and v.is_done and not v.errors for v in viewers), "the text through the proxy is the same",
              [(len(v.text), v.errors) for v in viewers])
        check(direct.text == expected and direct.connections == 1, "without the proxy nothing is cut")
        check(direct.pings >= 2, "silence of 12 s has a ping in it")
        check(min(v.connections for v in viewers) >= 4, "each viewer was cut by silence and by force")
        # Nothing is added to an answer that ends its last line itself.
        check(watch.returncode == 0 and log.read_text() == expected, "`watch` prints the same", stage.said(log)[-600:])


if __name__ == "__main__":
    proofs = {"tokens": tokens, "cuts": cuts, "refusals": refusals}
    for name in sys.argv[2:] or proofs:
        print(name, flush=True)
        proofs[name]()
    print("FAIL: " + "; ".join(stage.failures) if stage.failures else "PASS")
    sys.exit(1 if stage.failures else 0)
