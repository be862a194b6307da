"""Stand-ins for what Azure has and this machine has not: an identity endpoint, Azure Managed Redis, Azure OpenAI."""

import base64
import http.server
import json
import pathlib
import re
import subprocess
import threading
import time
import urllib.parse
import uuid

CLIENT_ID = "11111111-aaaa-bbbb-cccc-000000000001"
OBJECT_ID = "22222222-aaaa-bbbb-cccc-000000000002"
HEADER = "the-header-of-the-identity-endpoint"
DEPLOYMENT = "chat"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def serve(handler: type[Handler]) -> http.server.ThreadingHTTPServer:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Identity:
    """The endpoint of a container app. It gives tokens that live for seconds, a new one for each request."""

    def __init__(self, life: float, accept=lambda token: None, forget=lambda token: None) -> None:
        self.life, self.accept, self.forget = life, accept, forget
        self.tokens: dict[str, float] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.fails = False
        self.fixed: str | None = None
        identity = self

        class Endpoint(Handler):
            def do_GET(self) -> None:
                url = urllib.parse.urlparse(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                identity.requests.append((self.path, self.headers.get("X-IDENTITY-HEADER")))
                if identity.fails:
                    return self.answer(500, {"message": "out of order"})
                if self.headers.get("X-IDENTITY-HEADER") != HEADER or query.get("api-version") != "2019-08-01":
                    return self.answer(401, {"message": "wrong header or version"})
                if query.get("client_id") != CLIENT_ID:
                    return self.answer(400, {"statusCode": 400, "message": "No User Assigned or Delegated Managed Identity found for specified ClientId"})
                token = identity.fixed or identity.new(query["resource"])
                self.answer(200, {"access_token": token, "expires_on": str(int(identity.tokens[token])), "resource": query["resource"],
                                  "token_type": "Bearer", "client_id": CLIENT_ID})

        self.server = serve(Endpoint)
        self.url = f"http://127.0.0.1:{self.server.server_port}/msi/token"

    def new(self, resource: str) -> str:
        expires = time.time() + self.life
        claims = {"aud": resource, "oid": OBJECT_ID, "exp": int(expires), "jti": uuid.uuid4().hex}
        part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
        token = f"{part({'alg': 'none'})}.{part(claims)}.{uuid.uuid4().hex}"
        self.tokens[token] = expires
        if "redis" in resource and self.life > 0:
            self.accept(token)
            timer = threading.Timer(self.life, self.forget, [token])
            timer.daemon = True
            timer.start()
        return token


class Redis:
    """redis-server by TLS alone, whose only user is an identity; an administrator comes in by a unix socket."""

    def __init__(self, folder: pathlib.Path, port: int, *more: str) -> None:
        self.folder, self.port, self.socket = folder, port, folder / "redis.sock"
        openssl = lambda words: subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
        openssl("req -x509 -nodes -days 2 -subj /CN=ca -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -keyout ca.key -out ca.crt")
        openssl("req -new -nodes -subj /CN=s -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -keyout s.key -out s.csr")
        (folder / "s.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
        openssl("x509 -req -in s.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile s.ext -out s.crt")
        # The user of the socket is 'default'; nobody else can be it, for it has a password that nobody knows.
        (folder / "users.acl").write_text(f"user default on >{uuid.uuid4().hex} nocommands\nuser admin on nopass ~* &* +@all\n")
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "--unixsocket", str(self.socket),
             "--tls-cert-file", "s.crt", "--tls-key-file", "s.key", "--tls-ca-cert-file", "ca.crt", "--tls-auth-clients", "no",
             "--aclfile", "users.acl", "--save", "", "--maxmemory-policy", "noeviction", *more],
            cwd=folder, stdout=subprocess.DEVNULL)
        for _ in range(200):
            if self.command("PING") == "PONG":
                return
            time.sleep(0.05)
        raise SystemExit("redis-server did not start")

    def command(self, *words: str) -> str:
        command = ["redis-cli", "-s", str(self.socket), "--user", "admin", "--pass", "x", "--no-auth-warning", *words]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    def accept(self, token: str) -> None:
        self.command("ACL", "SETUSER", OBJECT_ID, "on", f">{token}", "~*", "&*", "+@all")

    def forget(self, token: str) -> None:
        self.command("ACL", "SETUSER", OBJECT_ID, f"<{token}")


class Model:
    """Azure OpenAI's chat completions for one deployment. A prompt says how many words it wants, how fast, and when to pause."""

    def __init__(self, identity: Identity) -> None:
        self.identity, self.refuse = identity, None
        self.asked = 0
        model = self

        class Service(Handler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                model.asked += 1
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                if model.refuse:
                    return self.answer(model.refuse, {"error": {"code": "PermissionDenied", "message": "Principal does not have access to API/Operation."}})
                if self.headers.get("api-key") or model.identity.tokens.get(token, 0) < time.time():
                    return self.answer(401, {"error": {"code": "401", "message": "Access denied due to invalid or expired token."}})
                if self.path != "/openai/v1/chat/completions" or body["model"] != DEPLOYMENT:
                    return self.answer(404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."}})
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                self.say({"choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]})
                words, pace, pauses = plan(body["messages"][-1]["content"])
                for number in range(words):
                    self.say({"choices": [{"index": 0, "delta": {"content": word(number)}, "finish_reason": None}]})
                    time.sleep(pauses.get(number, pace))
                self.say({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
                self.wfile.write(b"data: [DONE]\n\n")
                self.close_connection = True

            def say(self, chunk: dict) -> None:
                chunk = {"id": "c1", "object": "chat.completion.chunk", "model": DEPLOYMENT} | chunk
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.flush()

        self.server = serve(Service)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def word(number: int) -> str:
    return f"🗼{number}" + ("\n\n" if number % 50 == 49 else "\n" if number % 10 == 9 else " ")


def plan(prompt: str) -> tuple[int, float, dict[int, float]]:
    """`400 words, one every 0.1 s, 12 s after 90` in numbers."""
    words = int(re.search(r"(\d+) words", prompt)[1])
    pace = float(re.search(r"every ([\d.]+) s", prompt)[1])
    return words, pace, {int(number): float(pause) for pause, number in re.findall(r"([\d.]+) s after (\d+)", prompt)}


def answer_to(prompt: str) -> str:
    return "".join(word(number) for number in range(plan(prompt)[0]))
