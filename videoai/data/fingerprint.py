"""What tells one video file from another, at the cost of reading its ends."""

import os
from hashlib import blake2b

from videoai.data.media import BadVideo
from videoai.data.shards.shards import is_member, read_member

END_BYTES = 65536  # at each end, where headers, indices and the first pictures lie


def video_fingerprint(path: str) -> str | None:
    """16 hex digits over the size, the first and the last 64 KiB of a file; the sizes and names of the pictures of a
    folder; all bytes of a member of a shard. It moves with the file. None = it cannot be read."""
    digest = blake2b(digest_size=8)
    try:
        if is_member(path):
            digest.update(read_member(path))
        elif os.path.isdir(path):
            pictures = sorted(os.scandir(path), key=lambda entry: entry.name)
            digest.update(repr([(entry.name, entry.stat().st_size) for entry in pictures]).encode("utf-8", "replace"))
        else:
            with open(path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                digest.update(b"%d" % size + file.read(END_BYTES))
                file.seek(max(0, size - END_BYTES))
                digest.update(file.read())
    except (OSError, BadVideo):
        return None
    return digest.hexdigest()
