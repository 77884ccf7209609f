"""``videoai data prepare PATH out=DIR``."""

from typing import TYPE_CHECKING

from videoai.cli.overrides import about_data, named_data, path_first, settings_of
from videoai.compose.settings import from_arguments
from videoai.settings.datasets import PrepareSettings

if TYPE_CHECKING:
    from videoai.data.lists.target_columns import Kinds
    from videoai.run.datasets.faces import FacesFound
    from videoai.run.datasets.prepare import Prepared


def main(arguments: list[str]) -> int:
    """Prepare, print what came of it, and the command that trains on it."""
    path, rest = path_first(arguments)
    words, rest = about_data(rest)
    settings = from_arguments(PrepareSettings, rest).settings()
    if (path is None) == (not any(word.startswith("data=") for word in words)):
        raise ValueError(
            "say which videos, once: videoai data prepare PATH out=DIR, or data=csv data.path=FILE in place of PATH"
        )
    named = [*(settings_of(path) if path is not None else ()), *words]
    data = named_data(named)
    from videoai.run.datasets.prepare import prepare

    print_summary(prepare(settings, data))
    return 0


def print_summary(done: "Prepared") -> None:
    """What was made, how much faster it reads, what could not be read, and the command that comes next."""
    from videoai.core.paths import display_path
    from videoai.data.media import BadVideo
    from videoai.run.datasets.prepare import as_bytes

    out, bad = display_path(done.out), done.unreadable
    ratio = done.bytes_out / max(1, done.bytes_in)
    sizes = f"{as_bytes(done.bytes_in)} -> {as_bytes(done.bytes_out)}, {ratio:.2f} times"
    if done.num_made:
        print(f"{done.num_made} of {done.num_videos} videos made in {out}: {sizes}")
    else:
        print(f"nothing to do: {out} holds all {done.num_videos} videos.")
    if done.clip_ms:
        before, after = done.clip_ms
        faster = f"{before / after:.1f} times as fast" if after else "not measured"
        print(f"a clip of 16 frames, 4 apart, on one core: {before:.1f} ms before, {after:.1f} ms now: {faster}")
    if bad:
        name, reason, stage, detail, outcome = bad[0]
        what = "1 video cannot be read in full and stays"
        if len(bad) > 1:
            what = f"{len(bad)} videos cannot be read in full and stay"
        print(f"{what} in the set; see {out}/unreadable.csv. First:")
        print(f"  {BadVideo(name, reason, stage, detail)} ({outcome})")
    if done.faces:
        print_faces(done.faces, out)
    print(f"next: {next_command(done)}")


def print_faces(found: "FacesFound", out: str) -> None:
    """In how many videos there is a face, and what became of the others."""
    from videoai.core.messages import pluralize
    from videoai.run.datasets.faces import OUTCOMES

    num_without, num = len(found.without), found.num_videos
    print(f"faces: cut out of {num - num_without} of {pluralize(num, 'video')}; boxes in {out}/faces.csv")
    if num_without:
        share = f"{100 * num_without / num:.1f} %"
        print(f"no face in {num_without} ({share}), {OUTCOMES[found.missing]}; see {out}/no_face.csv. First:")
        print(f"  {found.without[0]}")
    if found.num_several:
        print(f"{pluralize(found.num_several, 'video')} with several faces at a time: the main one was taken")


def next_command(done: "Prepared") -> str:
    """The training that reads what was made."""
    from videoai.core.messages import command_line
    from videoai.core.paths import display_path
    from videoai.data.augment.directions import sided_classes

    kind, path = ("shards", done.out) if done.to == "shards" else ("csv", done.manifest)
    words = [f"data={kind}", f"data.path={display_path(path)}"]
    if kind == "csv" and not done.splits["val"]:
        words.append("data.val_fraction=0")  # there was none, and none must be made
    if kind == "csv" and done.task == "multi_label":
        words.append("data.multi_label=true")
    words += task_words(done.columns)
    if sided_classes(done.classes):
        words.append("data.flip=0")  # a mirrored clip would be of another class
    return command_line("train", *words)


def task_words(columns: "Kinds") -> list[str]:
    """The task that learns these columns; [] = the label is learned."""
    kinds, names = {*columns.values()}, f"[{','.join(columns)}]"
    if not kinds:
        return []
    if kinds == {"value"}:
        return ["task=regression", f"task.targets={names}"]
    if kinds == {"votes"}:
        return ["task=classify", f"task.votes={names}"]
    heads = ", ".join(f"{name}: {kind}" for name, kind in columns.items() if kind != "votes")
    return ["task=multi_head", f"task.heads={{{heads}}}"]
