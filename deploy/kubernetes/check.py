"""Checks what kustomize made of a folder, as it stands in standard input.

Every resource against the schema of its kind (of Kubernetes by kubernetes-validate, of operators
by the extracts in schemas/), and what no schema says: that names which one resource uses of
another are there, in its namespace, that nothing runs as root or without limits, that no server
that is away empties a Service, that every setting is a key of Tally's, and that every secret that
is named is one that secrets.sh draws.
"""

import json
import re
import sys
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VERSION = "1.33"

faults = []


def fault(resource, text):
    faults.append(f"{resource['kind']} {resource['metadata']['name']}: {text}")


def check_schema(resource):
    api, kind = resource["apiVersion"], resource["kind"]
    own = HERE / "schemas" / f"{api.replace('/', '_')}_{kind}.json"
    if own.exists():
        validator = jsonschema.Draft7Validator(json.loads(own.read_text()))
        for error in validator.iter_errors(resource):
            fault(resource, f"{'/'.join(map(str, error.path))}: {error.message}")
        return
    try:
        kubernetes_validate.validate(resource, VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        fault(resource, f"{'/'.join(map(str, error.path))}: {error.message}")
    except kubernetes_validate.SchemaNotFoundError:
        fault(resource, f"there is no schema of {api}/{kind}")


def pod_of(resource):
    spec = resource.get("spec", {})
    if resource["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec.get("template") if resource["kind"] in WORKLOADS else None


WORKLOADS = {"Deployment", "StatefulSet", "Job", "CronJob"}


def check_pod(resource, pod, names):
    spec = pod["spec"]
    security = spec.get("securityContext", {})
    if not security.get("runAsNonRoot") or security.get("runAsUser", 0) == 0:
        fault(resource, "may run as root")
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        fault(resource, "has no seccomp profile")
    if spec.get("automountServiceAccountToken") is not False:
        fault(resource, "is given a token of the cluster, which it does not need")
    for container in spec["containers"]:
        own = container.get("securityContext", {})
        if not own.get("readOnlyRootFilesystem") or own.get("allowPrivilegeEscalation") is not False:
            fault(resource, f"{container['name']} may write or gain rights")
        if own.get("capabilities", {}).get("drop") != ["ALL"]:
            fault(resource, f"{container['name']} keeps capabilities")
        if "memory" not in container.get("resources", {}).get("limits", {}):
            fault(resource, f"{container['name']} has no limit of memory")
        if resource["kind"] in {"Deployment", "StatefulSet"}:
            for probe in ("livenessProbe", "readinessProbe"):
                if probe not in container:
                    fault(resource, f"{container['name']} has no {probe}")
        if ":" not in container["image"].rsplit("/", 1)[-1]:
            fault(resource, f"the version of {container['image']} is open")
        for variable in container.get("env", []):
            check_setting(resource, variable["name"])
        for source in container.get("envFrom", []):
            if ("ConfigMap", source["configMapRef"]["name"]) not in names:
                fault(resource, f"there is no {source['configMapRef']['name']}")
    for volume in spec.get("volumes", []):
        if "configMap" in volume and ("ConfigMap", volume["configMap"]["name"]) not in names:
            fault(resource, f"there is no {volume['configMap']['name']}")
        for item in volume.get("secret", {}).get("items", []):
            check_secret(resource, item["key"])
    selector = resource.get("spec", {}).get("selector", {}).get("matchLabels", {})
    labels = pod["metadata"].get("labels", {})
    if labels.get("app.kubernetes.io/part-of") != "tally":
        fault(resource, "is not held by the network policy `nobody`")
    if any(labels.get(key) != value for key, value in selector.items()):
        fault(resource, "does not select its own pods")


SETTINGS = set(re.findall(r"`(TALLY__[A-Z0-9_]+)`", (ROOT / "docs/CONFIGURATION.md").read_text()))
SECRETS = set(re.findall(r"put ([a-z-]+)", (ROOT / "deploy/compose/secrets.sh").read_text()))


def check_setting(resource, name):
    if name.startswith("TALLY__") and name not in SETTINGS and name.removesuffix("_FILE") not in SETTINGS:
        fault(resource, f"{name} is no key of docs/CONFIGURATION.md")


def check_secret(resource, name):
    if name not in SECRETS:
        fault(resource, f"nobody draws the secret {name}")


def asks_for_servers(pod):
    probes = [container.get("readinessProbe", {}) for container in pod["spec"]["containers"]]
    return any(probe.get("httpGet", {}).get("path") == "/readyz" for probe in probes)


def check_references(resource, names, pods, counted):
    kind, spec = resource["kind"], resource.get("spec", {})
    if kind in {"HorizontalPodAutoscaler", "ScaledObject"}:
        target = spec["scaleTargetRef"]
        if (target.get("kind", "Deployment"), target["name"]) not in names:
            fault(resource, f"there is no {target['name']}")
        if target["name"] in counted:
            fault(resource, f"{target['name']} says by itself how many there are")
    if kind == "ScaledObject":
        for trigger in spec["triggers"]:
            reference = trigger.get("authenticationRef")
            if reference and ("TriggerAuthentication", reference["name"]) not in names:
                fault(resource, f"there is no {reference['name']}")
    selector = None
    if kind == "Service":
        selector = spec["selector"]
    elif kind == "PodDisruptionBudget":
        selector = spec["selector"]["matchLabels"]
    elif kind == "NetworkPolicy":
        selector = spec["podSelector"].get("matchLabels", {})
    # Pods of an operator are not in what kustomize made.
    if selector and selector.get("app.kubernetes.io/name") != "rabbitmq":
        selected = [pod for pod in pods if selector.items() <= pod["metadata"]["labels"].items()]
        if not selected:
            fault(resource, f"selects no pod: {selector}")
        if kind == "Service" and any(map(asks_for_servers, selected)):
            fault(resource, "has no pod left when a server is away")
    if kind == "ConfigMap":
        for name in resource.get("data", {}):
            check_setting(resource, name)
    if kind == "TriggerAuthentication":
        for reference in spec["secretTargetRef"]:
            check_secret(resource, reference["key"])
    if kind == "ExternalSecret":
        for entry in spec["data"]:
            check_secret(resource, entry["remoteRef"]["property"])
    if kind == "TidbInitializer":
        for used in [("TidbCluster", spec["cluster"]["name"]), ("ExternalSecret", spec["passwordSecret"])]:
            if used not in names:
                fault(resource, f"there is no {used[1]}")


def check_rules(resource, names):
    if resource["metadata"]["name"] == "tally":
        kept = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())
        if resource["spec"] != kept:
            fault(resource, "says something else than deploy/prometheus/rules.yml")
        return
    # Rules of Kubernetes alone.
    operations = (ROOT / "docs/OPERATIONS.md").read_text()
    for group in resource["spec"]["groups"]:
        for rule in group["rules"]:
            if f"\n### {rule['alert']}\n" not in operations:
                fault(resource, f"docs/OPERATIONS.md does not say what to do about {rule['alert']}")
            for name in re.findall(r'pod=~"([a-z-]+)-\.\*"', rule["expr"]):
                if ("Deployment", name) not in names:
                    fault(resource, f"there is no {name}")


def check_namespace(resources):
    names = {(resource["kind"], resource["metadata"]["name"]) for resource in resources}
    pods = [pod for pod in map(pod_of, resources) if pod]
    counted = {
        resource["metadata"]["name"]
        for resource in resources
        if resource["kind"] == "Deployment" and "replicas" in resource["spec"]
    }
    for resource in resources:
        pod = pod_of(resource)
        if pod:
            check_pod(resource, pod, names)
        check_references(resource, names, pods, counted)
        if resource["kind"] == "PrometheusRule":
            check_rules(resource, names)


def main():
    resources = [resource for resource in yaml.safe_load_all(sys.stdin) if resource]
    namespaces = {
        resource["metadata"]["name"]: []
        for resource in resources
        if resource["kind"] == "Namespace"
    }
    for resource in resources:
        check_schema(resource)
        if resource["kind"] == "Namespace":
            continue
        namespace = resource["metadata"].get("namespace")
        if namespace in namespaces:
            namespaces[namespace].append(resource)
        else:
            fault(resource, f"there is no namespace {namespace}")
    for together in namespaces.values():
        check_namespace(together)
    for text in faults:
        print(text)
    print(f"{len(resources)} resources, {len(faults)} faults")
    return 1 if faults or not resources else 0


sys.exit(main())
