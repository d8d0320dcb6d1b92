"""The bus and the object storage of a test run: nats-server and SeaweedFS with data of their own."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException

from infra.local.credentials import Credentials
from infra.local.ports import Ports
from infra.local.servers import OBJECT_PORTS, NatsServer, ObjectServer
from services.kit.objects import make_ready
from services.kit.settings import Settings
from tests.processes import NotReady, ServerProcess

STARTS = 3


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


@dataclass(frozen=True)
class BusServer:
    """A nats-server with JetStream. `process` can be killed, paused and started again; data and port stay."""

    url: str
    http_url: str
    process: ServerProcess

    @staticmethod
    def begin(folder: Path, sync_interval: str = "always") -> BusServer:
        """`sync_interval`: "always" = every acknowledged message is on the disk, or a time such as "2m"."""
        ports = Ports(folder / "ports.json")
        for attempt in range(STARTS):
            port, http_port = ports["nats"], ports["nats.http"]
            server = NatsServer(folder / "store", folder / "nats.conf", port, http_port, Credentials(), sync_interval)
            http_url = f"http://127.0.0.1:{http_port}"

            def ready(health: str = f"{http_url}/healthz") -> bool:
                return answers(health)

            process = ServerProcess(server.command(), folder / "nats.log", ready=ready)
            try:
                process.start()
            except NotReady:
                # Somebody else took one of the ports between our choice and its start.
                if attempt == STARTS - 1 or not ports.renew_taken(["nats", "nats.http"]):
                    raise
                continue
            return BusServer(server.url, http_url, process)
        raise AssertionError("unreachable")

    def environment(self) -> dict[str, str]:
        return {"ATELIER_NATS_URL": self.url}


@dataclass(frozen=True)
class S3Server:
    """An S3 server with nothing in it. `process` can be killed and started again; data and port stay."""

    endpoint: str
    access_key: str
    secret_key: str
    process: ServerProcess

    @staticmethod
    def begin(folder: Path) -> S3Server:
        names = [f"objects.{name}" for name in OBJECT_PORTS]
        ports = Ports(folder / "ports.json")
        credentials = Credentials()
        for attempt in range(STARTS):
            chosen = {name: ports[f"objects.{name}"] for name in OBJECT_PORTS}
            server = ObjectServer(folder / "data", chosen, credentials)
            pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=2, read=5))
            client = Minio(
                server.endpoint, credentials.s3_access_key, credentials.s3_secret_key, secure=False, http_client=pool
            )

            def ready(client: Minio = client) -> bool:
                try:
                    make_ready(client, "ready")
                except (MinioException, urllib3.exceptions.HTTPError, ValueError):
                    return False
                return True

            command = server.command()
            process = ServerProcess(
                command, folder / "objects.log", ready=ready, environment=server.environment(), folder=server.folder
            )
            try:
                process.start()
            except NotReady:
                if attempt == STARTS - 1 or not ports.renew_taken(names):
                    raise
                continue
            return S3Server(server.endpoint, credentials.s3_access_key, credentials.s3_secret_key, process)
        raise AssertionError("unreachable")

    def environment(self) -> dict[str, str]:
        return {
            "ATELIER_S3_ENDPOINT": self.endpoint,
            "ATELIER_S3_ACCESS_KEY": self.access_key,
            "ATELIER_S3_SECRET_KEY": self.secret_key,
            "ATELIER_S3_SECURE": "false",
        }


def settings_for(bus: BusServer, objects: S3Server, home: Path, bucket: str = "atelier") -> Settings:
    """The kit's settings for these two."""
    return Settings.model_validate(
        {
            "home": home,
            "nats_url": bus.url,
            "s3_endpoint": objects.endpoint,
            "s3_access_key": objects.access_key,
            "s3_secret_key": objects.secret_key,
            "s3_bucket": bucket,
        }
    )
