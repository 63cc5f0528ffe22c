"""A backend behind Vestibule's gateway or beside it."""

import json
import socketserver
import threading


class Upstream(socketserver.ThreadingTCPServer):
    """Answers with the headers that it got, says back what it hears on a WebSocket, and tells of events as they come."""

    allow_reuse_address = daemon_threads = True

    class Visit(socketserver.StreamRequestHandler):
        def handle(self):
            line = self.rfile.readline().decode()
            headers = {}
            while (field := self.rfile.readline().strip()) != b"":
                name, value = field.decode().split(":", 1)
                headers[name.lower()] = value.strip()
            path = line.split(" ")[1]
            self.server.heard.append((path, headers))
            if headers.get("upgrade") == "websocket":
                self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
                while said := self.connection.recv(4096):
                    self.wfile.write(said)
                return
            if path.endswith("/events"):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: one\n\n")
                self.server.next_event.wait(10)
                self.wfile.write(b"data: two\n\n")
                return
            body = json.dumps(headers).encode()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Visit)
        self.heard = []
        self.next_event = threading.Event()
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


def say_on_websocket(connection, path, token):
    """Opens a WebSocket on a connected socket and lets the upstream say two things back."""
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += connection.recv(4096)
    assert heard.startswith(b"HTTP/1.1 101"), heard
    for message in [b"hello", bytes(range(256))]:
        connection.sendall(message)
        heard = b""
        while len(heard) < len(message):
            heard += connection.recv(4096)
        assert heard == message
