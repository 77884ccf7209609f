from videoai.data.clip_readers import equals_sequential, prepare, spread_clips, videoai


def test_clips_lie_in_the_middle_of_equal_parts_of_the_video(make_video):
    path = str(make_video(num_frames=40))
    assert spread_clips(path, 4, 2, None).indices == (16, 18, 20, 22)  # 33 places for a clip of 7
    assert spread_clips(path, 2, 3, None, 3).indices == (6, 9, 18, 21, 30, 33)


def test_frames_past_the_end_are_the_last_one(make_video):
    clip = spread_clips(str(make_video(num_frames=5)), 4, 2, None)
    assert clip.indices == (0, 2, 4, 4)
    assert videoai(clip).shape[0] == 4
    assert equals_sequential(clip)


def test_the_floor_decodes_every_wanted_picture_again_in_each_turn(make_video):
    options = {"bf": "3", "g": "12", "x264-params": "scenecut=0"}
    clip = spread_clips(str(make_video(num_frames=48, options=options)), 4, 4, None, 3)
    decode = prepare("floor", clip)
    assert decode() == decode() == len(set(clip.indices)) < len(clip.indices)
