#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""connect-proxy.py PORTFILE LOG [USER:PASSWORD]: an HTTP proxy on loopback that knows CONNECT and nothing else. Appends
"CONNECT host:port" to LOG for each tunnel, "DENIED ..." for what it refuses."""
import base64
import os
import socket
import sys
import threading

portfile, log = sys.argv[1:3]
wanted = "Basic " + base64.b64encode(sys.argv[3].encode()).decode() if len(sys.argv) > 3 else None


def note(line):
    with open(log, "a") as file:
        file.write(line + "\n")


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in source, sink:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client):
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        if not data:
            return
        head += data
    lines = head.split(b"\r\n\r\n")[0].decode().split("\r\n")
    method, target = lines[0].split(" ")[:2]
    fields = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
    if method != "CONNECT":
        note("DENIED " + lines[0])
        client.sendall(b"HTTP/1.1 405 Only CONNECT\r\nContent-Length: 0\r\n\r\n")
    elif wanted and fields.get("proxy-authorization") != wanted:
        note("DENIED " + target)
        client.sendall(b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
    else:
        host, port = target.rsplit(":", 1)
        try:
            server = socket.create_connection((host.strip("[]"), int(port)), 5)
        except OSError:
            client.sendall(b"HTTP/1.1 502 Not there\r\nContent-Length: 0\r\n\r\n")
            client.close()
            return
        server.settimeout(None)
        note("CONNECT " + target)
        client.sendall(b"HTTP/1.1 200 Go on\r\n\r\n")
        threading.Thread(target=copy, args=(server, client), daemon=True).start()
        copy(client, server)
        return
    client.close()


listener = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", "0"))))
with open(portfile + ".new", "w") as file:
    file.write(str(listener.getsockname()[1]))
os.rename(portfile + ".new", portfile)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
