"""Write tests/fixtures/text: what the authors' code of CLIP and X-CLIP, and transformers, give for weights, videos and
texts that tests/models/text/filled.py draws; and compare ours with them at full size.

python scripts/text_parity.py --clip CLIP --xclip X-CLIP            the fixtures, of small networks
python scripts/text_parity.py --clip CLIP --xclip X-CLIP --full     no fixtures: the networks of the published rows

CLIP and X-CLIP are copies of github.com/openai/CLIP and of the folder X-CLIP of github.com/microsoft/VideoX. Needs
transformers, timm, ftfy and regex beside videoai.
"""

import argparse
import gzip
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.models.text.filled import filled, texts, video  # noqa: E402
from tests.models.text.test_parity import ours  # noqa: E402

FOLDER = ROOT / "tests" / "fixtures" / "text"
SMALL: dict[str, Any] = {
    "patch": 8,
    "size": 32,
    "width": 128,
    "depth": 2,
    "embed": 128,
    "frames": 3,
    "batch": 2,
    "number": 4,
    "vocabulary": 564,
    "context": 77,
    "text_width": 64,
    "text_depth": 2,
}
TEXT = {"vocabulary": 49408, "context": 77, "text_width": 512, "text_depth": 12, "batch": 1, "number": 3}
B = {"size": 224, "width": 768, "depth": 12, "embed": 512, **TEXT}
L = {"size": 224, "width": 1024, "depth": 24, "embed": 768, **TEXT, "text_width": 768}
ODD_TEXTS = (
    *("a person falls", "Opening the DOOR", "opening\ta\n  door ", "walking, then falling.", "a_b-c/d\\e", "x" * 40),
    *(
        "it's we're I'll  he'd 'twas don'T",
        "a child’s “door” — left…",
        "schÃ¶n â€œquotedâ€\x9d",
        "&amp;lt;b&amp;gt; &quot;up&quot;",
    ),
    *("Ünïcödé ÉCOLE café", "e\u0301 combined", "ﬁne ligature", "ａｂｃ full width", "nbsp\u00a0here zero\u200bwidth"),
    *(
        "日本語のテキスト",
        "العربية؟",
        "हिन्दी",
        "İstanbul ΣΊΣΥΦΟΣ ſs ßẞ",
        "👍🏽 up 😀",
        "3.14 ½ ² Ⅷ ④",
        "a\x00b",
        "''s",
        "no. 1: (50 %)!?",
    ),
)
B32, B16 = {**B, "patch": 32}, {**B, "patch": 16}
FULL: dict[str, tuple[str, str, dict[str, Any]]] = {  # id -> reference, model, sizes
    "hf/clip_vit_base_patch32": ("hf_clip", "clip_b32", {**B32, "frames": 2}),
    "hf/clip_vit_base_patch16": ("hf_clip", "clip_b16", {**B16, "frames": 2}),
    "hf/clip_vit_large_patch14": ("hf_clip", "clip_l14", {**L, "patch": 14, "frames": 2}),
    "hf/xclip_base_patch32": ("hf_xclip", "xclip_b32", {**B32, "frames": 8}),
    "hf/xclip_base_patch32_16_frames": ("hf_xclip", "xclip_b32", {**B32, "frames": 16}),
    "hf/xclip_base_patch16": ("hf_xclip", "xclip_b16", {**B16, "frames": 8}),
    "hf/xclip_base_patch16_16_frames": ("hf_xclip", "xclip_b16", {**B16, "frames": 16}),
    "hf/xclip_base_patch16_kinetics_600": ("hf_xclip", "xclip_b16", {**B16, "frames": 8}),
    "hf/xclip_base_patch16_kinetics_600_16_frames": ("hf_xclip", "xclip_b16", {**B16, "frames": 16}),
    "hf/xclip_base_patch16_zero_shot": ("hf_xclip", "xclip_b16", {**B16, "frames": 32}),
    "xclip/k400_32_8": ("xclip", "xclip_b32", {**B32, "frames": 8}),
    "xclip/k400_32_16": ("xclip", "xclip_b32", {**B32, "frames": 16}),
    "xclip/k400_16_8": ("xclip", "xclip_b16", {**B16, "frames": 8}),
    "xclip/k400_16_16": ("xclip", "xclip_b16", {**B16, "frames": 16}),
    "xclip/k600_16_8": ("xclip", "xclip_b16", {**B16, "frames": 8}),
    "xclip/k600_16_16": ("xclip", "xclip_b16", {**B16, "frames": 16}),
    "xclip/zero": ("xclip", "xclip_b16", {**B16, "frames": 32}),
    "xclip/large": ("xclip", "xclip_l14", {**L, "patch": 14, "frames": 8}),  # no direct link is published
}


