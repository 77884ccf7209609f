import torch

from videoai.gan.discriminator import DualDiscriminator

VIDEO = torch.randn(2, 3, 8, 16, 16, generator=torch.Generator().manual_seed(0))


def make(**options) -> DualDiscriminator:
    torch.manual_seed(0)
    return DualDiscriminator(num_classes=3, num_frames=8, size=16, width=4, **options)


def test_the_class_counts_by_its_weight():
    discriminator = make().eval()
    scores = [discriminator(VIDEO, torch.tensor([label] * 2)) for label in (0, 1)]
    assert not torch.allclose(*scores)
    assert torch.equal(*(discriminator(VIDEO, torch.tensor([label] * 2), 0.0) for label in (0, 1)))


def test_the_frame_trunk_sees_its_frames_alone_and_the_clip_trunk_sees_all():
    both, label = make(num_looks=2).eval(), torch.tensor([0, 0])
    between = VIDEO.clone()
    between[:, :, [i for i in range(8) if i not in both.looks]] = 0
    frames = [both.frame(v[:, :, both.looks[0]], label, 1.0) for v in (VIDEO, between)]
    assert torch.equal(*frames)
    assert not torch.allclose(both(VIDEO, label), both(between, label))
    assert make(num_looks=0).frame is None


def test_spectral_norm_bounds_every_layer():
    """The largest singular value after some power iterations: 1 within 2 %."""
    discriminator = make()
    for _ in range(30):
        discriminator(VIDEO, torch.tensor([0, 1]))
    discriminator.eval()
    sizes = [torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() for layer in discriminator.normed]
    assert len(sizes) == 3 + 2 + 2 * 2 and all(abs(size - 1) < 0.02 for size in sizes)
    assert not make(spectral_norm=False).normed


def test_under_bf16_the_power_iteration_stays_in_fp32():
    """Vectors that went through bf16 would differ in the third digit."""
    plain, autocast = make(), make()
    plain(VIDEO, torch.tensor([0, 1]))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        score = autocast(VIDEO, torch.tensor([0, 1]))
    assert score.dtype == torch.float32
    assert all(torch.equal(a, b) for a, b in zip(plain.buffers(), autocast.buffers(), strict=True))


def test_the_frames_that_are_looked_at_are_the_middles_of_equal_parts():
    looks = {n: DualDiscriminator(num_classes=2, num_frames=16, size=16, width=4, num_looks=n).looks for n in (1, 2, 4)}
    assert looks == {1: [8], 2: [4, 12], 4: [2, 6, 10, 14]}
