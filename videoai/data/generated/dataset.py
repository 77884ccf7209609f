"""Generated clips that help to train: where they lie, what class each shows, and the evaluator's confidence.

    bank/manifest.csv    path,label,split,generator,data,seed,confidence,nearest    of `gan generate`; data=csv too
    any table of clips   path,label[,confidence,...]                                 of any other generator
    root/<class>/*       class folders                                               likewise

They only ever join the clips of train: nothing here makes a split.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from videoai.core.files import csv_bytes
from videoai.core.messages import pluralize, truncated_list
from videoai.data.lists.clip_table import ClipTable, read_table
from videoai.data.lists.csv_file import CsvFile
from videoai.data.lists.from_files import from_csv, from_folder
from videoai.data.lists.items import Items
from videoai.data.lists.manifest import Manifest

MANIFEST, FACTS = "manifest.csv", "bank.json"  # files in a bank's folder
COLUMNS = ("path", "label", "split", "generator", "data", "seed", "confidence", "nearest")


@dataclass(frozen=True)
class GeneratedDataset:
    """Generated clips under the labels of the data that they join."""

    items: Items
    confidence: np.ndarray  # float32 [N], the evaluator's probability of the label; 1 without an evaluator
    fingerprint: str  # hash of its list of clips and of the confidences
    made_from: str | None  # fingerprint of the data that the generator was trained on; None = not said
    notes: tuple[str, ...] = ()


def read_generated_dataset(source: str, classes: Sequence[str]) -> GeneratedDataset:
    """A bank's folder, a CSV file or class folders, under the labels of ``classes``.

    Raises: FileNotFoundError, ValueError: no clips, a class that is not among ``classes``, or a confidence outside
    0 .. 1.
    """
    table = os.path.join(source, MANIFEST) if os.path.isfile(os.path.join(source, MANIFEST)) else source
    is_table = table.endswith(".csv")
    no_splits: dict[str, Any] = {"val_fraction": 0.0, "test_fraction": 0.0}
    manifest = from_csv(table, **no_splits) if is_table else from_folder(table, **no_splits)
    items = _under_labels(manifest, classes)
    columns = _columns(table, items, manifest.root) if is_table else {}
    confidence = columns.get("confidence", np.ones(len(items), np.float32))
    return GeneratedDataset(
        items,
        confidence,
        blake2b(manifest.fingerprint().encode() + confidence.tobytes(), digest_size=8).hexdigest(),
        columns.get("data") or _said_in_facts(source),
        tuple(note for note in manifest.notes if "there is no test split" not in note) + _left_out(manifest),
    )


def _said_in_facts(source: str) -> str | None:
    """Fingerprint of the training data of a bank without a table, which no classifier has scored yet."""
    path = Path(source, FACTS)
    return json.loads(path.read_text()).get("data") if path.is_file() else None


def _under_labels(manifest: Manifest, classes: Sequence[str]) -> Items:
    manifest.check_single_label("generated clips (synthetic.source) have one label each")
    if unknown := [name for name in manifest.classes if name not in classes]:
        raise ValueError(
            f"synthetic.source={manifest.source}: its class {truncated_list(unknown)} is not a class of the training "
            f"data, which are {truncated_list(list(classes))}. Use the same class names, or leave these clips out."
        )
    items = manifest.splits["train"]
    if not items:
        raise ValueError(f"synthetic.source={manifest.source}: no clips for train in it.")
    label_of = np.array([classes.index(name) for name in manifest.classes], np.int32)
    return items.relabelled(label_of)


def _left_out(manifest: Manifest) -> tuple[str, ...]:
    count = len(manifest.splits["val"]) + len(manifest.splits["test"])
    return (f"left out {pluralize(count, 'clip')} that it calls val or test.",) if count else ()


def _columns(path: str, items: Items, root: str) -> dict[str, Any]:
    """What a table says beside path and label, for the items in their order."""
    table = read_table(CsvFile(path), root=root, columns={"label", "confidence", "data"})
    columns: dict[str, Any] = {}
    if table.is_filled("confidence"):
        of_path = dict(zip(_paths(table, root), _numbers(table, "confidence"), strict=True))
        columns["confidence"] = np.array([of_path[item.path] for item in items], np.float32)
    if table.is_filled("data"):
        columns["data"] = " ".join(sorted(table.columns["data"].used()))
    return columns


def _paths(table: ClipTable, root: str) -> list[str]:
    return [os.path.join(root, table.paths.texts[code]) for code in table.paths.codes.tolist()]


def _numbers(table: ClipTable, name: str) -> list[float]:
    codes, texts = table.columns[name]
    numbers = []
    for index, code in enumerate(codes.tolist()):
        try:
            number = float(texts[code] or 1)
        except ValueError:
            number = -1.0
        if not 0 <= number <= 1:
            table.fail_at(index, f"{name} is {texts[code]!r}; give a number from 0 to 1, or nothing")
        numbers.append(number)
    return numbers


def table_of(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = COLUMNS) -> bytes:
    """The text of a table of clips; what a row lacks stays empty."""
    return csv_bytes(columns, ([row.get(column, "") for column in columns] for row in rows))


def clip_path(folder: Path, label: int, name: str, number: int) -> Path:
    """``folder/left/000_00017.mp4``: unique also where two names differ in what a file name cannot hold."""
    return folder / (name.replace("/", "_").strip(". ") or "_") / f"{label:03d}_{number:05d}.mp4"
