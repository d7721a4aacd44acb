"""The broker of a machine without Redis: one folder, one file per message.

Kombu's own filesystem transport writes into the file that readers already see, so a worker that looks in
that instant reads half a message and dies. Here a message appears, and is taken, by one atomic rename.
"""

import json
import logging
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import virtual

logger = logging.getLogger(__name__)


class Channel(virtual.Channel):
    """Queues as files `<time>-<unique>.<queue>.msg` in the transport option `folder`, oldest first."""

    @property
    def folder(self) -> Path:
        folder = Path(self.connection.client.transport_options["folder"])
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def _put(self, queue: str, message: dict[str, Any], **_options: Any) -> None:
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}.{queue}.msg"
        try:
            draft = self.folder / f".{name}"
            draft.write_text(json.dumps(message))
            draft.rename(self.folder / name)
        except OSError as error:
            raise ChannelError(f"Cannot queue a message in the folder broker: {error}") from error

    def _get(self, queue: str) -> dict[str, Any]:
        for path in self._messages(queue):
            taken = path.with_name(f".taken-{path.name}")
            try:
                path.rename(taken)
            except FileNotFoundError:
                continue  # another worker was faster
            text = taken.read_text(errors="replace")
            taken.unlink()
            try:
                return json.loads(text)
            except ValueError:
                logger.exception("Dropped a damaged message, %s", path.name)
        raise Empty

    def _messages(self, queue: str) -> list[Path]:
        return sorted(path for path in self.folder.glob(f"*.{queue}.msg") if not path.name.startswith("."))

    def _size(self, queue: str) -> int:
        return len(self._messages(queue))

    def _purge(self, queue: str) -> int:
        messages = self._messages(queue)
        for path in messages:
            path.unlink(missing_ok=True)
        return len(messages)


class Transport(virtual.Transport):
    """Folder transport: direct exchanges only; several workers may share the folder."""

    implements = virtual.Transport.implements.extend(asynchronous=False, exchange_type=frozenset(["direct", "topic"]))
    Channel = Channel
    global_state = virtual.BrokerState()
    default_port = 0
    driver_type = "folder"
    driver_name = "folder"

    def driver_version(self) -> str:
        return "1"
