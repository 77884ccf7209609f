"""The sentences that a class is put into, by the model that reads them."""

from videoai.core.messages import truncated_list

# Those without a verb of their own among the 28 that CLIP's authors use for Kinetics-700 (github.com/openai/CLIP,
# data/prompts.md), so that "fencing" and "opening a door" both fit.
CLIP = ("a photo of {}.", "a photo of a person {}.", "a video of {}.", "a video of a person {}.")
XCLIP = ("{}",)  # the name itself (github.com/microsoft/VideoX, X-CLIP/utils/tools.py, generate_text)

# Models of the zoo that were trained together with texts.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "clip_b32": CLIP,
    "clip_b16": CLIP,
    "clip_l14": CLIP,
    "xclip_b32": XCLIP,
    "xclip_b16": XCLIP,
    "xclip_l14": XCLIP,
}


def check_templates(templates: tuple[str, ...]) -> None:
    """Raises: ValueError: a sentence that has no place for the class, or several."""
    if wrong := [template for template in templates if template.count("{}") != 1]:
        raise ValueError(
            f"templates={truncated_list(wrong)}: write {{}} once, where the class stands: 'a video of {{}}.'"
        )
