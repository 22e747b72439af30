#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""openapi.py DESCRIPTION ROUTER-SOURCE EXCHANGES [KNOWN-UNSEEN…]: holds the description against what a server answered.

EXCHANGES is method, URL, status, content type and body of each exchange, each ended by a NUL. Prints TAP: every
exchange as described; every route of the source described and the other way round; every parameter that was taken
and every answer that was given described, and every answer that is described given at least once, but for those of
KNOWN-UNSEEN ("GET /path 503")."""
import json
import re
import sys
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema

description, source, exchanges, *unseen_known = sys.argv[1:]
with open(description, encoding="utf-8") as f:
    doc = json.load(f)
base = doc["servers"][0]["url"]
store = {"": doc}


def follow(node):
    while "$ref" in node:
        at = doc
        for step in node["$ref"].removeprefix("#/").split("/"):
            at = at[step]
        node = at
    return node


def validate(schema, value):
    resolver = jsonschema.RefResolver("", doc, store=store)
    errors = list(jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(value))
    if errors:
        first = errors[0]
        raise ValueError(f"{'/'.join(map(str, first.absolute_path))}: {first.message[:300]}")


def operation(method, path):
    for template, item in doc["paths"].items():
        pattern = re.sub(r"\\{[a-z]+\\}", "[^/]+", re.escape(template.rstrip("/"))) + "/?"
        if re.fullmatch(pattern, path) and method.lower() in item:
            return template, item[method.lower()]
    return None, None


def check_data(values, body):
    for item in body["collection"]["items"]:
        for data in item["data"]:
            for pattern, name in values.items():
                if name is not None and re.fullmatch(pattern, data["name"]):
                    validate({"$ref": "#/components/schemas/" + name}, data["value"])


def check(method, url, status, kind, body):
    """The name of the answer ("GET /path 200"), or None for a path that is not described."""
    parts = urlsplit(url)
    path = parts.path.removeprefix(base)
    template, op = operation(method, path)
    if op is None:
        if status not in ("404", "405"):
            raise ValueError(f"status {status} of what is not described")
        return None
    if status not in op["responses"]:
        raise ValueError(f"status {status} is not described")
    if status == "200" and method == "GET":
        known = {p["name"] for p in op.get("parameters", []) if p["in"] == "query"}
        other = {k for k, _ in parse_qsl(unquote(parts.query), keep_blank_values=True)} - known
        if other:
            raise ValueError(f"parameters {sorted(other)} are not described")
    answer = follow(op["responses"][status])
    media = kind.split(";")[0].strip()
    if media not in answer["content"]:
        raise ValueError(f"content type {kind} is not described")
    entry = answer["content"][media]
    if media == "application/json" and not entry.get("x-bare") and not entry["schema"].get("x-bare"):
        parsed = json.loads(body.partition("\r\n\r\n")[2] if body.startswith("HTTP/") else body)
        validate(entry["schema"], parsed)
        if "collection" in parsed:
            check_data(answer.get("x-data", {}), parsed)
    return f"{method} {template} {status}"


def routes():
    with open(source, encoding="utf-8") as f:
        text = f.read()
    return {(m, p.rstrip("/")) for m, p in re.findall(r'\{"(GET|POST)", "(/[a-z/]*)"', text)}


count = failed = 0


def tap(good, name, why=""):
    global count, failed
    count += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {name}")
    if not good:
        print("# " + str(why).replace("\n", "\n# "))


for name, schema in doc["components"]["schemas"].items():
    jsonschema.Draft202012Validator.check_schema(schema)
with open(exchanges, encoding="utf-8", errors="surrogateescape", newline="") as f:
    fields = f.read().split("\0")[:-1]
seen, wrong, total = set(), [], 0
for i in range(0, len(fields), 5):
    method, url, status, kind, body = fields[i : i + 5]
    total += 1
    try:
        seen.add(check(method, url, status, kind, body))
    except (ValueError, KeyError) as e:
        wrong.append(f"{method} {url} {status}: {e}\n  {body[:200]}")
tap(total >= 100 and not wrong, f"each of the {total} exchanges is as described", "\n".join(wrong[:20]))
described = {
    (m.upper(), re.sub(r"/\{[a-z]+\}", "", p).rstrip("/")) for p, item in doc["paths"].items() for m in item
    if m != "servers"
}
tap(described == routes(), "what is described is what there is", described ^ routes())
missing = {
    f"{m.upper()} {p} {s}" for p, item in doc["paths"].items() for m, op in item.items() if m != "servers"
    for s in op["responses"] if s not in ("405", "429", "500", "503")
} - seen - set(unseen_known)
tap(not missing, "each answer that is described was given", sorted(missing))
tap(not set(unseen_known) & seen, "no answer that was given is left out", sorted(set(unseen_known) & seen))
tap({"405", "429", "500"} <= {s.split()[-1] for s in seen if s} | {fields[i + 2] for i in range(0, len(fields), 5)},
    "those that any resource gives were given too")
print(f"1..{count}")
sys.exit(failed > 0)
