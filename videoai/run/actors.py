"""Actors in splits: a network that has trained on a face knows it again, so a split that parts an actor flatters."""

from collections import defaultdict
from collections.abc import Sequence

from videoai.core.messages import command_line, pluralize, same_command, truncated_list
from videoai.core.paths import display_path
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.source_names import actor_of
from videoai.settings.data import DataSettings

MOST = 0.5  # share of the clips whose names must tell an actor: then the set is one of actors


def check_actors(manifest: Manifest, data: DataSettings) -> None:
    """Raises: ValueError: clips named as RAVDESS or CREMA-D name them, an actor in train and in another split, and
    nobody asked for that by ``data.split_by=clip``."""
    if data.source.get("split_by") == "clip":
        return
    if crossing := crossing_actors(manifest):
        raise ValueError(
            f"{manifest.source}: {pluralize(len(crossing), 'actor is', 'actors are')} in train and in val or test, "
            f"first {truncated_list(crossing, 3)}, by the names of the files. A network knows faces again, so the "
            f"score would flatter. {_way_out(manifest, data)}"
        )


def crossing_actors(manifest: Manifest) -> Sequence[str]:
    """Actors in train who are in val or test too, as far as names of files tell them."""
    splits, num_told = defaultdict[str, set[str]](set), 0
    for split, items in manifest.splits.items():
        for item in items:
            if actor := actor_of(item.path):
                splits[actor].add(split)
                num_told += 1
    if num_told <= MOST * sum(map(len, manifest.splits.values())):
        return []
    return sorted(actor for actor, there in splits.items() if "train" in there and len(there) > 1)


def _way_out(manifest: Manifest, data: DataSettings) -> str:
    """The command that keeps actors together, and the one that parts them all the same."""
    is_made = data.folds is not None or any(note.startswith("made ") for note in manifest.notes)
    if "split_by" not in data.source:
        how = "Write the clips as a table for data=csv with a column group, the actor"
        return f"{how}; with data.split_by=clip it would part them all the same."
    if is_made:
        how = same_command("data.split_by=source") or "data.split_by=source"
    else:
        actors = {actor_of(item.path) for items in manifest.splits.values() for item in items}
        layout = "ravdess" if any((actor or "").startswith("RAVDESS") for actor in actors) else "crema_d"
        how = command_line("train", f"data={layout}", f"data.root={display_path(manifest.root)}")
    parted = same_command("data.split_by=clip") or "data.split_by=clip"
    return f"Keep each actor together: {how}\nPart them all the same: {parted}"
