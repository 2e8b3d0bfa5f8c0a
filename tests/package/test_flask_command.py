"""The library's own wheel, installed: Flask finds ``flask penstock dev`` in it."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from penstock.packaging.install import pip_environment
from tools.project import ROOT


def test_an_installed_wheel_gives_flask_the_command_dev_before_there_is_an_app(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path / "wheels", ROOT]
    subprocess.run(build, env=pip_environment(), check=True)
    [wheel] = (tmp_path / "wheels").glob("*.whl")
    venv.create(tmp_path / "venv", symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    folder = sysconfig.get_path("purelib", vars={"base": str(tmp_path / "venv")})
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel]
    subprocess.run(install, env=pip_environment(), check=True)
    # Flask and all else come from the environment of the tests.
    Path(folder, "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FLASK_"))}
    command = [python, "-m", "flask", "penstock", "--help"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert "\n  dev " in done.stdout, done.stderr
    assert "Could not locate a Flask application" in done.stdout
