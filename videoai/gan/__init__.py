"""Conditional video GANs: noise and a class -> clips. It depends on no data set and no classifier.

A generator is an ``nn.Module`` with ``num_classes, latent_size, num_frames, size`` and

    forward(latent float [B, latent_size], label int64 [B], conditioning=1.0) -> float [B, 3, T, H, W] in [-1, 1]

where ``conditioning`` in [0, 1] is the weight of the class (0 = every class alike). A discriminator has

    forward(video [B, 3, T, H, W], label int64 [B], conditioning=1.0) -> float [B]

large where it takes the clip for a real one of that class.

Both are built from the keys of their config node and ``num_classes, num_frames, size``. A new one is one module, a line
below, and one file in ``configs/gan``; one of your own package needs no line: ``gan.generator._target_=mypkg.net.Net``.
"""

GENERATORS = {"conv3d": "videoai.gan.generator:Generator"}
DISCRIMINATORS = {"dual": "videoai.gan.discriminator:DualDiscriminator"}
