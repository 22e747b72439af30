#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""interop.py API GNUPGHOME FINGERPRINT COMMAND [ARGUMENT…]: talks to the API as the original's Go client does.

Nothing of this project's own code is used: what is signed and sent is built here, from the protocol's description
(docs/mig-2019.md, 2.1 to 2.4, 6.1, 6.4 and 10.1).
  ask TARGET MODULE PARAMETERS   search the target's agents, post the action, follow it, read its results; prints them
  get PATH                       prints what a GET with a token answers
  beat NAME QUEUE                prints status and body of a heartbeat as the original's agent sends it
"""
import datetime
import json
import random
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

api, home, key, command, *args = sys.argv[1:]
AGENT = "MIG Client cmd-test"
ZERO = "0001-01-01T00:00:00Z"


def one_line_signature(text):
    armor = subprocess.run(
        ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", "-u", key,
         "--armor", "--detach-sign"], input=text.encode(), capture_output=True, check=True).stdout.decode()
    lines = [line for line in armor.splitlines() if line and not line.startswith("-----") and ": " not in line]
    return "".join(lines)


def token():
    text = f"1;{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ};{random.randrange(2**53)}"
    return text + ";" + one_line_signature(text + "\n")


def call(path, form=None, data=None, authenticated=True):
    """Status and body; on 401 once more with another token, as the original does."""
    for attempt in (1, 2):
        headers = {"User-Agent": AGENT}
        if authenticated:
            headers["X-PGPAUTHORIZATION"] = token()
        body = data
        if form is not None:
            body = urllib.parse.urlencode(form).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        request = urllib.request.Request(api + path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            if refusal.code != 401 or attempt == 2 or not authenticated:
                return refusal.code, refusal.read().decode()


def items(body):
    """As the original walks an answer: every data element of every item."""
    collection = json.loads(body)["collection"]
    assert collection["version"] == "1.0" and collection["error"] == {}, collection["error"]
    return [(data["name"], data["value"]) for item in collection["items"] for data in item["data"]]


def go_string(text):
    out = json.dumps(text, ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        out = out.replace(char, f"\\u{ord(char):04x}")
    return out


def go_json(value):
    """encoding/json of a generic value: keys sorted, no blanks, numbers through a double."""
    if isinstance(value, dict):
        return "{" + ",".join(go_string(k) + ":" + go_json(value[k]) for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(go_json, value)) + "]"
    if isinstance(value, str):
        return go_string(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
    return json.dumps(value)


def local(seconds):
    """RFC 3339 with nanoseconds, in a zone that is not UTC."""
    zone = datetime.timezone(datetime.timedelta(hours=2))
    return datetime.datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%dT%H:%M:%S") + ".123456789+02:00"


def new_action(target, module, parameters):
    now = int(time.time())
    valid, expire = now - 60, now + 300
    operations = f'[{{"module":{go_string(module)},"parameters":{go_json(parameters)}}}]'
    name = f"{module} <as> the & original"
    signed = f"name={name};target={target};validfrom={valid};expireafter=%!s(int64={expire});operations={operations};"
    # The order and the zero values of the original's struct; numbers as a double may be written.
    return (f'{{"id":0e0,"name":{go_string(name)},"target":{go_string(target)},"description":{{}},"threat":{{}},'
            f'"validfrom":"{local(valid)}","expireafter":"{local(expire)}","operations":{operations},'
            f'"pgpsignatures":["{one_line_signature(signed)}"],"investigators":null,"status":"","starttime":"{ZERO}",'
            f'"finishtime":"{ZERO}","lastupdatetime":"{ZERO}","counters":{{}},"syntaxversion":2e0}}')


def search(**conditions):
    """Every parameter that the original spells out, also those without a condition."""
    everything = {"type": "command", "after": "2000-01-01T00:00:00Z", "before": "2100-01-01T00:00:00Z"}
    everything |= {k: "∞" for k in ("actionid", "agentid", "commandid", "investigatorid", "loaderid", "manifestid")}
    everything |= {k: "%" for k in ("actionname", "agentname", "agentversion", "investigatorname", "loadername",
                                    "manifestname", "status", "threatfamily")}
    everything |= conditions
    return call("search?" + urllib.parse.urlencode(everything))


def ask(target, module, parameters):
    status, body = call("search?type=agent&limit=1000000&target=" + urllib.parse.quote(target))
    if status == 404:
        sys.exit("no agents")
    agents = [value for name, value in items(body) if name == "agent"]
    print(f"{len(agents)} agents will be targeted")
    status, body = call("action/create/", form={"action": new_action(target, module, json.loads(parameters))})
    if status != 202:
        sys.exit(f"{status} {json.loads(body)['collection']['error']['message']}")
    name, action = items(body)[0]
    number = int(float(name.removeprefix("action ID ")))
    assert number == int(action["id"]) and action["status"] == "pending"
    until = time.time() + 90
    while time.time() < until:
        action = dict(items(call(f"action?actionid={number}")[1]))["action"]
        counters = action["counters"]
        if counters.get("sent", 0) > 0 and counters.get("done", 0) >= counters["sent"]:
            break
        time.sleep(0.5)
    print(f"{counters.get('sent', 0)} sent, {counters.get('done', 0)} done, {counters.get('success', 0)} succeeded")
    offset = 0
    while True:
        status, body = search(actionid=number, limit=37, offset=offset)
        commands = [value for name, value in items(body) if name == "command"] if status == 200 else []
        for one in commands:
            for result in one["results"]:
                print(one["agent"]["name"], one["status"], json.dumps(result["elements"], sort_keys=True),
                      result["foundanything"], result["errors"])
        if len(commands) < 37:
            return
        offset += 37


def beat(name, queue):
    now = local(time.time())
    text = (f'{{"name":"{name}","mode":"daemon","version":"20190101-0","pid":4.242e+03,"queueLoc":"{queue}",'
            f'"startTime":"{now}","refreshTime":"{now}","environment":{{"init":"systemd","ident":"Go 1.11 & <old>",'
            f'"os":"linux","arch":"amd64","isProxied":false,"proxy":"","addresses":null,"publicIP":"192.0.2.1",'
            f'"modules":["file","netstat"]}},"tags":null}}')
    print(*call("heartbeat", data=text.encode(), authenticated=False))


if command == "ask":
    ask(*args)
elif command == "get":
    print(*call(args[0]))
else:
    beat(*args)
