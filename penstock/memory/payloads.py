"""S3 as a dict."""

import threading


class MemoryPayloadStore:
    """Bytes under keys."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contents: dict[str, bytes] = {}

    def put(self, key: str, content: bytes) -> None:
        """Keep ``content`` under ``key``; what was there is replaced."""
        with self._lock:
            self._contents[key] = bytes(content)

    def get(self, key: str) -> bytes:
        """What was kept under ``key``; KeyError where nothing was."""
        with self._lock:
            return self._contents[key]

    def delete_under(self, prefix: str) -> list[str]:
        """Forget everything whose key begins with ``prefix``; the keys."""
        with self._lock:
            keys = sorted(key for key in self._contents if key.startswith(prefix))
            for key in keys:
                del self._contents[key]
            return keys
