"""``flask penstock dev``: the local stack of any Flask project."""

import shlex
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from penstock.local.dev import exports, keep_up, terminal_log
from penstock.local.environment import local_environment
from penstock.local.function import require_handler
from penstock.local.project import DEFAULT_MOTO_PORT, DEFAULT_WEB_PORT, Project
from penstock.local.provision import variables
from penstock.local.sockets import HOST
from penstock.local.stack import Stack
from penstock.local.survey import Survey, survey
from penstock.local.task_queues import queues_for
from penstock.queue_list import QueueList

USUAL_QUEUES = Path("infra/terraform/queues.auto.tfvars.json")
_ENDINGS = (".py", ".html", ".jinja", ".jinja2")  # not all: an app may write into its own folder


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says. ``app`` is FLASK_APP's value, "" for Flask's own choice; ``queues`` None: the usual file,
    if it is there; ``handler`` "": that of lambdas/worker.py if it is there, else a built-in one.
    """

    root: Path
    app: str = ""
    handler: str = ""
    queues: Path | None = None
    port: int = DEFAULT_WEB_PORT
    moto_port: int = DEFAULT_MOTO_PORT

    @property
    def handlers(self) -> tuple[str, str]:
        """The import paths of the worker and the reconciler: as far as they are there, those that will run at Lambda."""
        worker = self.handler or _theirs(self.root, "worker") or "penstock.local.flask_worker:handler"
        return worker, _theirs(self.root, "reconciler") or "penstock.local.flask_reconciler:handler"

    @property
    def queue_file(self) -> Path | None:
        """The file to read; None where there is none and none was named."""
        if self.queues is not None:
            return self.queues
        return USUAL_QUEUES if (self.root / USUAL_QUEUES).exists() else None

    def env_command(self, moto_port: int) -> str:
        """The command that prints the environment of this very stack."""
        app = ["--app", self.app] if self.app else []
        queues = ["--queues", str(self.queues)] if self.queues is not None else []
        port = [] if moto_port == DEFAULT_MOTO_PORT else ["--moto-port", str(moto_port)]
        return shlex.join(["flask", *app, "penstock", "dev", *queues, *port, "--env"])


def _theirs(root: Path, function: str) -> str:
    return f"lambdas.{function}:handler" if (root / "lambdas" / f"{function}.py").is_file() else ""


def dev(asked: Asked, environ: Mapping[str, str]) -> None:
    """Keep the stack up until Ctrl-C or SIGTERM. ConfigurationError and StackError say what to do."""
    with _found(asked, environ) as (project, found):
        log = terminal_log()
        stack = Stack(
            project,
            environ,
            log,
            web_port=asked.port,
            moto_port=asked.moto_port,
            settings=("--port", "--moto-port"),
        )
        keep_up(stack, log, _words(asked, project, found, stack))


def environment(asked: Asked, environ: Mapping[str, str]) -> Iterator[str]:
    """Shell commands that make a terminal part of the running stack; ConfigurationError where none runs."""
    with _found(asked, environ) as (project, _):
        yield from exports(project, environ, _endpoint(asked))


@contextmanager
def _found(asked: Asked, environ: Mapping[str, str]) -> Iterator[tuple[Project, Survey]]:
    """The project, with a list of queues made for the time if it has none, and what its app is like."""
    if asked.handler:
        require_handler(asked.handler)
    handler, reconciler = asked.handlers
    with tempfile.TemporaryDirectory(prefix="penstock-") as folder:
        file = asked.queue_file
        project = Project(
            asked.root,
            app="penstock.local.flask_web:app",
            handler=handler,
            reconciler=reconciler,
            queues=file or Path(folder, "queues.json"),
            health="",
            environ={"PENSTOCK_LOCAL": "1", **({"FLASK_APP": asked.app} if asked.app else {})},
            watch=(".",),
            endings=_ENDINGS,
        )
        base = {**local_environment(environ, _endpoint(asked)), **project.environ}
        if file is not None:
            yield project, survey(asked.root, {**base, **_planned(project, _endpoint(asked))}, connected=True)
        else:
            found = survey(asked.root, base, connected=False)
            text = queues_for(found.tasks)
            QueueList.from_text(text, source="the list of queues that your tasks need")
            project.queue_list.write_text(text, encoding="utf-8")
            yield project, found


def _planned(project: Project, endpoint: str) -> dict[str, str]:
    """The variables as they will be, with URLs that are not there yet: enough to connect, which makes no request."""
    queues = QueueList.read(project.queue_list)
    urls = {entry.name: f"{endpoint}/{entry.physical_name(project.prefix)}" for entry in queues.queues.values()}
    return variables(project, queues, urls)


def _words(asked: Asked, project: Project, found: Survey, stack: Stack) -> Iterator[str]:
    if found.dashboard:
        yield f"the dashboard is at {stack.web_url}{found.dashboard}/"
    if asked.queue_file is None:
        for entry in QueueList.read(project.queue_list).queues.values():
            work = f"batch_size {entry.batch_size}" if entry.has_function else f"worker {entry.worker}"
            yield (
                f"queue {entry.name}: time_limit {entry.time_limit} s, {work}, max_receive_count "
                f"{entry.max_receive_count}; made from your tasks, for there is no {USUAL_QUEUES}"
            )
        yield "a task on a queue that is not among them needs a new start"
    moto_port = int(stack.endpoint.rsplit(":", 1)[-1])
    yield f'in another terminal: eval "$({asked.env_command(moto_port)})" && flask penstock stats'


def _endpoint(asked: Asked) -> str:
    return f"http://{HOST}:{asked.moto_port}"
