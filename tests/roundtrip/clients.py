"""The clients, as rows: how each is started to install what a lockfile has."""

import dataclasses


@dataclasses.dataclass
class Client:
    id: str  # as packman's own
    ecosystem: str
    program: str
    run: list  # commands of a frozen install
    env: dict = dataclasses.field(default_factory=dict)
    major: tuple = None  # major versions, where one program's name means several clients

    def of(self):
        return f" {' or '.join(self.major)}.x" if self.major else ""


CLIENTS = [
    Client("npm", "npm", "npm", [["npm", "ci", "--no-audit", "--no-fund"]], {"npm_config_fetch_retries": "0"}),
    Client("pnpm", "npm", "pnpm", [["pnpm", "install", "--frozen-lockfile"]], {"npm_config_fetch_retries": "0", "pnpm_config_fetch_retries": "0"}),
    Client("yarn-v1", "npm", "yarn", [["yarn", "install", "--frozen-lockfile", "--non-interactive"]], major=("1",)),
    Client("yarn-berry", "npm", "yarn", [["yarn", "install", "--immutable"]], {"YARN_ENABLE_TELEMETRY": "0", "YARN_HTTP_RETRY": "0"}, major=("2", "3", "4")),
    Client("bun", "npm", "bun", [["bun", "install", "--frozen-lockfile"]]),
    Client("deno", "npm", "deno", [["deno", "install", "--frozen"]], {"DENO_NO_UPDATE_CHECK": "1"}),
]
