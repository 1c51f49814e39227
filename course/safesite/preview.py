"""Serve a built site on this machine alone, to look at it before it is published."""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOST = "127.0.0.1"


class _Server(ThreadingHTTPServer):
    request_queue_size = 1024  # a whole school may open the page at one ring of the bell
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a reader who leaves meanwhile is no error
            super().handle_error(request, client_address)


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".webmanifest": "application/manifest+json"}

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        page = Path(self.directory) / "404.html"
        if code != 404 or not page.is_file():
            return super().send_error(code, message, explain)
        data = page.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        return None

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")  # what was just built is what is shown
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


def serve(folder: Path, port: int) -> int:
    """Serve `folder` until the process is stopped. Raises OSError for a port that cannot be had."""
    with _Server((HOST, port), partial(_Handler, directory=str(folder))) as server:
        server.serve_forever()
    return 0
