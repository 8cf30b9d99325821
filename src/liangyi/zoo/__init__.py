"""One paper, one file, in families. The file `wgan_gp.py` holds the model `wgan-gp`."""
