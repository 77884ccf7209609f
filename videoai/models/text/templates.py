"""The sentences that a class is put into, by the model that reads them."""

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


def fault_of_template(sentence: str) -> str:
    """What is wrong with a template; "" = nothing."""
    if sentence.count("{}") != 1:
        return "has no one place for the class: write {} once, where it stands, such as 'a video of {}.'"
    if {"{", "}"} & {*sentence.replace("{}", "")}:
        return "has a brace that is no place for the class: delete it"
    return ""
