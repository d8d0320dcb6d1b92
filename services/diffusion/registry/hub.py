"""The model hub: which files of a repository make up a model, and where each is. Honours HF_ENDPOINT and HF_TOKEN."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from services.diffusion.registry.faults import Refused
from services.diffusion.registry.inspection import INDEX, SUFFIX
from services.kit.failures import Failure, NotFound, Unavailable
from services.kit.model_places import Hub

_BESIDE = (".json", ".txt", ".model")
_NOT_WANTED = ("non_ema", "openvino", "onnx", "/flax")


@dataclass(frozen=True)
class HubFile:
    """A file of a repository."""

    path: str
    url: str
    size: int
    sha256: str
    """"" where the hub does not tell: small files that are not in LFS."""


def host() -> str:
    """The hub's host, which may be a mirror of one's own."""
    from huggingface_hub.constants import ENDPOINT

    return urlsplit(ENDPOINT).hostname or ""


def headers() -> dict[str, str]:
    """What the hub wants to be asked with."""
    from huggingface_hub.utils import build_hf_headers

    return {name: value for name, value in build_hf_headers().items() if isinstance(value, str)}


def wanted(place: Hub) -> list[HubFile]:
    """The files that make up the model. Asks the hub, so it is slow; raises failures and `Refused`."""
    from huggingface_hub import HfApi, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

    revision = place.revision or None
    try:
        info = HfApi().model_info(place.repository, revision=revision, files_metadata=True, timeout=20)
        known = {one.rfilename: one for one in info.siblings or ()}
        parts = None
        if INDEX in known and not place.path:
            index = json.loads(Path(hf_hub_download(place.repository, INDEX, revision=info.sha)).read_text())
            parts = {part for part, value in index.items() if isinstance(value, list) and any(value)}
    except RepositoryNotFoundError as error:
        raise NotFound(f"The hub has no model {place.repository}, or not for you.", hint="See HF_TOKEN.") from error
    except HfHubHTTPError as error:
        raise Unavailable(f"the hub answered {error.response.status_code} for {place.repository}") from error
    except OfflineModeIsEnabled as error:
        raise Failure("The hub is switched off here (HF_HUB_OFFLINE).", code="hub_offline") from error
    except (OSError, ValueError) as error:
        raise _away(error) from error
    except Exception as error:
        # The hub's client raises whatever its HTTP library of the day does.
        if "httpx" not in type(error).__module__ and "httpcore" not in type(error).__module__:
            raise
        raise _away(error) from error
    chosen = [place.path] if place.path else choose(list(known), parts)
    missing = [path for path in chosen if path not in known]
    if missing:
        raise NotFound(f"{place.repository} has no file {missing[0]}.")
    return [
        HubFile(
            path if not place.path else PurePosixPath(path).name,
            hf_hub_url(place.repository, path, revision=info.sha),
            known[path].size or 0,
            lfs.sha256 if (lfs := known[path].lfs) is not None else "",
        )
        for path in chosen
    ]


def _away(error: Exception) -> Unavailable:
    return Unavailable(
        f"the model hub ({host()}) cannot be reached: {error}",
        hint="Without a way to it, upload the model, or name a mirror with HF_ENDPOINT.",
        retry_after_s=10,
    )


def choose(paths: Sequence[str], parts: set[str] | None) -> list[str]:
    """Of a repository's files those that make up the model: each part's configuration and one variant of its weights.
    `parts` are the folders that a pipeline's index names, None where there is no index. Raises `Refused`."""
    usable = [path for path in paths if not any(word in f"/{path}" for word in _NOT_WANTED)]
    if parts is not None:
        chosen = [INDEX]
        for part in sorted(parts):
            here = [path for path in usable if PurePosixPath(path).parent.as_posix() == part]
            chosen += [path for path in here if path.endswith(_BESIDE)] + _variant(here)
        if any(path.endswith(SUFFIX) for path in chosen):
            return chosen
    top = [path for path in usable if "/" not in path]
    weights = _variant(top)
    if not weights:
        pickled = any(path.endswith((".bin", ".ckpt", ".pt", ".pth")) for path in paths)
        raise Refused(f"it holds no safetensors weights{', only pickles, which can run any code' if pickled else ''}")
    if "config.json" in top or len(weights) == 1:
        configured = "config.json" in top
        return [path for path in top if configured and path.endswith(_BESIDE)] + weights
    raise Refused(f"it holds several models; name one of {', '.join(weights[:8])} after the repository")


def _variant(paths: Sequence[str]) -> list[str]:
    """One set of weights of several: the plain ones, else those in half precision."""
    weights = [path for path in paths if path.endswith(SUFFIX)]
    half = [path for path in weights if ".fp16" in PurePosixPath(path).name]
    return [path for path in weights if path not in half] or half
