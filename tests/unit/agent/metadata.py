#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""metadata.py PORTFILE: on loopback what clouds say under 169.254.169.254, each under a folder of its own: /aws (IMDSv2:
nothing without a token), /gce, /azure, /aws-forged, /none, /silent."""
import http.server
import json
import os
import sys
import time

TOKEN = "AQAEA-token_=="
AWS = {"instance-id": "i-0abc", "local-ipv4": "10.1.2.3", "ami-id": "ami-7", "instance-type": "t3.micro"}
GCE = {"id": 9007199254740993, "name": "vm-1", "zone": "projects/42/zones/europe-west1-b",
       "machineType": "projects/42/machineTypes/e2-small", "attributes": {"secret": "not ours"}}
AZURE = {"compute": {"vmId": "02aab8a4", "name": "vm-2", "location": "westeurope", "vmSize": "Standard_B1s",
                     "subscriptionId": "not ours"}, "network": {}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_PUT(self):
        cloud, path = self.path[1:].split("/", 1)
        if cloud == "silent":
            time.sleep(3)
        elif cloud == "aws" and path == "latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"]:
            self.answer(200, TOKEN)
        elif cloud == "aws-forged":
            self.answer(200, "token\r\nHost: elsewhere")
        else:
            self.answer(404)

    def do_GET(self):
        cloud, path = self.path[1:].split("/", 1)
        if cloud == "aws" and path.startswith("latest/meta-data/"):
            known = self.headers["X-aws-ec2-metadata-token"] == TOKEN
            self.answer(200 if known else 401, AWS.get(path[17:], "") if known else "")
        elif cloud == "gce" and path == "computeMetadata/v1/instance/?recursive=true":
            google = self.headers["Metadata-Flavor"] == "Google"
            self.answer(200 if google else 403, json.dumps(GCE) if google else "")
        elif cloud == "azure" and path == "metadata/instance?api-version=2021-02-01":
            wanted = self.headers["Metadata"] == "true"
            self.answer(200 if wanted else 400, json.dumps(AZURE) if wanted else "")
        else:
            self.answer(404)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(server.server_address[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
