"""Checks deploy/azure: bicep, parameters, azure.yaml, the Functions host, and that their settings are those of the code.

Needs pycep-parser, tree-sitter, tree-sitter-bicep, jsonschema and PyYAML (`.ci/run` installs them). Microsoft's types and
schemas are looked for in AZURE_TYPES, else in ../shared/azure; without them only what can be checked without is.
`azure.py FOLDER` checks another copy of the workspace; .ci/azure_broken.py breaks copies to see each check fail.
"""

import json
import os
import pathlib
import re
import sys

import jsonschema
import tree_sitter
import tree_sitter_bicep
import yaml
from pycep import BicepParser

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from bicep_types import Types  # noqa: E402

# What azd itself puts into its environment, beside SERVICE_NAME_IMAGE_NAME.
AZD = {"AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID", "AZURE_SUBSCRIPTION_ID"}
# `azd up` asks for these, because any default would be retired one day.
ASKED_FOR = {"modelName", "modelVersion"}
# What the code reads and no app sets, and why.
NOT_SET = {
    "REDIS_URL": "it may hold a password", "REDIS_CONNECTION_STRING": "it may hold a password",
    "REDIS_SERVER_BINARY": "no app starts a server of its own",
    "AZURE_OPENAI_API_KEY": "an identity takes its place", "AZURE_OPENAI_API_VERSION": "the address has no version",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST": "for virtual machines and tests",
    "IDENTITY_ENDPOINT": "the platform sets it", "IDENTITY_HEADER": "the platform sets it",
    "CONTAINER_APP_NAME": "the platform sets it", "FUNCTIONS_CUSTOMHANDLER_PORT": "the Functions host sets it",
    "OPENAI_API_KEY": "another service's", "OPENAI_BASE_URL": "another service's", "OPENAI_MODEL": "another service's",
    "OPENAI_TEMPERATURE": "a matter of taste", "OPENAI_MAX_COMPLETION_TOKENS": "a matter of taste",
    "OPENAI_REASONING_EFFORT": "a matter of taste",
}
SYMBOLS = {"string", "int", "bool", "object", "array", "any"}


