"""A stand-in of the Hugging Face hub: what huggingface_hub asks of it to publish and to fetch a model."""

import base64
import hashlib
import http.server
import json
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

TOKEN = "hf_standin"
LICENSES = ("apache-2.0", "mit", "cc-by-nc-4.0", "other")
REPOSITORY = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+)(/(?P<verb>\w+)/(?P<revision>[^/]+))?")
FILE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")


@dataclass
class Repository:
    """Branches, each a list of commits; a commit is a whole tree of files."""

    private: bool
    branches: dict[str, list[str]] = field(default_factory=lambda: {"main": []})
    trees: dict[str, dict[str, bytes]] = field(default_factory=dict)  # by commit

    def commit(self, branch: str, tree: dict[str, bytes]) -> str:
        oid = hashlib.sha1(repr((branch, len(self.trees), sorted(tree))).encode()).hexdigest()
        self.trees[oid] = tree
        self.branches[branch].append(oid)
        return oid

    def find(self, revision: str) -> str | None:
        """The commit of a branch or of a commit's own name."""
        return (
            self.branches[revision][-1] if revision in self.branches else revision if revision in self.trees else None
        )


class Hub(http.server.ThreadingHTTPServer):
    """The hub, and what was asked of it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, Repository] = {}
        self.large: dict[str, bytes] = {}  # by SHA-256
        self.asked: list[str] = []  # METHOD /path
        self.url = f"http://127.0.0.1:{self.server_port}"

    def add(self, name: str, *, private: bool = False) -> Repository:
        """A new repository, as the hub makes one."""
        self.repositories[name] = repository = Repository(private)
        repository.commit("main", {".gitattributes": b"*.pt filter=lfs\n"})
        return repository


class Handler(http.server.BaseHTTPRequestHandler):
    server: Hub  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.note()
        if found := FILE.fullmatch(self.path):
            return self.send_file(**found.groupdict())
        found = REPOSITORY.fullmatch(self.path)
        assert found, self.path
        if repository := self.repository(found["repo"]):
            if not (oid := repository.find(found["revision"] or "main")):
                return self.missing("RevisionNotFound")
            siblings = [{"rfilename": name} for name in repository.trees[oid]]
            self.answer({"id": found["repo"], "sha": oid, "private": repository.private, "siblings": siblings})
        return None

    do_HEAD = do_GET

    def do_PUT(self) -> None:
        self.note()
        self.server.large[self.path.rpartition("/")[2]] = self.body()
        self.answer({})

    def do_POST(self) -> None:
        self.note()
        body = self.body()
        if self.path == "/api/validate-yaml":
            return self.validate(json.loads(body)["content"])
        if not self.is_known:
            return self.answer({"error": "Invalid credentials"}, 401)
        if self.path == "/api/repos/create":
            return self.create(json.loads(body))
        if self.path.endswith("/info/lfs/objects/batch"):
            return self.large_files(json.loads(body)["objects"])
        found = REPOSITORY.fullmatch(self.path.partition("?")[0])
        assert found, self.path
        if repository := self.repository(found["repo"]):
            getattr(self, f"post_{found['verb']}")(repository, found["revision"], body)
        return None

    def create(self, asked: dict[str, Any]) -> None:
        name = f"{asked['organization']}/{asked['name']}"
        if name in self.server.repositories:
            return self.answer({"error": "exists", "url": f"{self.server.url}/{name}"}, 409)
        self.server.add(name, private=asked.get("visibility") == "private" or bool(asked.get("private")))
        return self.answer({"url": f"{self.server.url}/{name}"})

    def validate(self, content: str) -> None:
        metadata = yaml.safe_load(content.split("---")[1])
        errors = [] if metadata.get("license") in LICENSES else [{"message": '"license" must be one of [...]'}]
        self.answer({"errors": errors, "warnings": []}, 400 if errors else 200)

    def large_files(self, objects: list[dict[str, Any]]) -> None:
        uploads = [
            {**one, "actions": {"upload": {"href": f"{self.server.url}/large/{one['oid']}", "header": {}}}}
            for one in objects
        ]
        self.answer({"transfer": "basic", "objects": uploads})

    def post_branch(self, repository: Repository, revision: str, body: bytes) -> None:
        if revision in repository.branches:
            return self.answer({"error": "exists"}, 409)
        repository.branches[revision] = [*repository.branches["main"]]
        return self.answer({})

    def post_preupload(self, repository: Repository, revision: str, body: bytes) -> None:
        if not repository.find(revision):
            return self.missing("RevisionNotFound")
        files = [
            {"path": name, "uploadMode": "lfs" if name.endswith((".pt", ".safetensors")) else "regular"}
            for name in (one["path"] for one in json.loads(body)["files"])
        ]
        return self.answer({"files": [{**file, "shouldIgnore": False} for file in files]})

    def post_commit(self, repository: Repository, revision: str, body: bytes) -> None:
        tree = dict(repository.trees[repository.branches[revision][-1]])
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                tree[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                tree[value["path"]] = self.server.large[value["oid"]]
                assert hashlib.sha256(tree[value["path"]]).hexdigest() == value["oid"]
            elif line["key"] == "deletedFile":
                del tree[value["path"]]
        oid = repository.commit(revision, tree)
        self.answer(
            {"commitUrl": f"{self.server.url}/me/motions/commit/{oid}", "commitOid": oid, "pullRequestUrl": None}
        )

    def send_file(self, repo: str, revision: str, file: str) -> None:
        if not (repository := self.repository(repo)):
            return None
        if not (oid := repository.find(revision)):
            return self.missing("RevisionNotFound")
        if file not in repository.trees[oid]:
            return self.missing("EntryNotFound", {"X-Repo-Commit": oid})
        data = repository.trees[oid][file]
        return self.send(data, 200, {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": oid})

    def repository(self, name: str) -> Repository | None:
        """None = not there, or not for this caller, which was answered."""
        repository = self.server.repositories.get(name)
        if not repository or (repository.private and not self.is_known):
            self.missing("RepoNotFound")
            return None
        return repository

    @property
    def is_known(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def missing(self, code: str, headers: dict[str, str] | None = None) -> None:
        self.send(b"{}", 404, {"X-Error-Code": code, "X-Error-Message": code, **(headers or {})})

    def answer(self, content: Any, status: int = 200) -> None:
        self.send(json.dumps(content).encode(), status, {"Content-Type": "application/json"})

    def send(self, data: bytes, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def note(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""
