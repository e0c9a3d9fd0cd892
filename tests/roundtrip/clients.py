"""The clients, as rows: how each is started to install what a lockfile has."""

import dataclasses

import asked_python


@dataclasses.dataclass
class Client:
    id: str  # as packman's own
    ecosystem: str
    program: str
    run: list  # commands of a frozen install
    finish: callable = lambda files: files  # what can only be written when addresses are known
    env: dict = dataclasses.field(default_factory=dict)
    folders: dict = dataclasses.field(default_factory=dict)  # variables that name a folder of the clean home
    major: tuple = None  # major versions, where one program's name means several clients

    def of(self):
        return f" {' or '.join(self.major)}.x" if self.major else ""


CLIENTS = [
    Client("npm", "npm", "npm", [["npm", "ci", "--no-audit", "--no-fund"]], env={"npm_config_fetch_retries": "0"}),
    Client("pnpm", "npm", "pnpm", [["pnpm", "install", "--frozen-lockfile"]], env={"npm_config_fetch_retries": "0", "pnpm_config_fetch_retries": "0"}),
    Client("yarn-v1", "npm", "yarn", [["yarn", "install", "--frozen-lockfile", "--non-interactive"]], major=("1",)),
    Client("yarn-berry", "npm", "yarn", [["yarn", "install", "--immutable"]], env={"YARN_ENABLE_TELEMETRY": "0", "YARN_HTTP_RETRY": "0"}, major=("2", "3", "4")),
    Client("bun", "npm", "bun", [["bun", "install", "--frozen-lockfile"]]),
    Client("deno", "npm", "deno", [["deno", "install", "--frozen"]], env={"DENO_NO_UPDATE_CHECK": "1"}),
    Client("pip", "pypi", "pip", [["pip", "install", "--target", "out", "-r", "requirements.txt"]], env={"PIP_RETRIES": "0", "PIP_TIMEOUT": "5"}),
    Client("uv", "pypi", "uv", [["uv", "sync", "--frozen"]], env={"UV_HTTP_RETRIES": "0", "UV_PYTHON_DOWNLOADS": "never"}),
    Client("poetry", "pypi", "poetry", [["poetry", "sync", "--no-root"]], asked_python.with_content_hash, {"POETRY_REQUESTS_MAX_RETRIES": "0"}),
    Client("pdm", "pypi", "pdm", [["pdm", "sync", "--no-self"]], env={"PDM_REQUEST_TIMEOUT": "5", "PDM_CHECK_UPDATE": "0"}),
    Client("pipenv", "pypi", "pipenv", [["pipenv", "sync"]], env={"PIP_RETRIES": "0", "PIPENV_NOSPIN": "1", "VIRTUALENV_NO_PERIODIC_UPDATE": "1"}),
    Client("cargo", "cargo", "cargo", [["cargo", "fetch", "--locked"]], env={"CARGO_NET_RETRY": "0"}, folders={"CARGO_HOME": "cargo"}),
    Client("go", "golang", "go", [["go", "mod", "download"]], folders={"GOPATH": "go"}),
    Client("maven", "maven", "mvn", [["mvn", "-B", "validate"]],
           env={"MAVEN_OPTS": "-Duser.home=<<home>> -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=<<proxyport>>"}),
    Client("bundler", "gem", "bundle", [["bundle", "install", "--retry=0"]], env={"BUNDLE_FROZEN": "true", "http_proxy": "http://127.0.0.1:<<proxyport>>", "no_proxy": "127.0.0.1"}, folders={"GEM_HOME": "gems", "BUNDLE_PATH": "gems"}),
]