class Deployment:
    """One copy of deploy/azure, and what is wrong with it."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root, self.folder = root, root / "deploy" / "azure"
        self.problems: list[str] = []
        self.bicep: dict[str, dict] = {}
        for path in sorted((self.folder / "infra").glob("*.bicep")):
            try:
                self.bicep[path.stem] = BicepParser().parse(file_path=path)
            except Exception as error:  # pycep's own errors share no class
                self.problems.append(f"{path.name} cannot be parsed: {str(error).splitlines()[0]}")
        self.swift = "\n".join(
            path.read_text() for folder in ("Sources", "Lessons") for path in sorted((root / folder).rglob("*.swift")))

    def check(self, holds: object, problem: str) -> None:
        if not holds:
            self.problems.append(problem)

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    # --- bicep -------------------------------------------------------------------------------------

    def check_symbols(self) -> None:
        parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))
        for name in self.bicep:
            tree = parser.parse(self.text(f"infra/{name}.bicep").encode()).root_node
            self.check(not tree.has_error, f"{name}.bicep: tree-sitter cannot parse it")
            declared, used = set(SYMBOLS), {}
            collect(tree, declared, used)
            for symbol in sorted(set(used) - declared):
                self.problems.append(f"{name}.bicep, line {used[symbol]}: {symbol} is not declared")

    def check_parameters(self) -> None:
        outputs = set(self.bicep.get("main", {}).get("outputs", {}))
        for name, file in self.bicep.items():
            declared = file.get("parameters", {})
            for module, call in file.get("modules", {}).items():
                inner = self.bicep.get(pathlib.Path(call["detail"]["path"]).stem, {}).get("parameters", {})
                self.compare(f"{name}.bicep, module {module}", set(call["config"]["params"]), inner)
            path = self.folder / "infra" / f"{name}.parameters.json"
            if not path.exists():
                continue
            values = json.loads(path.read_text())["parameters"]
            asked = ASKED_FOR if name == "main" else set()
            self.compare(path.name, set(values) | asked, declared)
            self.check(not asked & set(values), f"{path.name}: a model's name or version is fixed")
            for variable, default in re.findall(r"\$\{(\w+)(=[^}]*)?\}", json.dumps(values)):
                known = variable in AZD | outputs or variable == f"SERVICE_{name.upper()}_IMAGE_NAME" or default
                self.check(known, f"{path.name}: nothing sets {variable}")
        for name in ASKED_FOR:
            default = self.bicep.get("main", {}).get("parameters", {}).get(name, {}).get("default", "missing")
            self.check(default is None, f"main.bicep: {name} has a default, or does not exist")

    def compare(self, place: str, given: set[str], declared: dict) -> None:
        for name in sorted(given - set(declared)):
            self.problems.append(f"{place}: there is no parameter {name}")
        needed = {name for name, parameter in declared.items() if parameter["default"] is None}
        for name in sorted(needed - given):
            self.problems.append(f"{place}: the parameter {name} is not given")

    # --- the apps and the code ---------------------------------------------------------------------

    def container(self, app: str) -> tuple[dict, dict]:
        template = self.bicep[app]["resources"][app]["config"]["properties"]["template"]
        return template, template["containers"][0]

    def check_environment(self) -> None:
        literals = re.findall(r'"((?:REDIS|AZURE|OPENAI|IDENTITY|CONTAINER|FUNCTIONS|LOG)_[A-Z_]+)"', self.swift)
        keys = re.findall(r'"((?:azure\.)?openai\.[a-z.]+)"', self.swift)
        read = set(literals) | {key.upper().replace(".", "_") for key in keys}
        apps = {app: {entry["name"] for entry in self.container(app)[1]["env"]} for app in ("gateway", "worker")}
        for app, names in apps.items():
            for name in sorted(names - read):
                self.problems.append(f"{app}.bicep sets {name}, which no code reads")
            for name in sorted(names & set(NOT_SET)):
                self.problems.append(f"{app}.bicep sets {name}: {NOT_SET[name]}")
        for name in sorted(read - set().union(*apps.values()) - set(NOT_SET)):
            self.problems.append(f"the code reads {name}, which no app sets")
        for name in re.findall(r"^(\w+)=", self.text(".env.template"), re.M):
            self.check(name in read, f".env.template has {name}, which no code reads")

    def check_apps(self) -> None:
        routes = set(re.findall(r'Route\(\s*\.\w+, "([^"]+)"', self.swift))
        flags = {re.sub(r"([A-Z])", r"-\1", name).lower()
                 for name in re.findall(r"var (\w+)\b", (self.root / "Lessons/05-StreamingToUsers/Serve.swift").read_text())}
        graces = re.findall(r"asyncAfter\(deadline: \.now\(\) \+ (\d+)\)|shutdownGrace: Duration = \.seconds\((\d+)\)", self.swift)
        grace = sum(int(number) for pair in graces for number in pair if number)
        for app in ("gateway", "worker"):
            template, container = self.container(app)
            self.check(template["terminationGracePeriodSeconds"] > grace, f"{app}.bicep: it is killed before it has ended by itself ({grace} s)")
            self.check(template["scale"]["minReplicas"] >= 1, f"{app}.bicep: the last replica may go")
            for word in container["args"]:
                self.check(not word.startswith("--") or word[2:] in flags, f"{app}.bicep: {word} is not an option of the lesson")
            for probe in container.get("probes", []):
                path = probe["httpGet"]["path"]
                self.check(path in routes, f"{app}.bicep: {path} is not a route")
                self.check(path != "/api/health", f"{app}.bicep: a probe asks Redis")
        ping = re.search(r"pingInterval: Duration = \.seconds\((\d+)\)", self.swift)
        self.check(ping and int(ping[1]) <= 15, "the code pings too seldom for an ingress")
        streams = {stream["key"] for stream in self.bicep["worker"]["variables"]["streams"]["value"]}
        queue = re.search(r'queueKey: String = "([^"]+)"', self.swift)[1]
        self.check(streams == {queue, f"{{{queue}}}:high", f"{{{queue}}}:low"}, "worker.bicep: the scale rules watch other streams than the queue's")
        database = self.bicep["resources"]["resources"]["database"]["config"]["properties"]
        self.check(database["clusteringPolicy"] != "OSSCluster", "resources.bicep: StreamKit cannot follow MOVED")
        self.check(database["evictionPolicy"] == "NoEviction", "resources.bicep: conversations may be evicted")

    # --- azure.yaml and the Functions host ------------------------------------------------------------

    def check_azd(self, types: Types | None) -> None:
        document = yaml.safe_load(self.text("azure.yaml"))
        if types:
            self.problems += [f"azure.yaml: {problem}" for problem in types.schema_problems("azure.yaml.json", document)]
        for name, service in document["services"].items():
            dockerfile = self.folder / service["project"] / service.get("docker", {}).get("path", "Dockerfile")
            self.check(dockerfile.is_file(), f"azure.yaml: {name} has no Dockerfile at {dockerfile}")
            self.check(name in self.bicep and (self.folder / f"infra/{name}.parameters.json").exists(), f"azure.yaml: nothing deploys {name}")
            tags = self.bicep.get(name, {}).get("resources", {}).get(name, {}).get("config", {}).get("tags", {})
            tags = {key.strip("'"): value for key, value in tags.items()}
            self.check(tags.get("azd-service-name") == name, f"{name}.bicep: azd does not find the app of {name}")

    def check_functions(self, types: Types | None) -> None:
        host = json.loads(self.text("functions/host.json"))
        if types:
            self.problems += [f"host.json: {problem}" for problem in types.schema_problems("host.json", host)]
        handler = host["customHandler"]
        self.check(handler.get("enableProxyingHttpRequest") is True, "host.json: answers are buffered until they are complete")
        self.check(host["extensions"]["http"]["routePrefix"] == "", "host.json: paths get a prefix")
        program = handler["description"]["defaultExecutablePath"]
        self.check(f'.executable(name: "{program}"' in (self.root / "Package.swift").read_text(), f"host.json: {program} is not a product")
        function = json.loads(self.text("functions/http/function.json"))["bindings"]
        self.check([part["type"] for part in function] == ["httpTrigger", "http"], "function.json: it needs a request and a response")
        self.check(function[0]["route"] == "{*path}", "function.json: some paths are left out")
        settings = json.loads(self.text("functions/local.settings.json.template"))["Values"]
        self.check(settings["FUNCTIONS_WORKER_RUNTIME"] == "custom", "local.settings.json.template: another runtime")


def collect(node: tree_sitter.Node, declared: set[str], used: dict[str, int]) -> None:
    """The names that a bicep file declares, and those it uses, with the lines."""
    children = [child for child in node.children if child.is_named]
    names = [child for child in children if child.type == "identifier"]
    if node.type.endswith("_declaration") or node.type == "for_statement":
        declared.add(names[0].text.decode())
    skipped = names[:1] if node.type.endswith("_declaration") or node.type in ("for_statement", "object_property", "call_expression") else []
    for child in children:
        if child.type == "identifier" and child not in skipped:
            used.setdefault(child.text.decode(), child.start_point[0] + 1)
        elif child.type not in ("decorators", "type"):
            collect(child, declared, used)


def examine(root: pathlib.Path, types: Types | None) -> list[str]:
    deployment = Deployment(root)
    if deployment.problems:
        return deployment.problems
    deployment.check_symbols()
    deployment.check_parameters()
    deployment.check_environment()
    deployment.check_apps()
    deployment.check_azd(types)
    deployment.check_functions(types)
    if types:
        for name, file in deployment.bicep.items():
            deployment.problems += [f"{name}.bicep: {problem}" for problem in types.problems(file)]
    return deployment.problems


def found_types() -> Types | None:
    folder = pathlib.Path(os.environ.get("AZURE_TYPES", "../shared/azure"))
    return Types(folder) if (folder / "types").is_dir() else None


if __name__ == "__main__":
    types = found_types()
    problems = examine(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."), types)
    for problem in problems:
        print(problem)
    print("deploy/azure:", f"{len(problems)} problems" if problems else "as it should be")
    if not types:
        print("Microsoft's types are not here: properties of resources and two schemas were not checked")
    sys.exit(1 if problems else 0)
