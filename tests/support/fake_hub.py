"""A STAND-IN for the Hugging Face Hub, for tests: data set repositories in memory, and faults on request.

It speaks what huggingface_hub needs to create a repository, to commit (with LFS for parquet and packed files, without
Xet), to open a pull request, and to download. It is not the Hub: nothing here proves how the real one answers.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_stand_in"
READER = "hf_reader"
CUT = None
"""In place of a status: the connection is closed."""
LFS = (".parquet", ".gz")


def git_oid(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Repo:
    def __init__(self):
        self.commits, self.pull_requests = {}, []
        self.head = None
        self.add({}, "initial commit")

    def add(self, files, message):
        sha = hashlib.sha1(f"{len(self.commits)} {message}".encode()).hexdigest()
        self.commits[sha] = files
        self.head = sha
        return sha

    @property
    def files(self):
        return self.commits[self.head]

    def at(self, revision):
        sha = self.head if revision == "main" else revision
        return sha, self.commits.get(sha)


class FakeHub:
    """``repos`` by name. ``requests`` has method and path of each request; :meth:`fail` plans failures."""

    def __init__(self):
        self.repos, self.blobs, self.requests, self.failures = {}, {}, [], []
        self._lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                owner._handle(self)

            do_GET = do_HEAD = do_POST = do_PUT = handle_any

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def fail(self, path, status, times=1, after=False, headers=None, body="no"):
        """Answer the next ``times`` requests for ``path`` with ``status``; ``after`` having done what they ask."""
        self.failures += [(re.compile(path), status, after, headers or {}, body)] * times

    def count(self, path):
        return sum(bool(re.search(path, address)) for _, address in self.requests)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def _handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        if "chunked" in handler.headers.get("Transfer-Encoding", ""):
            while n := int(handler.rfile.readline(), 16):
                body += handler.rfile.read(n)
                handler.rfile.readline()
            handler.rfile.readline()
        with self._lock:
            self.requests.append((handler.command, handler.path))
            failure = next((f for f in self.failures if f[0].search(handler.path)), None)
            if failure:
                self.failures.remove(failure)
            status, answer, headers = (0, b"", {})
            if not failure or failure[2]:
                status, answer, headers = self._answer(handler, body)
        if failure:
            status, answer, headers = failure[1], {"error": failure[4]}, failure[3]
        if status is CUT:
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(raw)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(raw)

    def _answer(self, handler, body):
        split = urlsplit(handler.path)
        path, query = unquote(split.path), parse_qs(split.query)
        token = (handler.headers.get("Authorization") or "").removeprefix("Bearer ")
        if handler.command in ("POST", "PUT") and "paths-info" not in path and not path.startswith("/lfs/"):
            if token not in (TOKEN, READER):
                return 401, {"error": "Invalid username or password."}, {}
            if token == READER and "create_pr" not in query and "/validate-yaml" not in path and ".git/" not in path:
                return 403, {"error": "You don't have the rights."}, {}
        for pattern, answer in (
            (r"/api/repos/create", self._create),
            (r"/api/validate-yaml", lambda *_: (200, {"errors": [], "warnings": []}, {})),
            (r"/api/datasets/([\w.-]+/[\w.-]+)/preupload/(.+)", self._preupload),
            (r"/api/datasets/([\w.-]+/[\w.-]+)/commit/(.+)", self._commit),
            (r"/api/datasets/([\w.-]+/[\w.-]+)/tree/([^/]+)(?:/(.*))?", self._tree),
            (r"/api/datasets/([\w.-]+/[\w.-]+)/paths-info/([^/]+)", self._paths),
            (r"/api/datasets/([\w.-]+/[\w.-]+)(?:/revision/([^/]+))?", self._info),
            (r"/datasets/([\w.-]+/[\w.-]+)\.git/info/lfs/objects/batch", self._batch),
            (r"/lfs/(\w+)", self._upload),
            (r"/datasets/([\w.-]+/[\w.-]+)/resolve/([^/]+)/(.+)", self._resolve),
        ):
            if match := re.fullmatch(pattern, path):
                if "/datasets/" in pattern and match[1] not in self.repos:
                    return 404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"}
                return answer(body, query, *match.groups())
        return 404, {"error": f"the stand-in does not know {path}"}, {"X-Error-Code": "EntryNotFound"}

    def _create(self, body, query):
        wanted = json.loads(body)
        name = f"{wanted['organization']}/{wanted['name']}"
        if name in self.repos:
            return 409, {"error": "You already created this dataset repo", "url": f"{self.url}/datasets/{name}"}, {}
        self.repos[name] = Repo()
        return 200, {"url": f"{self.url}/datasets/{name}"}, {}

    def _preupload(self, body, query, repo, revision):
        out = []
        for file in json.loads(body)["files"]:
            lfs = file["path"].endswith(LFS)
            there = self.repos[repo].files.get(file["path"])
            oid = there and (hashlib.sha256(there).hexdigest() if lfs else git_oid(there))
            mode = "lfs" if lfs else "regular"
            out.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return 200, {"files": out}, {}

    def _batch(self, body, query, repo):
        objects = []
        for wanted in json.loads(body)["objects"]:
            upload = {} if wanted["oid"] in self.blobs else {"upload": {"href": f"{self.url}/lfs/{wanted['oid']}"}}
            objects.append({**wanted, **({"actions": upload} if upload else {})})
        return 200, {"transfer": "basic", "objects": objects}, {}

    def _upload(self, body, query, oid):
        if hashlib.sha256(body).hexdigest() != oid:
            return 400, {"error": "these are not the bytes of that oid"}, {}
        self.blobs[oid] = body
        return 200, b"", {}

    def _commit(self, body, query, repo, revision):
        where, lines = self.repos[repo], [json.loads(line) for line in body.splitlines()]
        header = lines[0]["value"]
        if header.get("parentCommit", where.head) != where.head and "create_pr" not in query:
            return 412, {"error": "A commit has happened since. Please refresh and try again."}, {}
        files = dict(where.files)
        for line in lines[1:]:
            path = line["value"]["path"]
            if line["key"] == "file":
                files[path] = base64.b64decode(line["value"]["content"])
            elif line["key"] == "lfsFile":
                if line["value"]["oid"] not in self.blobs:
                    return 400, {"error": f"{path}: its content was never uploaded"}, {}
                files[path] = self.blobs[line["value"]["oid"]]
            else:
                del files[path]
        if "create_pr" in query:
            where.pull_requests.append((header["summary"], files))
            sha, number = git_oid(body), len(where.pull_requests)
            pull_request = {"pullRequestUrl": f"{self.url}/datasets/{repo}/discussions/{number}"}
        else:
            sha, pull_request = where.add(files, header["summary"]), {}
        return (
            200,
            {"success": True, "commitOid": sha, "commitUrl": f"{self.url}/datasets/{repo}/commit/{sha}"} | pull_request,
            {},
        )

    def _info(self, body, query, repo, revision=None):
        sha, files = self.repos[repo].at(revision or "main")
        if files is None:
            return 404, {"error": f"Invalid rev id: {revision}"}, {"X-Error-Code": "RevisionNotFound"}
        siblings = [{"rfilename": path} for path in files]
        return 200, {"id": repo, "sha": sha, "private": False, "tags": [], "downloads": 0, "siblings": siblings}, {}

    @staticmethod
    def _entry(path, content):
        entry = {"type": "file", "path": path, "size": len(content), "oid": git_oid(content)}
        if path.endswith(LFS):
            sha256 = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"oid": sha256, "size": len(content), "pointerSize": 134}
        return entry

    def _tree(self, body, query, repo, revision, folder=None):
        _, files = self.repos[repo].at(revision)
        if files is None:
            return 404, {"error": "Invalid rev id"}, {"X-Error-Code": "RevisionNotFound"}
        below = f"{folder}/" if folder else ""
        if below and not any(path.startswith(below) for path in files):
            return 404, {"error": "no such folder"}, {"X-Error-Code": "EntryNotFound"}
        deep = query.get("recursive", ["false"])[0].lower() in ("true", "1")
        entries, folders = [], set()
        for path, content in sorted(files.items()):
            if path.startswith(below):
                parts = path.removeprefix(below).split("/")
                folders |= {below + "/".join(parts[:k]) for k in range(1, len(parts) if deep else min(2, len(parts)))}
                if deep or len(parts) == 1:
                    entries.append(self._entry(path, content))
        return (
            200,
            [{"type": "directory", "path": f, "oid": "0" * 40, "size": 0} for f in sorted(folders)] + entries,
            {},
        )

    def _paths(self, body, query, repo, revision):
        _, files = self.repos[repo].at(revision)
        wanted = parse_qs(body.decode())["paths"] if not body.startswith(b"{") else json.loads(body)["paths"]
        out = []
        for path in wanted:
            if path in files:
                out.append(self._entry(path, files[path]))
            elif any(there.startswith(f"{path}/") for there in files):
                out.append({"type": "directory", "path": path, "oid": "0" * 40, "size": 0})
        return 200, out, {}

    def _resolve(self, body, query, repo, revision, path):
        sha, files = self.repos[repo].at(revision)
        if files is None:
            return 404, b"", {"X-Error-Code": "RevisionNotFound"}
        if path not in files:
            return 404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": sha}
        content = files[path]
        etag = self._entry(path, content).get("lfs", {}).get("oid") or git_oid(content)
        return 200, content, {"X-Repo-Commit": sha, "ETag": f'"{etag}"', "Accept-Ranges": "none"}