def hf_clip(sizes: dict[str, Any]) -> Any:
    """transformers' CLIP."""
    from transformers import CLIPConfig, CLIPModel

    return CLIPModel(CLIPConfig(**hf_configs(sizes)))


def hf_xclip(sizes: dict[str, Any]) -> Any:
    """transformers' X-CLIP."""
    from transformers import XCLIPConfig, XCLIPModel

    configs = hf_configs(sizes)
    embed = sizes["embed"]
    configs["vision_config"] |= {
        "num_frames": sizes["frames"],
        "mit_hidden_size": embed,
        "mit_intermediate_size": 4 * embed,
        "mit_num_attention_heads": embed // 64,
    }
    return XCLIPModel(XCLIPConfig(**configs, prompt_num_attention_heads=embed // 64))


def hf_configs(sizes: dict[str, Any]) -> dict[str, Any]:
    """The configs of both towers."""
    last = sizes["vocabulary"] - 1
    text = {
        "vocab_size": sizes["vocabulary"],
        "max_position_embeddings": sizes["context"],
        "eos_token_id": last,
        "bos_token_id": last - 1,
        "pad_token_id": 0,
    }
    return {
        "text_config": {**text, **hf_sizes(sizes["text_width"], sizes["text_depth"])},
        "vision_config": {
            "patch_size": sizes["patch"],
            "image_size": sizes["size"],
            **hf_sizes(sizes["width"], sizes["depth"]),
        },
        "projection_dim": sizes["embed"],
    }


def hf_sizes(width: int, depth: int) -> dict[str, Any]:
    """Of a transformer."""
    heads = {"num_hidden_layers": depth, "num_attention_heads": width // 64}
    return {"hidden_size": width, "intermediate_size": 4 * width, "projection_dim": 64, **heads}


def openai(sizes: dict[str, Any], folder: Path) -> Any:
    """The authors' CLIP."""
    return authors("clip.model", folder).CLIP(*common(sizes))


def xclip(sizes: dict[str, Any], folder: Path) -> Any:
    """The authors' X-CLIP, with the depths that their training script builds."""
    options = {"T": sizes["frames"], "mit_layers": 1, "prompts_layers": 2, "use_cache": False}
    return authors("models.xclip", folder).XCLIP(*common(sizes), **options)


def common(sizes: dict[str, Any]) -> list[int]:
    """Arguments of both."""
    names = ("embed", "size", "depth", "width", "patch", "context", "vocabulary", "text_width")
    return [*(sizes[name] for name in names), sizes["text_width"] // 64, sizes["text_depth"]]


def authors(module: str, folder: Path) -> ModuleType:
    """A module of the authors' code, whose packages of two authors have one name."""
    import importlib

    import timm.layers

    sys.modules.setdefault("timm.models.layers", timm.layers)  # as timm called it once
    for name in [name for name in sys.modules if name.partition(".")[0] in ("clip", "models")]:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    try:
        importlib.import_module("clip")  # first: the two packages of X-CLIP import each other
        return importlib.import_module(module)
    finally:
        sys.path.remove(str(folder))


@torch.inference_mode()
def answers(kind: str, model: Any, clip: Tensor, tokens: Tensor) -> dict[str, Tensor]:
    """The vectors of texts, those of the clips, and logits [B, K]."""
    frames = clip.transpose(1, 2)  # [B, T, 3, H, W]
    if kind == "hf_xclip":
        given = model(input_ids=tokens, pixel_values=frames, attention_mask=torch.ones_like(tokens))
        return {
            "texts": model.text_projection(model.text_model(input_ids=tokens).pooler_output),
            "videos": given.video_embeds,
            "logits": given.logits_per_video,
        }
    if kind == "xclip":
        videos = model.encode_video(frames)[0]
        return {"texts": model.encode_text(tokens), "videos": unit(videos), "logits": model(frames, tokens)}
    flat = frames.flatten(0, 1)
    if kind == "openai":
        found, written = model.encode_image(flat), model.encode_text(tokens)
    else:
        given = model(input_ids=tokens, pixel_values=flat)
        found = given.image_embeds
        written = model.text_projection(model.text_model(input_ids=tokens).pooler_output)
    videos = unit(unit(found).unflatten(0, frames.shape[:2]).mean(1))
    return {"texts": written, "videos": videos, "logits": model.logit_scale.exp() * videos @ unit(written).T}


def unit(vectors: Tensor) -> Tensor:
    """Of length 1."""
    return vectors / vectors.norm(dim=-1, keepdim=True)


def reference(kind: str, sizes: dict[str, Any], folders: dict[str, Path]) -> dict[str, Any]:
    """The fixture of one network."""
    build: Any = {"hf_clip": hf_clip, "hf_xclip": hf_xclip, "openai": openai, "xclip": xclip}[kind]
    model = build(sizes, folders[kind]) if kind in folders else build(sizes)
    shapes = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    model.load_state_dict(filled(shapes))
    model.eval().float()
    clip = video((sizes["batch"], 3, sizes["frames"], sizes["size"], sizes["size"]))
    tokens = texts(sizes["number"], sizes["vocabulary"], sizes["context"])
    given = {name: tensor.tolist() for name, tensor in answers(kind, model, clip, tokens).items()}
    return {"sizes": sizes, "shapes": shapes, **given}


def token_numbers(folder: Path) -> dict[str, list[int]]:
    """What the authors' tokenizer makes of odd texts, with the vocabulary that was made for tests."""
    module = authors("clip.simple_tokenizer", folder)
    lines = (FOLDER / "merges.txt").read_bytes().strip()
    with TemporaryDirectory() as temporary:
        path = Path(temporary) / "merges.txt.gz"
        path.write_bytes(gzip.compress(lines))
        tokenizer = module.SimpleTokenizer(str(path))
    return {text: tokenizer.encode(text) for text in ODD_TEXTS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--xclip", type=Path, required=True)
    parser.add_argument("--full", nargs="*", metavar="ID", help="of the published rows; none named = all")
    given = parser.parse_args()
    folders = {"openai": given.clip, "xclip": given.xclip}
    if given.full is None:
        tokens = json.dumps(token_numbers(given.clip), ensure_ascii=False, indent=0)
        (FOLDER / "tokens.json").write_text(tokens + "\n")
        for kind in ("hf_clip", "hf_xclip", "openai", "xclip"):
            (FOLDER / f"{kind}.json").write_text(json.dumps(reference(kind, SMALL, folders)) + "\n")
        return
    for weights in given.full or FULL:
        kind, name, sizes = FULL[weights]
        fixture = reference(kind, sizes, folders)
        differences = {
            key: float((tensor - torch.tensor(fixture[key])).abs().max()) for key, tensor in ours(fixture, name).items()
        }
        spread = float(torch.tensor(fixture["logits"]).std())
        print(weights, {key: f"{value:.1e}" for key, value in differences.items()}, f"spread of logits {spread:.3f}")


if __name__ == "__main__":
    main()
