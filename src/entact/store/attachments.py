"""Files of participants (scans, signatures): under the participant's key, by the SHA-256 of their bytes.

Entries name the digest, so that the chain proves which file was meant. The bytes lie in the database, in its
backups and in archives, as ciphertext; they are gone when the key is erased.
"""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from pathlib import Path

from entact.course.entry.sealing import seal, unseal
from entact.store import models
from entact.store.error import StoreError
from entact.store.participant_keys import key_of

FOLDER = "attachments"  # of an archive
_MARK = re.compile(r"participant:([0-9a-f]{1,64})")
_NAME = re.compile(r"([0-9a-f]{1,64})-([0-9a-f]{64})-([a-z0-9]{1,20})-([a-z0-9.+-]{1,60})\.sealed")


def keep_attachment(participant: str, content: bytes, media: str) -> str:
    """Keeps a file of a participant; its digest. The same file again is the same.

    Raises:
        StoreError: when the participant's key is gone.
    """
    key = key_of(participant)
    if key is None:
        raise StoreError(f"the key of {participant} is erased: no file can be kept")
    digest = sha256(content).hexdigest()
    sealed = seal(base64.b64encode(content).decode(), key, "attachment", digest)
    models.Attachment.objects.get_or_create(
        participant=participant,
        digest=digest,
        defaults={"media": media, "sealed": sealed},
    )
    return digest


def attachment(participant: str, digest: str) -> tuple[bytes, str] | None:
    """The bytes of a file and its type; None when there is none, or it was erased.

    Raises:
        StoreError: when what is kept cannot be opened, or is another file than its digest says.
    """
    row = models.Attachment.objects.filter(participant=participant, digest=digest).first()
    key = key_of(participant) if row is not None else None
    if row is None or key is None:
        return None
    try:
        content = base64.b64decode(unseal(row.sealed, key, "attachment", digest))
    except ValueError as error:
        raise StoreError(f"the file {digest} of {participant} was altered: {error}") from error
    if sha256(content).hexdigest() != digest:
        raise StoreError(f"the file {digest} of {participant} is another one")
    return content, row.media


def forget_attachments(participant: str) -> None:
    """The files of somebody who is erased."""
    models.Attachment.objects.filter(participant=participant).delete()


def write_attachments(folder: Path) -> None:
    """Every file as it is kept, sealed, into an archive."""
    rows = models.Attachment.objects.order_by("id")
    if not rows.exists():
        return
    (folder / FOLDER).mkdir()
    for row in rows.iterator(chunk_size=20):
        found = _MARK.fullmatch(row.participant)
        if found is not None:
            name = f"{found[1]}-{row.digest}-{row.media.replace('/', '-', 1)}.sealed"
            (folder / FOLDER / name).write_text(row.sealed)


def restore_attachments(folder: Path) -> int:
    """Brings back the files of an archive; how many there were."""
    count = 0
    for path in sorted((folder / FOLDER).glob("*.sealed")):
        found = _NAME.fullmatch(path.name)
        if found is None:
            raise StoreError(f"{path.name} is no file of a participant as an archive holds them")
        sealed, media = path.read_text(), f"{found[3]}/{found[4]}"
        values = {"media": media, "sealed": sealed}
        models.Attachment.objects.get_or_create(
            participant=f"participant:{found[1]}", digest=found[2], defaults=values
        )
        count += 1
    return count
