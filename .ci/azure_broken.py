"""Breaks copies of deploy/azure, one mistake at a time, and sees .ci/azure.py find each.

Needs what .ci/azure.py needs. Mistakes that only Microsoft's types show are tried where those are.
"""

import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from azure import examine, found_types  # noqa: E402

INFRA = "deploy/azure/infra/"
SERVER = "Sources/StreamServer/"
# (file, what stands there, what takes its place, what has to be said of it)
MISTAKES = [
    (INFRA + "gateway.bicep", "properties: {", "properties: {{", "cannot be parsed"),
    (INFRA + "resources.bicep", "scope: registry", "scope: registri", "registri is not declared"),
    (INFRA + "worker.bicep", "value: modelScope", "value: modelScop", "modelScop is not declared"),
    (INFRA + "worker.bicep", "for stream in streams", "for stream in queues", "queues is not declared"),
    (INFRA + "main.parameters.json", '"principalId"', '"principal"', "there is no parameter principal"),
    (INFRA + "worker.parameters.json", '"redisName"', '"redis"', "the parameter redisName is not given"),
    (INFRA + "gateway.parameters.json", "${AZURE_REDIS_NAME}", "${AZURE_REDIS}", "nothing sets AZURE_REDIS"),
    (INFRA + "gateway.parameters.json", "SERVICE_GATEWAY_", "SERVICE_WORKER_", "nothing sets SERVICE_WORKER_IMAGE_NAME"),
    (INFRA + "main.bicep", "    modelSku: modelSku\n", "", "the parameter modelSku is not given"),
    (INFRA + "main.bicep", "param modelName string", "param modelName string = 'gpt'", "modelName has a default"),
    (INFRA + "worker.bicep", "'AZURE_CLIENT_ID'", "'AZURE_CLIENT'", "sets AZURE_CLIENT, which no code reads"),
    (INFRA + "worker.bicep", "            { name: 'AZURE_OPENAI_SCOPE', value: modelScope }\n", "", "reads AZURE_OPENAI_SCOPE"),
    (INFRA + "gateway.bicep", "'LOG_LEVEL'", "'REDIS_URL'", "it may hold a password"),
    ("Sources/AgentRuns/RunRetention.swift", '"REDIS_STREAM_TTL_MINUTES"', '"REDIS_STREAM_TTL"', "REDIS_STREAM_TTL_MINUTES, which no code"),
    ("deploy/azure/.env.template", "REDIS_PORT=", "REDIS_PORTS=", "REDIS_PORTS, which no code reads"),
    (INFRA + "worker.bicep", "GracePeriodSeconds: 30", "GracePeriodSeconds: 2", "killed before"),
    (INFRA + "worker.bicep", "minReplicas: 1", "minReplicas: 0", "the last replica may go"),
    (INFRA + "gateway.bicep", "'--no-worker'", "'--without-worker'", "--without-worker is not an option"),
    (INFRA + "gateway.bicep", "'/api/live'", "'/api/alive'", "/api/alive is not a route"),
    (INFRA + "gateway.bicep", "'/api/ready'", "'/api/health'", "a probe asks Redis"),
    (SERVER + "StreamServerConfiguration.swift", "pingInterval: Duration = .seconds(10)", "pingInterval: Duration = .seconds(90)", "pings too seldom"),
    (INFRA + "worker.bicep", "'{agent-tasks}:low'", "'agent-tasks:low'", "watch other streams"),
    (INFRA + "resources.bicep", "'EnterpriseCluster'", "'OSSCluster'", "MOVED"),
    (INFRA + "resources.bicep", "'NoEviction'", "'VolatileLRU'", "may be evicted"),
    ("deploy/azure/azure.yaml", "path: deploy/azure/Dockerfile", "path: Dockerfile", "has no Dockerfile"),
    ("deploy/azure/azure.yaml", "  worker:\n", "  workers:\n", "nothing deploys workers"),
    (INFRA + "gateway.bicep", "'azd-service-name': 'gateway'", "'azd-service-name': 'web'", "does not find the app"),
    ("deploy/azure/functions/host.json", '"enableProxyingHttpRequest": true', '"enableProxyingHttpRequest": false', "buffered"),
    ("deploy/azure/functions/host.json", '"routePrefix": ""', '"routePrefix": "api"', "a prefix"),
    ("deploy/azure/functions/host.json", '"streaming-to-users"', '"server"', "is not a product"),
    ("deploy/azure/functions/http/function.json", "{*path}", "{path}", "left out"),
    ("deploy/azure/functions/http/function.json", '"httpTrigger"', '"timerTrigger"', "a request and a response"),
    ("deploy/azure/functions/local.settings.json.template", '"custom"', '"python"', "another runtime"),
]
WITH_TYPES = [
    (INFRA + "resources.bicep", "disableLocalAuth", "disableLocalAuthentication", "is not a property"),
    (INFRA + "resources.bicep", "'Encrypted'", "'TLS'", "'TLS' is none of"),
    (INFRA + "resources.bicep", "    accessPolicyName: 'default'\n", "", "accessPolicyName is required"),
    (INFRA + "resources.bicep", "databases@2025-07-01' = {", "databases@2020-01-01' = {", "there is no type"),
    (INFRA + "gateway.bicep", "targetPort: 8080", "targetPort: '8080'", "is a text"),
    (INFRA + "gateway.bicep", "        external: true\n", "        external: true\n        fqdn: 'x'\n", "is read-only"),
    (INFRA + "resources.bicep", "    principalType: principalType\n", "    principal: principalType\n", "principal is not a property"),
    ("deploy/azure/azure.yaml", "      context: .", "      contexts: .", "azure.yaml: services/gateway"),
    ("deploy/azure/functions/host.json", '"enableProxyingHttpRequest"', '"proxyingHttpRequest": true, "enableProxyingHttpRequest"', "host.json: : {"),
]


def copied(to: pathlib.Path) -> None:
    for name in ("deploy", "Sources", "Lessons", "Package.swift"):
        if pathlib.Path(name).is_dir():
            shutil.copytree(name, to / name)
        else:
            shutil.copy(name, to / name)


types = found_types()
missed = 0
with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    copied(root)
    for file, old, new, complaint in MISTAKES + (WITH_TYPES if types else []):
        path = root / file
        text = path.read_text()
        if old not in text:
            missed += 1
            print(f"{file} no longer has {old!r}: another mistake is needed here")
            continue
        path.write_text(text.replace(old, new))
        try:
            problems = examine(root, types)
        except Exception as error:  # a check that breaks has not checked
            problems = [f"broke: {error!r}"]
        if not any(complaint in problem for problem in problems):
            missed += 1
            print(f"{file}: {new.strip()!r} was not found: {problems}")
        path.write_text(text)
print(f"{len(MISTAKES) + (len(WITH_TYPES) if types else 0)} mistakes,", f"{missed} not found" if missed else "each of them found")
sys.exit(1 if missed else 0)
