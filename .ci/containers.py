"""Checks docker-compose.yml against the Compose specification's schema, and the Dockerfiles against the tree.

Needs PyYAML, jsonschema and, for the schema it carries, docker-compose 1.29 (`.ci/run` installs them).
"""

import importlib.util
import json
import pathlib
import re
import sys

import jsonschema
import yaml

DOCKERFILES = [pathlib.Path("deploy/azure/Dockerfile"), pathlib.Path("deploy/azure/functions/Dockerfile")]
problems: list[str] = []


def check(holds: bool, problem: str) -> None:
    if not holds:
        problems.append(problem)


def check_compose() -> None:
    package = importlib.util.find_spec("compose").submodule_search_locations[0]
    schema = json.loads((pathlib.Path(package) / "config" / "compose_spec.json").read_text())
    document = yaml.safe_load(pathlib.Path("docker-compose.yml").read_text())
    validator = jsonschema.Draft201909Validator(schema)
    for error in validator.iter_errors(document):
        problems.append(f"docker-compose.yml: {'/'.join(map(str, error.path))}: {error.message}")
    for name, service in document["services"].items():
        check("healthcheck" in service, f"docker-compose.yml: {name} has no health check")
        build = service.get("build", {})
        has_dockerfile = (pathlib.Path(build.get("context", "?")) / build.get("dockerfile", "?")).is_file()
        check("image" in service or has_dockerfile, f"docker-compose.yml: nothing to run for {name}")
        for port in service.get("ports", []):
            check(port.startswith("127.0.0.1:"), f"docker-compose.yml: {name} is open to the network at {port}")
        for other in service.get("depends_on", {}):
            check(other in document["services"], f"docker-compose.yml: {name} waits for {other}, which is not a service")
    check(document["services"]["app"].get("profiles") == ["app"], "docker-compose.yml: app has no profile app")


def check_dockerfile(path: pathlib.Path) -> None:
    ignored = [line.strip() for line in pathlib.Path(".dockerignore").read_text().splitlines() if line.strip()]
    manifest = pathlib.Path("Package.swift").read_text()
    text = path.read_text()
    stages: list[str] = []
    releases: set[str] = set()
    copied: list[str] = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        words = line.split()
        match words[:1]:
            case ["FROM"]:
                check(re.fullmatch(r"[\w./-]+:[\w.-]+", words[1]) is not None, f"{path}: {words[1]} names no version")
                releases.update(re.findall(r"bookworm|trixie|jammy|noble", words[1]))
                stages += words[3:4]
            case ["COPY"] if words[1].startswith("--from="):
                check(words[1].removeprefix("--from=") in stages, f"{path}: {words[1]} names no earlier stage")
            case ["COPY"]:
                copied += words[1:-1]
            case ["ENTRYPOINT"]:
                program = json.loads(line.removeprefix("ENTRYPOINT"))[0]
                check(f'.executable(name: "{program}"' in manifest, f"{path}: {program} is not a product")
                check(f"--product {program} " in text, f"{path}: {program} is not what is built")
    check(len(releases) == 1, f"{path}: built on one system and run on another: {releases}")
    for source in copied:
        check(pathlib.Path(source).exists(), f"{path}: {source} is copied, but is not there")
        check(source not in ignored, f"{path}: {source} is copied, but .dockerignore leaves it out")
    for folder in set(re.findall(r'path: "([\w-]+)/', manifest)) | {"Sources"}:
        check(folder in copied, f"{path}: {folder} holds targets of Package.swift, but is not copied")


check_compose()
for path in DOCKERFILES:
    check_dockerfile(path)
for problem in problems:
    print(problem)
print("container files:", f"{len(problems)} problems" if problems else "as they should be")
sys.exit(1 if problems else 0)
