"""Checks what kustomize made of a folder, as it stands in standard input.

Every resource against the schema of its kind (of Kubernetes by kubernetes-validate, of operators
by the extracts in schemas/), and what no schema says: that names which one resource uses of
another are there, that nothing runs as root or without limits, that every setting is a key of
Tally's, and that every secret that is named is one that secrets.sh draws.
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
        if not any(selector.items() <= labels.items() for labels in pods):
            fault(resource, f"selects no pod: {selector}")
    if kind == "ConfigMap":
        for name in resource.get("data", {}):
            check_setting(resource, name)
    if kind == "TriggerAuthentication":
        for reference in spec["secretTargetRef"]:
            check_secret(resource, reference["key"])
    if kind == "ExternalSecret":
        for entry in spec["data"]:
            check_secret(resource, entry["secretKey"])


def check_rules(resource):
    kept = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())
    if resource["spec"] != kept:
        fault(resource, "says something else than deploy/prometheus/rules.yml")


def main():
    resources = [resource for resource in yaml.safe_load_all(sys.stdin) if resource]
    names = {(resource["kind"], resource["metadata"]["name"]) for resource in resources}
    pods = [pod["metadata"]["labels"] for pod in map(pod_of, resources) if pod]
    counted = {
        resource["metadata"]["name"]
        for resource in resources
        if resource["kind"] == "Deployment" and "replicas" in resource["spec"]
    }
    for resource in resources:
        check_schema(resource)
        pod = pod_of(resource)
        if pod:
            check_pod(resource, pod, names)
        check_references(resource, names, pods, counted)
        if resource["kind"] == "PrometheusRule":
            check_rules(resource)
    for text in faults:
        print(text)
    print(f"{len(resources)} resources, {len(faults)} faults")
    return 1 if faults or not resources else 0


sys.exit(main())
