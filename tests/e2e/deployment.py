"""A stage of this project on the emulator, by the commands that a user would type, in a throwaway copy of the project."""

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from penstock.local.environment import local_environment
from penstock.local.process import Child, Program
from penstock.local.ready import answers
from penstock.local.sockets import HOST, listen
from tests.e2e.emulator import Emulator
from tests.e2e.stages import Ended, Journal, Shell
from tests.e2e.terraform import Terraform

STAGE = "dev"  # the one whose settings ship
TOKEN = "the-token-of-the-end-to-end-tests"
SECRET_KEY = "0123456789abcdef" * 4
CHANGE = "the second version"
MAIL_SENDER = "post@example.com"
ON_CALL = "oncall@example.com"
PLUGINS = "PENSTOCK_TF_PLUGIN_DIR"
_ENQUEUE = """
import json, sys, tasks
from penstock.aws import connect
connect(tasks.tasks)
print(getattr(tasks, sys.argv[1]).enqueue(**json.loads(sys.argv[2])).id)
"""
# Lambda takes long where the machine has two processors and runs the emulator and Terraform as well.
_UP_SECONDS, _DOWN_SECONDS = 400.0, 300.0


@dataclass(frozen=True, slots=True)
class Deployment:
    """The stage; ``project`` is the copy."""

    shell: Shell
    project: Path

    @classmethod
    def of(cls, project: Path, emulator: Emulator, journal: Journal) -> "Deployment":
        """Nothing is deployed yet: only the stage's variables are written."""
        root = project / "infra" / "terraform"
        # As docs/deploy.md says for a stage that is not to last: what protects data would also keep `destroy` from working.
        variables = (
            f'deletion_protection = false\nmail_sender = "{MAIL_SENDER}"\nalarms = {{ emails = ["{ON_CALL}"] }}\n'
        )
        (root / f"{STAGE}.tfvars").write_text(variables, encoding="utf-8")
        return cls(Shell(project, environment(emulator), journal), project)

    @property
    def terraform(self) -> Terraform:
        """Terraform on the stage's state."""
        return Terraform(self.shell, self.project / "infra" / "terraform", STAGE)

    def up(self) -> Ended:
        """``make deploy STAGE=dev``."""
        return self.shell.run(*self._tool("up"), timeout=_UP_SECONDS)

    def down(self) -> Ended:
        """``make destroy STAGE=dev``."""
        return self.shell.run(*self._tool("down", "--yes"), timeout=_DOWN_SECONDS)

    def up_interrupted(self, after: str) -> Ended:
        """``make deploy STAGE=dev``, and Ctrl-C as soon as a line contains ``after``."""
        return self.shell.run(*self._tool("up"), timeout=_UP_SECONDS, interrupt_after=after)

    def worker_roles(self) -> list[str]:
        """The names of the workers' roles."""
        return [worker["role_arn"].rpartition("/")[2] for worker in self.terraform.output("workers").values()]

    def reconciler_role(self) -> str:
        """The name of the reconciler's role."""
        return str(self.terraform.output("reconciler")["role_arn"]).rpartition("/")[2]

    def change_web(self) -> None:
        """A change of the web app's code, as a developer would make it: seen on the sign-in page."""
        page = self.project / "flask_app" / "templates" / "sign_in.html"
        before = page.read_text(encoding="utf-8")
        page.write_text(before.replace("<form", f"<!-- {CHANGE} --><form", 1), encoding="utf-8")

    def web_environment(self) -> dict[str, str]:
        """What Zappa gives to the web's function, for a process of ours that does the same."""
        settings = json.loads((self.project / "build" / STAGE / "zappa_settings.json").read_text(encoding="utf-8"))
        digest = hashlib.sha256(TOKEN.encode()).hexdigest()
        secrets = {"PENSTOCK_WEB_TOKEN_SHA256": digest, "FLASK_SECRET_KEY": SECRET_KEY}
        return {**settings[STAGE]["aws_environment_variables"], **secrets, "ALLOWED_HOSTS": HOST}

    def gunicorn(self) -> tuple[Child, str]:
        """gunicorn with the web app, ready to serve, and its URL; whoever asked stops it."""
        listener = listen(0, setting="PORT", what="gunicorn")
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        command = (sys.executable, "-m", "gunicorn", "flask_app.wsgi:app", "--workers", "1", "--threads", "4")
        program = Program(
            "gunicorn",
            (*command, "--bind", f"fd://{listener.fileno()}"),
            {**self.shell.environ, **self.web_environment()},
            self.project,
            ready=answers(f"{url}/health"),
            descriptors=(listener.fileno(),),
        )
        with listener:
            child = Child(program, self.shell.journal)
            child.wait_until_ready()
        return child, url

    def penstock(self, *arguments: str) -> Ended:
        """``flask penstock …`` with the web's environment: what an operator types."""
        shell = Shell(self.project, {**self.shell.environ, **self.web_environment()}, self.shell.journal)
        return shell.run(sys.executable, "-m", "flask", "--app", "flask_app.wsgi", "penstock", *arguments)

    def enqueue(self, task: str, **arguments: object) -> str:
        """Enqueue a task of the project as another program of it would, with the web's environment; the task's id."""
        shell = Shell(self.project, {**self.shell.environ, **self.web_environment()}, self.shell.journal)
        return shell.run(sys.executable, "-c", _ENQUEUE, task, json.dumps(arguments)).expect(0).last_line

    def _tool(self, action: str, *options: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "tools.deploy", action, "--stage", STAGE, "--json", *options)


def environment(emulator: Emulator) -> dict[str, str]:
    """The shell of somebody who deploys: the emulator is AWS, and the variables of whoever runs this are out of the way."""
    environ = local_environment(os.environ, emulator.endpoint)
    for name in [name for name in environ if name.startswith("TF_")]:
        del environ[name]
    return environ | {
        "AWS_CA_BUNDLE": str(emulator.certificate),
        "SSL_CERT_FILE": str(emulator.bundle),  # pip needs the others beside it
        "PENSTOCK_WEB_TOKEN": TOKEN,
        "FLASK_SECRET_KEY": SECRET_KEY,
        # The provider waits 25 s for whatever it does to a queue: so everything at once.
        **{f"TF_CLI_ARGS_{command}": "-no-color -parallelism=40" for command in ("apply", "destroy")},
        **{f"TF_CLI_ARGS_{command}": "-no-color" for command in ("init", "plan")},
        **({PLUGINS: os.environ[PLUGINS]} if os.environ.get(PLUGINS) else {}),
    }
