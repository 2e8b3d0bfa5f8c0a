"""Programs that must end by themselves."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def run_to_its_end(command: Sequence[str | Path], environ: Mapping[str, str], *, cwd: Path | None = None) -> int:
    """Run ``command`` on this terminal; its exit code.

    Ctrl-C reaches the program too, and it is waited for: subprocess.run would kill it a moment later, and a Terraform that is
    killed forgets what it was just making. KeyboardInterrupt is raised when it has ended.
    """
    interrupted: KeyboardInterrupt | None = None
    with subprocess.Popen(list(command), env=dict(environ), cwd=cwd) as process:
        while True:
            try:
                exit_code = process.wait()
                break
            except KeyboardInterrupt as interrupt:
                interrupted = interrupt
    if interrupted is not None:
        raise interrupted
    return exit_code
