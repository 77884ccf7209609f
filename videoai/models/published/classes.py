"""What the outputs of published weights are called."""


def class_names(dataset: str, num_classes: int) -> list[str]:
    """The names in the order of the logits. Kinetics-400 is alphabetical with every publisher; other label maps are not
    published with the weights, so those classes are numbered."""
    if (dataset, num_classes) == ("kinetics400", 400):
        from torchvision.models.video import R3D_18_Weights

        return list(R3D_18_Weights.KINETICS400_V1.meta["categories"])
    return [f"{dataset} {number}" for number in range(num_classes)]
