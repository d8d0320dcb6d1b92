"""Pictures and videos made larger by Real-ESRGAN, tile by tile."""
