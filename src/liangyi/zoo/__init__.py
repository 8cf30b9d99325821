"""One paper, one file. The file `wgan_gp.py` holds the model `wgan-gp`."""
