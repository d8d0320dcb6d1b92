"""How a picture moved from one frame to another."""

import numpy as np


def shift(before: np.ndarray, after: np.ndarray) -> tuple[int, int]:
    """Pixels to the right and down that best take one RGB frame to the other, by phase correlation (Kuglin & Hines
    1975)."""
    grey = [frame.astype(float).mean(2) for frame in (before, after)]
    height, width = grey[0].shape
    window = np.outer(np.hanning(height), np.hanning(width))
    spectra = [np.fft.fft2((g - g.mean()) * window) for g in grey]
    cross = spectra[1] * np.conj(spectra[0])
    peak = np.fft.ifft2(cross / np.maximum(np.abs(cross), 1e-9)).real
    down, right = np.unravel_index(int(np.argmax(peak)), peak.shape)
    return int((right + width // 2) % width - width // 2), int((down + height // 2) % height - height // 2)
