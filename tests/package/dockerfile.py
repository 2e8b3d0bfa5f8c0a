"""A Dockerfile as values, and what its steps make of a folder: where there is no Docker, its lines are run all the same.

It knows what our Dockerfile uses, and refuses the rest. The format: https://docs.docker.com/reference/dockerfile/
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

_IGNORED = frozenset({"EXPOSE", "STOPSIGNAL", "VOLUME"})  # for whoever runs the image
_TOP_FOLDERS = re.compile(r"(?<![\w.-])/(?=(?:venv|app|tmp)\b)")


@dataclass(frozen=True)
class Stage:
    """``instructions`` are (keyword, the rest), comments and line ends left out, those of the stages below first."""

    base: str
    instructions: tuple[tuple[str, str], ...]

    def all(self, keyword: str) -> list[str]:
        """The texts of every ``keyword``."""
        return [text for name, text in self.instructions if name == keyword]

    def last(self, keyword: str) -> str:
        """The text of the last ``keyword``, which is the one that counts; empty where there is none."""
        return (self.all(keyword) or [""])[-1]

    def settings(self) -> "Stage":
        """The stage without what makes files."""
        return replace(self, instructions=tuple(line for line in self.instructions if line[0] not in ("COPY", "RUN")))

    def command(self, keyword: str) -> list[str]:
        """The words of ENTRYPOINT, CMD or HEALTHCHECK, which must be in exec form."""
        text = self.last(keyword)
        words: list[str] = json.loads(text[text.index("[") :]) if text else []
        return words


def stages(text: str) -> dict[str, Stage]:
    """Name -> stage. A stage ``FROM`` another begins with all of that one's instructions."""
    found: dict[str, Stage] = {}
    arguments: dict[str, str] = {}
    name = ""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in filter(None, (part.strip() for part in lines.replace("\\\n", " ").splitlines())):
        keyword, _, rest = line.partition(" ")
        rest = " ".join(rest.split())
        if keyword == "ARG":
            arguments.update([rest.split("=", 1)])
        elif keyword == "FROM":
            base, _, name = rest.partition(" AS ")
            base = re.sub(r"\$\{(\w+)\}", lambda match: arguments[match[1]], base)
            found[name] = found.get(base, Stage(base, ()))
        else:
            found[name] = replace(found[name], instructions=(*found[name].instructions, (keyword, rest)))
    return found


def context(root: Path) -> list[Path]:
    """The files of ``root``, relative to it, that .dockerignore lets Docker see."""
    rules = [line for line in (root / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    # Nothing but what is let in again by name can be seen: the rest of a checkout need not be walked through.
    tops = [root / rule[1:] for rule in rules if rule[0] == "!"]
    files = [file for top in tops for file in ([top] if top.is_file() else top.rglob("*")) if file.is_file()]
    return [file.relative_to(root) for file in files if _is_seen(file.relative_to(root), rules)]


def _is_seen(path: Path, rules: list[str]) -> bool:
    names = [str(path), *(str(parent) for parent in path.parents)][:-1]
    seen = True
    for rule in rules:  # the last that fits decides
        pattern = rule.removeprefix("!").removeprefix("**/")
        tried = [name.rsplit("/", 1)[-1] for name in names] if "**/" in rule else names
        if any(fnmatchcase(name, pattern) for name in tried):
            seen = rule[0] == "!"
    return seen


@dataclass
class Container:
    """A file system at ``root``, with the environment and the folder that its instructions have set so far."""

    root: Path
    environ: dict[str, str]
    folder: str = "/"
    user: str = ""
    earlier: dict[str, Path] = field(default_factory=dict)

    def apply(self, stage: Stage, source: Path) -> None:
        """Carry the instructions of ``stage`` out; ``source`` is the folder that is built from."""
        seen = context(source)
        for keyword, text in stage.instructions:
            match keyword:
                case "WORKDIR":
                    self.folder = text
                    self.at(text).mkdir(parents=True, exist_ok=True)
                case "ENV":
                    for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', text):
                        self.environ[name] = os.path.expandvars(self.placed(value.strip('"'))).replace(
                            "$PATH", self.environ["PATH"]
                        )
                case "USER":
                    self.user = text
                case "COPY":
                    self._copy(text, source, seen)
                case "RUN":
                    subprocess.run(
                        self.placed(text), shell=True, cwd=self.at(self.folder), env=self.environ, check=True
                    )
                case "ENTRYPOINT" | "CMD" | "HEALTHCHECK":
                    pass
                case _ if keyword not in _IGNORED:
                    raise ValueError(f"the tests do not know what {keyword} does")

    def at(self, path: str) -> Path:
        """Where ``path`` of the container lies here."""
        return self.root / path.lstrip("/")

    def placed(self, text: str) -> str:
        """``text`` with the container's absolute paths as they are here."""
        return _TOP_FOLDERS.sub(f"{self.root}/", text)

    def _copy(self, text: str, source: Path, seen: list[Path]) -> None:
        start, *others = text.split()
        if start.startswith("--from="):
            where, to = others
            shutil.copytree(self.earlier[start[7:]] / where.lstrip("/"), self.at(to), symlinks=True, dirs_exist_ok=True)
            return
        files = [file for file in seen if file.is_relative_to(start)]
        assert files, f"COPY {start}: .dockerignore hides it"
        for file in files:
            target = (
                self.at(self.folder) / others[0] / file.relative_to(start)
                if file != Path(start)
                else self.at(self.folder) / start
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / file, target)


def build(text: str, target: str, source: Path, root: Path, environ: Mapping[str, str]) -> Container:
    """What `docker build --target` would make of ``source``, at ``root``; ``environ`` stands for the base image's."""
    known = stages(text)
    builder = Container(root, dict(environ))
    builder.apply(known["build"], source)
    kept = root.with_name(f"{root.name}-build")
    root.rename(kept)  # the next stage begins empty, at the same place: nothing is there that is not copied
    made = Container(root, dict(environ), earlier={"build": kept})
    root.mkdir()
    made.apply(known[target], source)
    return made
