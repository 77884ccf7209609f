"""Class names of published weights."""

from videoai.models.published import Weights


def class_names(row: Weights) -> list[str]:
    """The names in the order of the logits. Kinetics-400 is alphabetical, but for publishers with an order of their
    own; no other label map is published with weights, so those classes are numbered."""
    if (row.dataset, row.num_classes, row.own_labels) == ("kinetics400", 400, False):
        from torchvision.models.video import R3D_18_Weights

        return list(R3D_18_Weights.KINETICS400_V1.meta["categories"])
    if row.dataset == "charades":  # numbered by its codes, which data.codes=true keeps as names
        return [f"c{number:03d}" for number in range(row.num_classes)]
    return [f"{row.dataset} {number}" for number in range(row.num_classes)]
