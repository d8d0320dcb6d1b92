"""`python -m services.diffusion`."""

from services.diffusion.service import Diffusion
from services.kit.host import serve

if __name__ == "__main__":
    serve(Diffusion)
