"""One data folder and the settings that every process in it is given."""

from __future__ import annotations

from collections.abc import Mapping

from infra.local.credentials import Credentials
from infra.local.options import ROOT, Options
from infra.local.ports import Ports
from infra.local.servers import OBJECT_PORTS, NatsServer, ObjectServer
from services.kit.settings import Settings

BUCKET = "atelier"
# Seconds running work may take to end after SIGTERM; what is not done by then is taken up again at the next start.
DRAIN_S = 5


class Site:
    """Folders, ports, passwords and addresses of one run. What the user set in the environment wins."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.home = options.home
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.run = self.home / "run"
        self.logs = self.home / "logs"
        self.ports = Ports(self.run / "ports.json")
        self.credentials = Credentials.kept(self.home / "secrets.json")

    @property
    def gateway_port(self) -> int:
        return self.options.port or self.ports["gateway"]

    @property
    def reachable_host(self) -> str:
        """Where this machine itself finds the gateway."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.options.host, self.options.host)

    @property
    def url(self) -> str:
        host = f"[{self.reachable_host}]" if ":" in self.reachable_host else self.reachable_host
        return f"http://{host}:{self.gateway_port}"

    def nats(self) -> NatsServer:
        return NatsServer(
            store=self.home / "nats",
            config=self.run / "nats.conf",
            port=self.ports["nats"],
            http_port=self.ports["nats.http"],
            credentials=self.credentials,
        )

    def objects(self) -> ObjectServer:
        ports = {name: self.ports[f"objects.{name}"] for name in OBJECT_PORTS}
        return ObjectServer(self.home / "objects", ports, self.credentials)

    def environment(self) -> dict[str, str]:
        """Environment of our own processes: the user's, and what it does not say."""
        given = self.options.environ
        settings = {
            "ATELIER_HOME": str(self.home),
            "ATELIER_S3_BUCKET": BUCKET,
            "ATELIER_S3_SECURE": "false",
            "ATELIER_DATABASE_URL": f"sqlite+aiosqlite:///{self.home / 'catalog.db'}",
            "ATELIER_CHAT_MODEL": str(self.home / "models" / "smollm2-135m-instruct"),
            "ATELIER_EMBEDDING_MODEL": str(self.home / "models" / "minilm-l6-v2"),
            "ATELIER_DIFFUSION_MODEL": f"starter={ROOT / 'services' / 'diffusion' / 'starter' / 'weights'}",
            "ATELIER_DIFFUSION_UPSCALERS": str(self.home / "models" / "real-esrgan"),
            "ATELIER_LOG_FORMAT": "console",
            "ATELIER_DRAIN_S": str(DRAIN_S),
            # Else what a process prints reaches the log only when its buffer is full.
            "PYTHONUNBUFFERED": "1",
        }
        if not self.has_own_nats:
            settings["ATELIER_NATS_URL"] = self.nats().url
        if not self.has_own_objects:
            settings |= {
                "ATELIER_S3_ENDPOINT": self.objects().endpoint,
                "ATELIER_S3_ACCESS_KEY": self.credentials.s3_access_key,
                "ATELIER_S3_SECRET_KEY": self.credentials.s3_secret_key,
            }
        # Where it listens is for the supervisor to say: it has looked whether the port is free.
        place = {
            "ATELIER_HOME": str(self.home),
            "ATELIER_HOST": self.options.host,
            "ATELIER_PORT": str(self.gateway_port),
        }
        return {**settings, **given, **place}

    def settings(self) -> Settings:
        """The kit's settings as our processes will read them."""
        return settings_from(self.environment())

    @property
    def has_own_nats(self) -> bool:
        """The user brings a bus; ours is not started."""
        return "ATELIER_NATS_URL" in self.options.environ

    @property
    def has_own_objects(self) -> bool:
        """The user brings an object store; ours is not started."""
        return "ATELIER_S3_ENDPOINT" in self.options.environ


def settings_from(environment: Mapping[str, str]) -> Settings:
    values = {name.removeprefix("ATELIER_").lower(): value for name, value in environment.items()}
    return Settings.model_validate({name: value for name, value in values.items() if name in Settings.model_fields})
