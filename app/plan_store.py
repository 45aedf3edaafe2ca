"""Versions of the plan on disk: numbered files that never change, and orders that say which is in force.

``plans/0003.yaml`` is version 3; ``plans/orders.json`` lists activations, the latest last. Version 0 is the
plan that ships with the program. All is written aside first, then put in place in one step.
"""

import contextlib
import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from app.plan import SHIPPED
from core.errors import BandeauError

_MOST_ORDERS: Final = 1_000
_FILE: Final = re.compile(r"(\d{4,9})\.yaml")


class PlanError(BandeauError):
    """What was asked of the plans cannot be done. The text says why, and what to do."""

    code = "plan"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanOrder:
    """From an instant on, a version is in force, with a surge laid over it or none (empty)."""

    at: datetime
    version: int
    surge: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version on disk."""

    version: int
    digest: str
    published_at: datetime
    octets: int


class PlanStore:
    """The plans of one centre. Several processes may use it: the core reads, the command line writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._orders = folder / "orders.json"

    # --- versions ---------------------------------------------------------------------------------------

    def versions(self) -> list[StoredVersion]:
        """Every published version, oldest first."""
        found = []
        for file in self._folder.glob("*.yaml"):
            if match := _FILE.fullmatch(file.name):
                text, stat = file.read_bytes(), file.stat()
                at = datetime.fromtimestamp(stat.st_mtime, UTC)
                found.append(StoredVersion(int(match[1]), hashlib.sha256(text).hexdigest(), at, len(text)))
        return sorted(found, key=lambda each: each.version)

    def text(self, version: int) -> bytes:
        """What a version says.

        Raises:
            PlanError: there is no such version, or it cannot be read.
        """
        file = SHIPPED if version == 0 else self._file(version)
        try:
            return file.read_bytes()
        except OSError as error:
            raise PlanError(f"plan version {version} cannot be read: {error.strerror}") from error

    def publish(self, text: bytes) -> int:
        """Keep a plan, checked before, as a new version. The same text as the latest is that version."""
        self._folder.mkdir(parents=True, exist_ok=True)
        versions = self.versions()
        if versions and versions[-1].digest == hashlib.sha256(text).hexdigest():
            return versions[-1].version
        version = versions[-1].version + 1 if versions else 1
        while True:
            try:
                self._put_new(self._file(version), text)
            except FileExistsError:  # somebody else publishes at this very moment
                version += 1
            else:
                return version

    # --- orders -----------------------------------------------------------------------------------------

    def stamp(self) -> tuple[int, int]:
        """Changes whenever the orders do; cheap to ask."""
        with contextlib.suppress(OSError):
            stat = self._orders.stat()
            return stat.st_mtime_ns, stat.st_ino
        return 0, 0

    def orders(self) -> list[PlanOrder]:
        """All orders, in the order they were given.

        Raises:
            PlanError: the file was damaged.
        """
        try:
            return [
                PlanOrder(
                    at=datetime.fromisoformat(entry["at"]).astimezone(UTC),
                    version=int(entry["version"]),
                    surge=str(entry["surge"]),
                    by=str(entry["by"]),
                )
                for entry in json.loads(self._orders.read_bytes())
            ]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PlanError(
                f"{self._orders} cannot be read ({error}): put it right, or activate a version again"
            ) from error

    def wanted(self, now: datetime) -> PlanOrder | None:
        """The order in force at an instant: of those due, the one due last. ``None``: no order yet."""
        due = [order for order in self.orders() if order.at <= now]
        return max(enumerate(due), key=lambda each: (each[1].at, each[0]))[1] if due else None

    def planned(self, now: datetime) -> list[PlanOrder]:
        """The orders yet to come."""
        return sorted((o for o in self.orders() if o.at > now), key=lambda order: order.at)

    def order(self, order: PlanOrder) -> None:
        """Give an order."""
        try:
            orders = self.orders()
        except PlanError:
            orders = []  # damaged: what is in force stays, and this order begins the list anew
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = [*orders, order][-_MOST_ORDERS:]
        entries = [{**asdict(each), "at": each.at.isoformat()} for each in kept]
        draft = self._orders.with_suffix(f".{os.getpid()}")
        with draft.open("w") as file:
            json.dump(entries, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._orders)

    def before(self, now: datetime) -> PlanOrder | None:
        """The version in force before the present one, without surge: where a rollback goes."""
        present = self.wanted(now)
        if present is None:
            return None
        others = [o for o in self.orders() if o.at <= now and o.version != present.version]
        version = others[-1].version if others else 0
        return None if version == present.version else PlanOrder(at=now, version=version)

    def _file(self, version: int) -> Path:
        return self._folder / f"{version:04}.yaml"

    def _put_new(self, file: Path, text: bytes) -> None:
        draft = self._folder / f".{os.getpid()}.new"
        with draft.open("wb") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(draft, file)  # refuses where the file exists: a version never changes
            file.chmod(0o444)
        finally:
            draft.unlink()
