"""HTTP servers on loopback for tests of examples: one that gives out files, one that plays the operator's back end.
Decides that each has a free port and ends with its test; refuses everything that it was not told."""
import contextlib
import http.server
import json
import threading
import urllib.parse


class _Silent(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def _serving(handler):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True  # a kept connection does not hold up the end
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def web_server(folder):
    """Gives out the files of a folder; yields its origin."""
    class Files(_Silent, http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

    with _serving(Files) as origin:
        yield origin


class Backend:
    """passwords: user -> password. groups: gid -> members."""

    def __init__(self, passwords, groups):
        self._passwords = passwords
        self._groups = groups
        self._calls = []
        backend = self

        class Calls(_Silent):
            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                answer = json.dumps(backend.answer(json.loads(form["body"][0]))).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        self._stack = contextlib.ExitStack()
        self.address = self._stack.enter_context(_serving(Calls)) + "/request/"

    def close(self):
        self._stack.close()

    def asked(self, method):
        """The params of the calls of this method, in order."""
        return [call["params"] for call in self._calls if call["method"] == method]

    def answer(self, call):
        self._calls.append(call)
        params = call["params"]
        entity, good = {}, False
        if (call["service"], call["method"]) == ("emsg_auth", "auth"):
            good = self._passwords.get(params["uid"]) == params["token"]
        elif (call["service"], call["method"]) == ("emsg_group", "get_user_list"):
            good = params["gid"] in self._groups
            entity = {"users": self._groups.get(params["gid"], [])}
        return {"sn": call["sn"], "success": good, "entity": entity}
