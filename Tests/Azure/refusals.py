"""What each wrong setting or missing right is told."""

import subprocess
import time

import stage
from fakes import OBJECT_ID

check = stage.check


def refusals() -> None:
    with stage.Stage(life=600) as here:
        said = lambda promise, text, *parts: check(all(part in text for part in ("exit code 1", *parts)), promise, text[-700:])
        serve = ("serve", "--no-worker", "--port", "0")
        says_nothing = {"IDENTITY_ENDPOINT": "", "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:1"}
        said("no identity", here.outcome(*serve, **says_nothing), "There is no Azure identity here")
        said("a wrong client ID", here.outcome(*serve, AZURE_CLIENT_ID="nobody"), "AZURE_CLIENT_ID", "nobody")
        said("no Redis is named", here.outcome(*serve, REDIS_HOST=""), "set REDIS_HOST")
        said("a private Redis in a container app", here.outcome(*serve, REDIS_HOST="", REDIS_USE_ENTRA_ID=""), "Set REDIS_HOST")
        accept, here.identity.accept = here.identity.accept, lambda token: None
        said("an identity without an access policy", here.outcome(*serve), "WRONGPASS", "access policy assignment", "'default'")
        said("the same for a worker", here.outcome("work"), "WRONGPASS", "access policy assignment")
        here.identity.accept = accept
        said("another port", here.outcome(*serve, REDIS_PORT="1"), "Cannot connect", "port 10000")
        plain = stage.free_port()
        here.processes.append(subprocess.Popen(["redis-server", "--port", str(plain), "--save", ""], cwd=here.folder, stdout=subprocess.DEVNULL))
        time.sleep(1)
        said("a Redis without TLS", here.outcome(*serve, REDIS_PORT=str(plain)), "TLS", "port 10000")
        said("a URL without TLS", here.outcome(*serve, REDIS_URL=f"redis://localhost:{plain}"), "without TLS")
        said("a node of a cluster", here.outcome("work", REDIS_USE_ENTRA_ID="", REDIS_PORT=str(cluster(here))), "MOVED", "EnterpriseCluster")
        no_rights(here, said, accept)
        expired(here, said)
        of_the_model(here)


def no_rights(here, said, accept) -> None:
    def reader(token: str) -> None:
        here.redis.command("ACL", "SETUSER", OBJECT_ID, "reset", "on", f">{token}", "~*", "+ping", "+client")
    here.identity.accept = reader
    said("a policy that allows too little", here.outcome("work"), "NOPERM", "Assign the policy 'default'")
    here.redis.command("ACL", "DELUSER", OBJECT_ID)
    here.identity.accept = accept


def expired(here, said) -> None:
    here.identity.life = -60
    began = time.time()
    process, log = here.start("serve", "--no-worker", "--port", "0")
    try:
        process.wait(100)
    except subprocess.TimeoutExpired:
        pass
    said(f"expired tokens, given up after {time.time() - began:.0f} s", f"exit code {process.returncode}: {stage.said(log)}", "expired at", "clock right")
    here.identity.life = 600


def cluster(here) -> int:
    """Two nodes that share the slots; the first one does not have that of the queue."""
    ports = [stage.free_port(), stage.free_port()]
    for number, port in enumerate(ports):
        folder = here.folder / f"node-{number}"
        folder.mkdir()
        here.processes.append(subprocess.Popen(
            ["redis-server", "--port", str(port), "--cluster-enabled", "yes", "--save", ""], cwd=folder, stdout=subprocess.DEVNULL))
    time.sleep(1)
    client = lambda port, *words: subprocess.run(["redis-cli", "-p", str(port), *words], capture_output=True, text=True).stdout.strip()
    slot = int(client(ports[0], "CLUSTER", "KEYSLOT", "agent-tasks"))
    client(ports[1], "CLUSTER", "ADDSLOTSRANGE", str(slot), str(slot))
    others = [str(edge) for edge in (0, slot - 1, slot + 1, 16383)]
    client(ports[0], "CLUSTER", "ADDSLOTSRANGE", *others)
    client(ports[0], "CLUSTER", "MEET", "127.0.0.1", str(ports[1]))
    for _ in range(100):
        if "cluster_state:ok" in client(ports[0], "CLUSTER", "INFO"):
            break
        time.sleep(0.1)
    return ports[0]


def of_the_model(here) -> None:
    """A run that the model refuses ends with an error for the user, and a line for the operator."""
    server = here.gateway()
    cases = [
        (401, "azure", "refused tokens", "Cognitive Services OpenAI User"), (403, "azure", "an identity without the role", "Cognitive Services OpenAI User"),
        (None, "nowhere", "a deployment that does not exist", "does not exist"),
    ]
    for refuse, deployment, promise, part in cases:
        here.model.refuse = refuse
        worker, log = here.start("work", "--model", "azure", AZURE_OPENAI_CHAT_DEPLOYMENT_NAME="nowhere" if deployment == "nowhere" else "chat")
        viewer = stage.Viewer(server, stage.ask(server, "Say 5 words, one every 0 s."), 40)
        viewer.join(45)
        worker.terminate()
        worker.wait()
        check(len(viewer.errors) == 1 and "language model" in viewer.errors[0], f"{promise}: the user is told", viewer.errors)
        check(part in stage.said(log), f"{promise}: the operator is told what is missing", stage.said(log)[-700:])
        check(not any(token in stage.said(log) + str(viewer.errors) for token in here.identity.tokens), f"{promise}: no token is shown")
    here.model.refuse = None
