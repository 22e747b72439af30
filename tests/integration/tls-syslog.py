#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""tls-syslog.py CERT KEY CA PORTFILE LOG: a server of syslog over TLS (RFC 5425) on loopback, which wants a client
certificate of CA. Appends each message to LOG, a line each; a frame that is none of RFC 5425 gives a line "BAD"."""
import os
import socket
import ssl
import sys
import threading

cert, key, ca, portfile, log = sys.argv[1:6]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
context.load_verify_locations(ca)
context.verify_mode = ssl.CERT_REQUIRED


def write(line):
    with open(log, "ab") as file:
        file.write(line.replace(b"\n", b" ") + b"\n")


def serve(raw):
    try:
        stream = context.wrap_socket(raw, server_side=True).makefile("rb")
        while True:
            digits = b""
            while (byte := stream.read(1)).isdigit():
                digits += byte
            if not byte:
                return
            message = stream.read(int(digits or b"0"))
            write(message if byte == b" " and message[:1] == b"<" else b"BAD")
    except (OSError, ValueError):
        pass
    finally:
        raw.close()


server = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", "0"))))
with open(portfile + ".new", "w") as file:
    file.write(str(server.getsockname()[1]))
os.rename(portfile + ".new", portfile)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
