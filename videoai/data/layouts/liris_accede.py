"""LIRIS-ACCEDE (Baveye et al., IEEE Transactions on Affective Computing 2015): numbers of the valence and arousal that
excerpts of films induce.

ACCEDEranking.txt has ``id name ... valenceValue arousalValue ...`` and ACCEDEsets.txt ``id name set``, separated by
tabs; set 0 is test, 1 learning, 2 validation. ACCEDEdescription.xml names the film of each excerpt.
"""

from collections.abc import Iterator, Mapping
from typing import Unpack

from videoai.data.layouts.annotations import Annotated, SplitOptions, manifest_from_annotations
from videoai.data.layouts.entries import csv_entries
from videoai.data.layouts.offered import Offered, check_offered
from videoai.data.layouts.survey import Candidate, Survey, header, survey
from videoai.data.layouts.xml_elements import parts_of
from videoai.data.lists.manifest import Manifest
from videoai.data.lists.target_columns import NO_LABEL, Kinds

SETS = {"0": "test", "1": "train", "2": "val"}
VALUES = {"valence": "valenceValue", "arousal": "arousalValue"}
OFFERED: Offered = {name: ["value"] for name in VALUES}


def detect(tree: Survey) -> Candidate | None:
    files = _rankings(tree)
    return Candidate("liris_accede", {"root": tree.root}, "ACCEDEranking.txt with valenceValue") if files else None


def from_liris_accede(
    root: str, *, annotations: str | None = None, columns: Kinds | None = None, **options: Unpack[SplitOptions]
) -> Manifest:
    """Reads valence and arousal, 1 to 5, in the official sets; excerpts of one film are a group.

    Args:
        annotations: the folder of the lists; None = below root.
        columns: valence, arousal, of kind value; None = both.
    """
    check_offered("liris_accede", columns, OFFERED)
    kinds: Kinds = columns or dict.fromkeys(VALUES, "value")
    tree = survey(annotations or root)
    ranking = _rankings(tree) or tree.fail("LIRIS-ACCEDE", "ACCEDEranking.txt with valenceValue, arousalValue")
    sets = tree.named("accedesets.txt") or tree.fail("LIRIS-ACCEDE", "ACCEDEsets.txt with name, set")
    films = _films([*tree.named("accededescription.xml"), *survey(root).named("accededescription.xml")])
    notes = [] if films else ["no ACCEDEdescription.xml, so films are not known: data.folds would part them."]
    clips = _clips(ranking[0], _splits(sets[0]), films, kinds)
    return manifest_from_annotations(
        clips, root, ranking[0], notes=notes, grouped_by="film", published=True, columns=kinds, **options
    )


def _rankings(tree: Survey) -> list[str]:
    return [path for path in tree.named("accederanking.txt") if {*VALUES.values()} <= {*header(path)}]


def _splits(path: str) -> dict[str, str]:
    splits = {}
    for entry in csv_entries(path):
        if (number := entry.text("set")) not in SETS:
            entry.fail(f"set is {number}; allowed: 0 (test), 1 (learning), 2 (validation)")
        splits[entry.text("name")] = SETS[number]
    return splits


def _films(paths: list[str]) -> Mapping[str, str]:
    return {one.said("name"): one.said("movie") for one in parts_of(paths[0]) if one.said("movie")} if paths else {}


def _clips(path: str, splits: Mapping[str, str], films: Mapping[str, str], kinds: Kinds) -> Iterator[Annotated]:
    for entry in csv_entries(path):
        name = entry.text("name")
        if name not in splits:
            entry.fail(f"{name} stands in no set; ACCEDEsets.txt must name it")
        entry.fields |= {column: entry.fields[values] for column, values in VALUES.items()}
        yield Annotated(name, NO_LABEL, splits[name], films.get(name), targets=entry.targets(kinds))
