"""Models on the Hugging Face hub: ``hf://OWNER/NAME[@REVISION][/FILE]``, all through ``huggingface_hub``.

So its cache, tokens, mirrors and offline mode hold: HF_HOME, HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)

CHECKPOINT = "best.pt"  # the file of a repository that is meant when none is named
EVALUATION = "evaluation"  # the folder of a repository whose files a push replaces as a whole
# https://huggingface.co/docs/hub/repositories-licenses, November 2026
LICENSES = (
    *("apache-2.0", "mit", "openrail", "bigscience-openrail-m", "creativeml-openrail-m", "bigscience-bloom-rail-1.0"),
    *("bigcode-openrail-m", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd", "bsd-2-clause", "bsd-3-clause"),
    *("bsd-3-clause-clear", "c-uda", "cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0"),
    *("cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0"),
    *("cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0"),
    *("cdla-sharing-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "wtfpl", "ecl-2.0", "epl-1.0", "epl-2.0"),
    *("etalab-2.0", "eupl-1.1", "eupl-1.2", "agpl-3.0", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1"),
    *("lgpl-3.0", "isc", "h-research", "intel-research", "lppl-1.3c", "ms-pl", "apple-ascl", "apple-amlr", "mpl-2.0"),
    *("odc-by", "odbl", "openmdw-1.0", "openrail++", "osl-3.0", "postgresql", "ofl-1.1", "ncsa", "unlicense", "zlib"),
    *("pddl", "lgpl-lr", "deepfloyd-if-license", "fair-noncommercial-research-license", "llama2", "llama3"),
    *("llama3.1", "llama3.2", "llama3.3", "llama4", "grok2-community", "gemma", "unknown", "other"),
)
NAME = r"[\w.-]+/[\w.-]+"
# as fsspec writes it; a revision with another slash in it is named by its commit
LOCATION = re.compile(rf"hf://(?P<repo>{NAME})(@(?P<revision>refs/[\w.-]+/[\w.-]+|[\w.-]+))?(/(?P<file>[^?#]+))?")


def is_on_hub(location: str | Path) -> bool:
    return str(location).startswith("hf://")


def local_file(location: str | Path) -> Path:
    """The path of a file, which is downloaded first where it is ``hf://...`` and not in the cache.

    Raises: ValueError: not written so. OSError: not there, not for you, or not to be reached.
    """
    if not is_on_hub(location):
        return Path(location)
    if not (found := LOCATION.fullmatch(str(location))):
        raise ValueError(f"{location}: write hf://OWNER/NAME, hf://OWNER/NAME@REVISION or hf://OWNER/NAME/FILE.")
    from huggingface_hub import hf_hub_download

    file = found["file"] or CHECKPOINT
    with _worded(str(location), missing=f"it has no {file}. Name another file of it: hf://{found['repo']}/FILE"):
        path = Path(hf_hub_download(found["repo"], file, revision=found["revision"]))
    if "snapshots" in path.parts:  # the folder below it is the commit
        logger.info("%s: %s of commit %s", location, file, path.parts[path.parts.index("snapshots") + 1][:12])
    return path


def folder_name(location: str) -> str:
    """OWNER-NAME, or OWNER-NAME-REVISION, for a folder of results."""
    return re.sub("[/@]", "-", location.removeprefix("hf://"))


def upload(repo: str, files: Mapping[str, bytes], *, private: bool, revision: str | None, message: str) -> str:
    """One commit that puts ``files`` (by path) into a model repository, which is made where it is not there. What else
    lies there stays, but for other files of an evaluation. Returns: the address of the commit.

    Raises: ValueError: a public repository that should be private, or a card that the hub refuses. OSError: not yours,
    or not to be reached.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    api, where = HfApi(), f"hub={repo}"
    with _worded(where, missing="no such revision"):
        api.create_repo(repo, private=private or None, exist_ok=True)
        if private and not api.model_info(repo).private:  # it was there before
            raise ValueError(f"{where}: is public already, and private=true. Choose another name, or change it there.")
        if revision:
            api.create_branch(repo, branch=revision, exist_ok=True)
        there = [file.rfilename for file in api.model_info(repo, revision=revision).siblings or []]
        stale = [name for name in there if name.startswith(f"{EVALUATION}/") and name not in files]
        operations = [
            *(CommitOperationAdd(name, data) for name, data in files.items()),
            *(CommitOperationDelete(name) for name in stale),
        ]
        return api.create_commit(repo, operations, commit_message=message, revision=revision).commit_url


@contextmanager
def _worded(where: str, *, missing: str) -> Iterator[None]:
    """The hub's errors as one line that begins with ``where``. Raises: OSError."""
    from huggingface_hub import errors

    log_in = "If it is private: hf auth login, or set HF_TOKEN"
    try:
        yield
    except errors.GatedRepoError as error:
        raise OSError(f"{where}: its owner must let you in first. Ask on its page, then hf auth login.") from error
    except errors.RepositoryNotFoundError as error:
        raise OSError(f"{where}: no such repository on the hub, or not yours to see. {log_in}") from error
    except errors.RevisionNotFoundError as error:
        raise OSError(f"{where}: the repository has no such branch, tag or commit.") from error
    except errors.LocalEntryNotFoundError as error:
        why = _reason(error.__cause__ or error)
        raise OSError(
            f"{where}: neither in the cache of huggingface_hub nor to be fetched ({why}). Check the network and "
            "HF_HUB_OFFLINE, or fetch it elsewhere and give the PATH of the file."
        ) from error
    except errors.EntryNotFoundError as error:
        raise OSError(f"{where}: {missing}") from error
    except (errors.HTTPError, OSError) as error:  # pyright: ignore[reportPrivateImportUsage] (of httpx or requests)
        status = getattr(getattr(error, "response", None), "status_code", None)
        hint = " You need a token that may write there: hf auth login, or set HF_TOKEN" if status in (401, 403) else ""
        raise OSError(f"{where}: the hub cannot be used ({_reason(error)}).{hint}") from error


def _reason(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
