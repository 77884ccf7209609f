from videoai.models.published import find
from videoai.models.published.classes import class_names


def test_kinetics_400_is_alphabetical() -> None:
    names = class_names(find("pyslowfast/SLOWFAST_8x8_R50"))
    assert (names[0], names[399], len(names)) == ("abseiling", "zumba", 400)


def test_a_publishers_own_order_is_not_guessed() -> None:
    names = class_names(find("umt/umt_vit_base_k400_f8"))
    assert (names[0], len(names)) == ("kinetics400 0", 400)


def test_other_classes_are_numbered() -> None:
    assert class_names(find("pyslowfast_ptv/SLOWFAST_8x8_R50"))[0] == "abseiling"
    assert class_names(find("mmaction2/c3d_ucf101"))[100] == "ucf101 100"
