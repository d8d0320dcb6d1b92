"""The starter diffusion model: a Stable Diffusion of 25 MB, trained here from emoji drawings.

Everything that made ``weights/`` lies in this package, so that the model can be trained again, larger, wherever
there is a GPU. It is a set of programs, not a part of the running diffusion service:

    python -m services.diffusion.starter.train     draw the data, train, write the weights
    python -m services.diffusion.starter.evaluate  measure a weights folder and draw a sample sheet
    python -m services.diffusion.starter.export    write the latest checkpoint of a running training as weights
"""
