"""Kernels that change the pixels of clips, each clip by values of its own.

``kernel(video, values)``: uint8 [n, T, 3, H, W] and float32 [n, V] -> the new pixels, in this shape; numbers with a
fraction are cut off. All frames of a clip are treated alike. The number of operations on the device does not depend on
n, and the host waits for none of them.

They compute what torchvision.transforms.v2.functional does for one clip; the tests compare them.
"""

import torch
from torch import Tensor


def look_up(video: Tensor, values: Tensor) -> Tensor:
    """A new level for each level, [n, 256]."""
    first = torch.arange(
        0, 256 * len(video), 256, dtype=torch.int32, device=video.device
    )  # where each clip's levels begin
    place = video + first.view(-1, 1, 1, 1, 1)
    return values[:, :256].to(torch.uint8).flatten().index_select(0, place.flatten()).view(video.shape)


def autocontrast(video: Tensor, values: Tensor) -> Tensor:
    """Each channel of the whole clip is stretched from its darkest and brightest pixel to 0 and 255. Frame by frame it
    would flicker."""
    darkest, brightest = (end((1, 3, 4), keepdim=True) for end in (video.amin, video.amax))
    scale = (brightest - darkest).mul(1 / 255)
    is_flat = scale == 0
    return (video - darkest.masked_fill(is_flat, 0)).div(scale.masked_fill(is_flat, 1.0))


def equalize(video: Tensor, values: Tensor) -> Tensor:
    """Each channel of the whole clip gets equal shares of every level, by the rule of PIL's ImageOps.equalize."""
    level = video.transpose(1, 2).flatten(2).long()  # [n, C, T * H * W]
    one = torch.ones(1, dtype=torch.int32, device=video.device)
    count = one.new_zeros(*level.shape[:2], 256).scatter_add_(2, level, one.expand_as(level))
    below = count.cumsum(2) - count
    step = (level.shape[2] - count.gather(2, level.amax(2, keepdim=True))) // 255  # pixels a level should get
    table = ((below + step // 2) // step.clamp(min=1)).clamp(max=255)
    table = torch.where(step > 0, table, torch.arange(256, device=video.device)).to(torch.uint8)
    return table.gather(2, level).unflatten(2, (video.shape[1], *video.shape[3:])).transpose(1, 2)


def blend_with_grey(video: Tensor, values: Tensor) -> Tensor:
    """values: factor, 1 - factor, and what is blended in: 0 = each pixel's grey, 1 = the mean grey of its frame."""
    factor, rest, is_mean = values[:, :3, None, None, None, None].unbind(1)
    red, green, blue = video.unbind(2)
    grey = red.mul(0.2989).add_(green, alpha=0.587).add_(blue, alpha=0.114).floor_().unsqueeze(2)
    grey.lerp_(grey.mean((2, 3, 4), keepdim=True), is_mean)
    return video.mul(factor).addcmul_(grey, rest).clamp_(0, 255)


def sharpen(video: Tensor, values: Tensor) -> Tensor:
    """values: 1 - factor. Blends with the mean of 3 x 3 pixels in which the middle counts five times; the outermost
    pixels stay."""
    middle = video[..., 1:-1, 1:-1]
    pixels = video.to(torch.int16)  # sums of 3,315 at most are exact
    across = pixels[..., :-2] + pixels[..., 1:-1] + pixels[..., 2:]
    total = across[..., :-2, :] + across[..., 1:-1, :] + across[..., 2:, :]
    blurred = total.add_(middle, alpha=4).mul(1 / 13).round_()
    sharp = video.float()
    sharp[..., 1:-1, 1:-1].addcmul_(blurred.sub_(middle), values[:, :1, None, None, None])
    return sharp.clamp_(0, 255)


def resample(video: Tensor, values: Tensor) -> Tensor:
    """values: the inverse affine matrix, a column after the other. It takes a new pixel's place, counted from the
    centre, to the old one's in units of half a side. Bilinear; black comes in."""
    height, width = video.shape[-2:]
    x, y = (torch.arange(0.5 - side / 2, side / 2, device=video.device) for side in (width, height))
    by_x, by_y, shift = values[:, None, None, :6].split(2, -1)  # [n, 1, 1, 2]
    place = by_x * x[:, None] + by_y * y[:, None, None] + shift  # [n, H, W, 2]
    pixels = video.float().flatten(1, 2)  # frames and channels move alike
    moved = torch.nn.functional.grid_sample(pixels, place, mode="bilinear", align_corners=False)
    return moved.round_().view(video.shape)


def erase(video: Tensor, values: Tensor) -> Tensor:
    """values: top, left, bottom, right of a box, in pixels, and its colour. The same in every frame: a tube
    (arXiv:1708.04896)."""
    top, left, bottom, right = values[:, :4, None, None].unbind(1)  # [n, 1, 1]
    y, x = (torch.arange(side, device=video.device) for side in video.shape[-2:])
    inside = (y[:, None] >= top) & (y[:, None] < bottom) & ((x >= left) & (x < right))  # [n, H, W]
    return torch.where(inside[:, None, None], values[:, None, 4:7, None, None].to(torch.uint8), video)
