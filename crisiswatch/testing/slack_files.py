"""The files of a fake Slack: an address to upload to, the upload, its end, and the processing that takes its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crisiswatch.testing.slack_limits import files_of

__all__ = ["FakeFile", "FakeFiles"]

_PNG = b"\x89PNG\r\n\x1a\n"

Json = dict[str, Any]


@dataclass(slots=True)
class FakeFile:
    """A file as it stands: ``looks`` are how often it is asked for until it is processed."""

    id: str
    length: int
    looks: int
    content: bytes = b""
    complete: bool = False

    @property
    def ready(self) -> bool:
        """Whether a message may show it."""
        return self.complete and self.looks <= 0


class FakeFiles:
    """Files by id. A new one is processed after it was asked for ``slow`` times; ``broken`` ones never can be shown."""

    def __init__(self) -> None:
        self.slow = 1
        self.broken = False
        self.kept: dict[str, FakeFile] = {}

    def begin(self, arguments: Mapping[str, Any], url: str) -> Json:
        """files.getUploadURLExternal."""
        length = int(arguments.get("length") or 0)
        if not arguments.get("filename") or length <= 0:
            return {"ok": False, "error": "invalid_arguments"}
        name = f"F{len(self.kept) + 1:09}"
        self.kept[name] = FakeFile(name, length, self.slow)
        return {"ok": True, "file_id": name, "upload_url": f"{url}upload/{name}"}

    def put(self, name: str, content: bytes) -> bool:
        """The upload itself; whether there was an address for it."""
        file = self.kept.get(name)
        if file is None:
            return False
        file.content = content
        return True

    def complete(self, arguments: Mapping[str, Any]) -> Json:
        """files.completeUploadExternal: each file once, and only what was uploaded whole."""
        found = [self.kept.get(str(each.get("id"))) for each in arguments.get("files") or ()]
        files = [file for file in found if file is not None and len(file.content) == file.length and not file.complete]
        if not files or len(files) != len(found):
            return {"ok": False, "error": "file_not_found"}
        for file in files:
            file.complete = True
        return {"ok": True, "files": [{"id": file.id, "title": "chart.png"} for file in files]}

    def info(self, arguments: Mapping[str, Any]) -> Json:
        """files.info: the type is known once the file is processed."""
        file = self.kept.get(str(arguments.get("file")))
        if file is None or not file.complete:
            return {"ok": False, "error": "file_not_found"}
        file.looks -= 1
        kind = "image/png" if file.content.startswith(_PNG) else "application/octet-stream"
        return {"ok": True, "file": {"id": file.id, "mimetype": kind if file.ready else ""}}

    def error(self, blocks: Sequence[Mapping[str, Any]]) -> str | None:
        """``invalid_blocks`` for blocks that show a file which is not there, not ready, or no picture."""
        for name in files_of(blocks):
            file = self.kept.get(name)
            if self.broken or file is None or not file.ready or not file.content.startswith(_PNG):
                return "invalid_blocks"
        return None
