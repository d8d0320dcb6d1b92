"""What a video looks like and how long it is, found out in a process of its own: `python poster.py VIDEO PICTURE SIDE
MAX_PIXELS` writes its first frame as WebP and prints `{"width", "height", "duration_s"}`.

A decoder fed with what anyone may have uploaded gets a bounded share of memory and time, and takes nothing with it if
it crashes. Nothing of ours is imported, so that it is up at once.
"""

import json
import resource
import sys
from typing import Any

# Only plain containers: playlists and the like open other files.
_OPEN = {"format_whitelist": "mov,mp4,matroska,webm", "protocol_whitelist": "file"}
_MEMORY = 3 * 1024**3
_SECONDS = 30


def main(video: str, picture: str, side: int, max_pixels: int) -> None:
    """Exits with a sentence on standard error where there is nothing to see."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import av
    import av.error
    from PIL import Image

    try:
        with av.open(video, options=_OPEN, metadata_errors="replace") as container:
            if not container.streams.video:
                sys.exit("it holds no pictures")
            stream = container.streams.video[0]
            if not 0 < stream.width * stream.height <= max_pixels:
                sys.exit(f"{stream.width} × {stream.height} pixels are more than the {max_pixels:,} allowed")
            stream.codec_context.thread_count = 1
            # The header may promise less than the stream then holds.
            stream.codec_context.options = {"max_pixels": str(max_pixels)}
            frame: Any = next(container.decode(stream), None)
            if frame is None:
                sys.exit("none of its frames can be read")
            image = frame.to_image()
            seconds = (container.duration or 0) / 1_000_000
    except (av.error.FFmpegError, ValueError, MemoryError, OSError) as error:
        sys.exit(str(getattr(error, "strerror", None) or error))
    if frame.rotation:
        image = image.rotate(frame.rotation, expand=True)
    width, height = image.size
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    image.save(picture, "WEBP", quality=80, method=4)
    print(json.dumps({"width": width, "height": height, "duration_s": max(0.0, round(seconds, 3))}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
