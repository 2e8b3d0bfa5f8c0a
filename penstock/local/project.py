"""What the local stack must know of a project."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_WEB_PORT = 8000
DEFAULT_MOTO_PORT = 4566


@dataclass(frozen=True, slots=True)
class Project:
    """One project on the local stack. Paths are relative to ``root``, from which every process runs.

    ``app`` is the import path of the WSGI application, ``handler`` and ``reconciler`` those of the Lambda functions, all
    ``module:name`` (without a reconciler, tasks that SQS buries by itself stay as they were); ``buckets`` is environment
    variable -> bucket name; ``environ`` is added to the environment of the web and the workers; a change under ``watch``
    reloads them, of files with one of ``endings`` only, where there are any. Without ``health``, a path that is answered with
    200, the web counts as up once the application is imported.
    """

    root: Path
    app: str
    handler: str
    reconciler: str = ""
    queues: Path = Path("infra/terraform/queues.auto.tfvars.json")
    prefix: str = "penstock-local"
    health: str = "/health"
    buckets: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    watch: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The name of the table of outcomes."""
        return f"{self.prefix}-tasks"

    @property
    def payload_bucket(self) -> str:
        """The name of the bucket for large results and arguments."""
        return f"{self.prefix}-payloads"

    @property
    def queue_list(self) -> Path:
        """The queue list's file."""
        return self.root / self.queues

    @property
    def watched(self) -> list[Path]:
        """The folders whose changes reload the web and the workers, those that exist."""
        return [self.root / folder for folder in self.watch if (self.root / folder).exists()]
