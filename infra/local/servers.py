"""The bus server and the object server: how each is configured for one machine."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.local.credentials import Credentials, write_private

BIN = Path(sys.executable).parent
MAX_PAYLOAD = "8MB"


def nats_config(store: Path, port: int, http_port: int, credentials: Credentials, sync_interval: str = "always") -> str:
    """nats-server's configuration. `sync_interval: always` = an acknowledged message is on the disk."""
    return f"""\
server_name: atelier
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{http_port}"
max_payload: {MAX_PAYLOAD}
logtime: false
authorization {{
  user: {json.dumps(credentials.nats_user)}
  password: {json.dumps(credentials.nats_password)}
}}
jetstream {{
  store_dir: {json.dumps(str(store))}
  max_mem: 256MB
  max_file: 20GB
  sync_interval: {sync_interval}
  # Since 2.15 a stream takes 1000 consumers unless told otherwise; a studio with many listeners needs more.
  limits {{ default_max_consumers: -1 }}
}}
"""


@dataclass(frozen=True)
class NatsServer:
    """One nats-server with its store in a folder."""

    store: Path
    config: Path
    port: int
    http_port: int
    credentials: Credentials
    sync_interval: str = "always"

    @property
    def url(self) -> str:
        return f"nats://{self.credentials.nats_user}:{self.credentials.nats_password}@127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """Writes the configuration, which holds the password, and returns how to start with it."""
        self.store.mkdir(parents=True, exist_ok=True)
        text = nats_config(self.store, self.port, self.http_port, self.credentials, self.sync_interval)
        write_private(self.config, text)
        return [str(BIN / "nats-server"), "--config", str(self.config)]


# SeaweedFS is several servers in one process; each wants a port of its own, and would else take its well-known one.
OBJECT_PORTS = ("s3", "s3.grpc", "master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc")


@dataclass(frozen=True)
class ObjectServer:
    """One S3 server with its data in a folder, in which it must be started. `ports`: one for each of OBJECT_PORTS."""

    folder: Path
    ports: dict[str, int]
    credentials: Credentials

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.ports['s3']}"

    def command(self) -> list[str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        where = []
        for name in OBJECT_PORTS:
            server, _, grpc = name.partition(".")
            where.append(f"-{server}.port{'.grpc' if grpc else ''}={self.ports[name]}")
        return [
            # Not `weed mini`: its admin server and worker take 15 % of a core (measured) while nothing happens.
            *(str(BIN / "weed"), "-logtostderr=true", "-v=-1", "server", "-filer", "-s3", f"-dir={self.folder}"),
            *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", *where),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false", "-master.telemetry=false"),
            # One server elects itself; waiting ten seconds and more for others' votes would be in vain.
            "-master.electionTimeout=1s",
            # As many volumes as the disk has room for: with the default of 8, a second bucket would find none free.
            *("-volume.max=0", "-master.volumeSizeLimitMB=1024"),
            # Without this the filer's port takes objects from anyone, with no credentials.
            "-disableHttp",
            # Relative to where it is started, its data folder: a socket's path must not be longer than 107 bytes.
            *("-filer.localSocket=f.sock", "-s3.localSocket=s.sock"),
        ]

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.credentials.s3_access_key,
            "AWS_SECRET_ACCESS_KEY": self.credentials.s3_secret_key,
            # Its buffers are 250 MB, few of which it touches. With less than they need it collects garbage without end,
            # 12 % of a core (measured) while nothing happens.
            "GOMEMLIMIT": "512MiB",
        }
