import torch

from videoai.core.loggers.pictures import contact_sheet


def test_a_contact_sheet_has_a_row_a_clip_and_a_column_a_frame():
    video = torch.arange(2 * 4, dtype=torch.uint8).view(2, 4, 1, 1, 1).expand(2, 4, 3, 5, 6)
    sheet = contact_sheet(video)
    assert sheet.shape == (3, 10, 24)
    assert sheet[0, ::5, ::6].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
