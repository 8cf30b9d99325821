"""The sides that liangyi's steps are measured against, and what all sides share.

`plain` and `torch_cifar10` are PyTorch in the manner of its official examples, `lean` the loop of
somebody who counts calls; `keras_gan`, `keras_vae`, `keras_cifar10`, `torchgan_gan` and
`pythae_vae` are libraries, each used as its own examples use it. `resident` holds the pictures,
`stretch` cuts the work, `question` asks and prints.
"""
