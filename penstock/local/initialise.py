"""``flask penstock init``: look at the app, name things, write what is missing, and say what comes next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from penstock.local.environment import local_environment
from penstock.local.survey import Survey, look
from penstock.local.task_queues import queues_for
from penstock.queue_list import QueueList
from penstock.scaffold import writing
from penstock.scaffold.failure import ScaffoldError
from penstock.scaffold.names import Names, checked_path, checked_project, path_of_app, project_name, usual_tasks
from penstock.scaffold.record import gone, record
from penstock.scaffold.render import MODULES, TERRAFORM, File, files, lines_to_add
from penstock.scaffold.requirements import requirements
from penstock.scaffold.writing import State, difference

_NOWHERE = "http://127.0.0.1:1"  # the app is looked at and asks nothing


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says. ``app`` is FLASK_APP's value; "" for what is to be found."""

    root: Path
    app: str = ""
    tasks: str = ""
    project: str = ""
    upgrade: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of each file, and what its reader should know."""

    root: Path
    names: Names
    files: tuple[File, ...]
    states: Mapping[str, State]
    survey: Survey

    @property
    def left(self) -> list[File]:
        """Those that are there and others."""
        return [file for file in self.files if self.states[file.path] in (State.DIFFERENT, State.OUTDATED)]

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "project": self.names.project,
            "app": self.names.app,
            "tasks": self.names.tasks,
            "app_error": self.survey.error or None,
            "files": [{"path": file.path, "state": self.states[file.path]} for file in self.files],
            "next": self.next_commands(),
        }

    def differences(self) -> Iterator[str]:
        """Unified diffs of those that were left, from what is there to what Penstock would write."""
        for file in self.left:
            yield from difference(self.root, file)
        if not self.left:
            yield "what is there is as Penstock would write it"

    def words(self, *, dry_run: bool) -> Iterator[str]:
        """All of it for a person, a line each."""
        yield from self._listed("would be written" if dry_run else "written")
        yield ""
        if not self.survey.penstock:
            yield from self._guessed()
        init = f"flask --app {self.names.app} penstock init"
        if any(state is State.DIFFERENT for state in self.states.values()):
            yield f"What differs is yours and was left as it is. To see how: {init} --diff"
        if any(state is State.OUTDATED for state in self.states.values()):
            yield f"What is outdated is from an earlier Penstock. To replace it: {init} --upgrade"
        yield "Next:"
        yield from (f"  {command}" for command in self.next_commands())

    def next_commands(self) -> list[str]:
        """What to run, in this order."""
        app = f"flask --app {self.names.app} penstock"
        return [
            f"{app} dev",
            f"{app} package",
            f"terraform -chdir={TERRAFORM} init",
            f"terraform -chdir={TERRAFORM} apply -var stage=dev",
        ]

    def _listed(self, written: str) -> Iterator[str]:
        said = {state: written if state is State.WRITTEN else state.value for state in State}
        width = max(map(len, said.values()))
        for file in self.files:
            state = self.states[file.path]
            if not file.ours or state is State.DIFFERENT:
                yield f"{said[state]:{width}}  {file.path}"
        for state in (state for state in State if state is not State.DIFFERENT):
            count = sum(file.ours and self.states[file.path] is state for file in self.files)
            if count:
                yield f"{said[state]:{width}}  {MODULES}/ ({count} files)"

    def _guessed(self) -> Iterator[str]:
        if self.survey.app:
            yield from lines_to_add(self.names).splitlines()
        else:
            yield f"The app was not looked at: {self.survey.error}"
            yield f"So {self.names.tasks} is a guess (--tasks names another), and the list of queues has one queue, default."
        yield ""


def initialise(asked: Asked, environ: Mapping[str, str], *, write: bool) -> Outcome:
    """Do it, or say what would be done; ScaffoldError where nothing can be written."""
    found = _looked_at(asked, environ)
    names = _names(asked, found)
    queues = queues_for(found.tasks)
    QueueList.from_text(queues, source="the list of queues that your tasks need")
    modules = [path.partition(":")[0] for path in (names.app, names.tasks)]
    made = [*files(names, queues=queues, requirements=requirements(asked.root, modules))]
    made += [record(made), *gone(asked.root, made)]
    put = writing.write if write else writing.states
    return Outcome(asked.root, names, tuple(made), put(asked.root, made, upgrade=asked.upgrade), found)


def _looked_at(asked: Asked, environ: Mapping[str, str]) -> Survey:
    chosen = {"PENSTOCK_LOCAL": "1", **({"FLASK_APP": asked.app} if asked.app else {})}
    return look(asked.root, {**local_environment(environ, _NOWHERE), **chosen}, connected=False)


def _names(asked: Asked, found: Survey) -> Names:
    app = found.app or path_of_app(asked.app)
    if not app:
        why = found.error or "its factory takes arguments, or is made in place"
        raise ScaffoldError(
            f"the workers need the name of your app or of its factory ({why.rstrip('.')}). Name it, as in "
            "`flask --app shop:create_app penstock init`. Nothing was written"
        )
    tasks = asked.tasks or found.penstock or usual_tasks(app, asked.root)
    project = asked.project or project_name(asked.root)
    return Names(checked_project(project), app, checked_path(tasks, "--tasks"))
