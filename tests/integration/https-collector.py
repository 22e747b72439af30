#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""https-collector.py CERT KEY PORTFILE LOG: a collector of alerts on loopback. Appends each body to LOG, a line each,
before it says 200."""
import http.server
import os
import ssl
import sys

cert, key, portfile, log = sys.argv[1:5]


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(log, "ab") as file:
            file.write(body.replace(b"\n", b" ") + b"\n")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


port = int(os.environ.get("PORT", "0"))
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Collector)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
with open(portfile + ".new", "w") as file:
    file.write(str(server.server_address[1]))
os.rename(portfile + ".new", portfile)
server.serve_forever()
