from videoai.report.feature_map import shown


def test_long_names_keep_the_end_in_which_paths_of_a_folder_differ():
    first, second = (shown(f"frames/02_Swiping_Up/sk_color_{number}.mp4.safetensors") for number in (522, 846))
    assert first == "frames/02_…522.mp4.safetensors"
    assert first != second
    assert (shown("a_class"), shown("")) == ("a_class", "(none)")
