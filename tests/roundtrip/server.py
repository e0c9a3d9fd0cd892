"""A server on loopback that serves made-up registries and notes what is asked of it.

Each registry (`a`, `b`, …) has a port of its own and lies in a folder of its name there. Connections through it to any other host are
refused, and the host is noted: nothing leaves this machine. It ends with the block that opened it.
"""

import http.server
import threading
import urllib.parse


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that hangs up is no news."""


class Server:
    """`with Server("ab") as server`: `routes` maps addresses to bytes, `asked` lists addresses in the order of asking, `bases` says where each
    registry is, `proxy` refuses all other hosts."""

    def __init__(self, letters):
        self.letters = letters

    def __enter__(self):
        self.routes, self.asked, self.bases, self.running = {}, [], {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                path = urllib.parse.unquote(self.path)
                address = path if path.startswith("http://") else f"http://127.0.0.1:{self.server.server_address[1]}{path}"
                outer.asked.append(address)
                body = outer.routes.get(address.split("?")[0])
                self.send(200 if body is not None else 404, body or b"")

            def send(self, status, body):
                self.send_response(status)
                kinds = {".json": "application/json", "/": "text/html"}
                kind = next((kind for end, kind in kinds.items() if self.path.endswith(end)), "application/octet-stream")
                if body.startswith(b"{"):
                    kind = "application/json"
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = answer

            def do_CONNECT(self):
                outer.asked.append("https://" + self.path.removesuffix(":443") + "/")
                self.send_response(403)
                self.send_header("Content-Length", "0")
                self.end_headers()
                self.close_connection = True

            def log_message(self, *_):
                pass

        for letter in [*self.letters, "proxy"]:
            server = Quiet(("127.0.0.1", 0), Handler)
            self.running.append(server)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.bases[letter] = f"http://127.0.0.1:{server.server_address[1]}/{letter}"
        self.proxy = self.bases.pop("proxy").removesuffix("/proxy")
        return self

    def letter(self, address):
        """The registry whose port an address names."""
        host = urllib.parse.urlsplit(address).netloc
        return next((letter for letter, base in self.bases.items() if host == urllib.parse.urlsplit(base).netloc), None)

    def __exit__(self, *_):
        for server in self.running:
            server.shutdown()
            server.server_close()
