"""What is deployed beside units and cron: compose, Kubernetes, Prometheus's rules and a dashboard, over metrics that exist."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from tests.installation import installed
from watcher.cli import doors
from watcher.config.notify import load_notify
from watcher.config.settings import load_settings
from watcher.metrics import exposition

DEPLOY = Path(__file__).parents[1] / "deploy"
CLUSTERS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
RULES = DEPLOY / "prometheus" / "watcher.rules.yml"
DASHBOARD = DEPLOY / "grafana" / "watcher.json"
_METRIC = re.compile(r"\b(?:watcher|process)_[a-z_]+\b")


def documents(path: Path) -> dict[str, Any]:
    return {each["kind"]: each for each in yaml.safe_load_all(path.read_text("utf-8"))}


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def pod(path: Path) -> Any:
    return documents(path)["StatefulSet"]["spec"]["template"]["spec"]


@pytest.fixture(params=CLUSTERS, ids=[path.stem for path in CLUSTERS])
def cluster(request) -> Any:
    return request.param


def test_kubernetes_knows_every_key(cluster):
    done = subprocess.run([program("kubernetes-validate"), str(cluster)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_settings_and_routes_in_the_manifest_load(cluster, tmp_path, monkeypatch):
    for name, text in documents(cluster)["ConfigMap"]["data"].items():
        (tmp_path / name).write_text(text)
    settings = load_settings(tmp_path / "watcher.yaml", environ={})
    assert settings.store.url.startswith(cluster.stem)
    assert settings.service.listen.startswith("0.0.0.0:")
    assert list(load_notify(tmp_path / "notify.yaml").receivers) == ["desk"]


def test_one_replica_writes_a_file_and_several_share_a_server():
    replicas = {path.stem: documents(path)["StatefulSet"]["spec"]["replicas"] for path in CLUSTERS}
    assert replicas["sqlite"] == 1
    assert replicas["postgresql"] > 1


def test_containers_are_nobody_and_write_nowhere_but_on_their_volumes(cluster):
    assert pod(cluster)["securityContext"]["runAsNonRoot"]
    assert not pod(cluster)["automountServiceAccountToken"]
    for container in [*pod(cluster)["initContainers"], *pod(cluster)["containers"]]:
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert not container["securityContext"]["allowPrivilegeEscalation"]
        assert container["resources"]["limits"]["memory"]


def test_the_daemon_may_drain_before_it_is_killed(cluster):
    assert pod(cluster)["terminationGracePeriodSeconds"] >= 30
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["watcher"]
    assert int(compose["stop_grace_period"].removesuffix("s")) >= 30


def test_every_command_in_a_manifest_exists(cluster):
    [init] = pod(cluster)["initContainers"]
    typed = [*init["command"][-1].split("&&"), f"watcher {' '.join(pod(cluster)['containers'][0]['args'])}"]
    for line in typed:
        name, *arguments = shlex.split(line)[1:]
        command = doors.get_command(click.Context(doors), name)
        assert command is not None
        command.make_context(name, arguments)


def test_compose_locks_the_container_up():
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["watcher"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).exists()


def test_docker_understands_the_compose_file():
    done = subprocess.run(
        [program("docker"), "compose", "--file", str(DEPLOY / "compose.yaml"), "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    if "is not a docker command" in done.stderr or "unknown" in done.stderr:
        pytest.skip("docker has no compose")
    assert done.returncode == 0, done.stderr


# --- monitoring -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def metrics(tmp_path_factory) -> set[str]:
    """The names of all metrics of an installation in which something happened."""
    folder = tmp_path_factory.mktemp("metrics")
    with installed(folder) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-28  12  Palma")
        it.turn("2020-06-01 13:00")
        text = exposition(it.app.store, it.app.feeds, it.now).decode()
    # A run is noted by `check` and by who asks the daemon for a turn, not by a turn of this test.
    names = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    return names | {"watcher_last_run_exit_code", "watcher_last_run_timestamp_seconds"}


def test_promtool_accepts_the_rules():
    done = subprocess.run(
        [program("promtool"), "check", "rules", str(RULES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_metric_in_the_rules_exists(metrics):
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    named = {name for group in groups for rule in group["rules"] for name in _METRIC.findall(rule["expr"])}
    assert named
    assert named <= metrics


def test_every_rule_says_what_to_do():
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    for rule in (rule for group in groups for rule in group["rules"]):
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert re.search(r"watcher |docs/", rule["annotations"]["description"]), rule["alert"]


def test_every_metric_in_the_dashboard_exists(metrics):
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    named = {name for panel in panels for target in panel["targets"] for name in _METRIC.findall(target["expr"])}
    assert named <= metrics
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_panels_lie_side_by_side():
    places = [panel["gridPos"] for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]]
    taken = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(taken) == len(set(taken))


def test_the_page_of_the_service_names_every_metric(metrics):
    page = (DEPLOY.parent / "docs" / "reference" / "service.md").read_text("utf-8")
    ours = {name for name in metrics if name.startswith("watcher_")}
    assert {
        name for name in ours if name not in page and name.rpartition("_")[2] not in {"stale", "held", "drifted", "gap"}
    } == set()
