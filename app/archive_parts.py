"""What the archive, and an archivist's commands beside it, are made of: tables, chain, keys, store, rules."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from app.settings import Settings
from core.ids import CentreId
from core.ports import Clock
from recorder.custody.alone import Alone
from recorder.custody.ledger import CustodyLedger
from recorder.custody.plain import SealedEraser
from recorder.custody.policy import AccessRules, RetentionRule
from recorder.custody.service import Custody
from recorder.sealing.archive import Archive as SealedStore
from recorder.sealing.archive import Place, open_archive
from recorder.sealing.chain import Chain
from recorder.sealing.files import write_whole
from recorder.sealing.keys import KeyRing
from recorder.sealing.signing import SigningKey
from recorder.sealing.worker import Bench
from storage.database import Database
from storage.recordings import StoredRecordings


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveParts:
    """The archive's adapters and services."""

    clock: Clock
    database: Database
    store: StoredRecordings
    chain: Chain
    keys: KeyRing
    sealed: SealedStore
    bench: Bench
    ledger: CustodyLedger
    custody: Custody
    eraser: SealedEraser
    rules: tuple[RetentionRule, ...]
    folders: tuple[Path, ...]
    """Where tracks are, the best writer's first."""


def archive_parts(settings: Settings, database: Database, clock: Clock) -> ArchiveParts:
    """Make them; keys that are not there yet are made. Blocking for an instant.

    Raises:
        OSError: the folder of the keys or of the chain cannot be used.
        ChainBroken: the chain on the disk is not what was written.
    """
    centre, storage = settings.centre.id, settings.storage
    chain = Chain(storage.chain_dir, centre, signing_key(settings))
    keys, place = KeyRing(storage.keys_dir, centre), archive_place(settings)
    sealed, store = open_archive(place), StoredRecordings(database)
    ledger = CustodyLedger(chain, store, clock, Alone(storage.chain_dir / "custody.lock"))
    rules = AccessRules(centre_id=CentreId(centre), recent=timedelta(days=settings.archive.recent_days))
    second = settings.recorder.second_dir
    folders = (storage.recordings_dir, *([second] if second is not None else []))
    return ArchiveParts(
        clock=clock,
        database=database,
        store=store,
        chain=chain,
        keys=keys,
        sealed=sealed,
        bench=Bench(place=place, keys_dir=storage.keys_dir, centre_id=centre),
        ledger=ledger,
        custody=Custody(store, ledger, clock, rules, _Digest(storage.keys_dir / "search.key")),
        eraser=SealedEraser(sealed, folders),
        rules=retention_rules(settings),
        folders=folders,
    )


def signing_key(settings: Settings) -> SigningKey:
    """What the chain of custody is signed with; made where there is none."""
    return SigningKey(settings.storage.keys_dir / f"{settings.centre.id}-signing.pem")


def archive_place(settings: Settings) -> Place:
    """Where sealed recordings are kept."""
    archive = settings.archive
    if not archive.s3_bucket:
        return Place(folder=archive.folder or settings.storage.data_dir / "archive")
    return Place(
        bucket=archive.s3_bucket,
        prefix=archive.s3_prefix,
        endpoint=archive.s3_endpoint,
        region=archive.s3_region,
        access_key=archive.s3_access_key_id,
        secret_key=archive.s3_secret_access_key.get_secret_value(),
    )


def retention_rules(settings: Settings) -> tuple[RetentionRule, ...]:
    """For how long recordings are kept."""
    return tuple(
        RetentionRule(
            keep=timedelta(days=rule.days),
            line=rule.line,
            outcome=rule.outcome,
            with_dossier=rule.with_dossier,
            test=rule.test,
        )
        for rule in settings.archive.retention
    )


class _Digest:
    """Keyed digests of numbers looked for: who has the key can tell whether one was, nobody else can."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            write_whole(file, secrets.token_bytes(32), mode=0o600, new=True)
        self._key = file.read_bytes()

    def __call__(self, number: str) -> str:
        return hmac.new(self._key, number.encode(), sha256).hexdigest()
