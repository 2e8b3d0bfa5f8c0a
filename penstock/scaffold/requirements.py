"""lambdas/requirements.in: what the workers need, from what the project's own sources import."""

import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from penstock import __version__
from penstock.packaging.sources import OURS, follow

_HEAD = """\
# What the workers need beside your own code: what it imports, in the versions that are installed here. What only a URL names
# (a database driver, say) cannot be seen: add it. Lock it, and `flask penstock package` takes the lock:
#   uv pip compile lambdas/requirements.in --universal --generate-hashes -o lambdas/requirements.txt
"""


def requirements(root: Path, modules: Iterable[str]) -> str:
    """The file's text, for workers that import ``modules`` of the project at ``root``."""
    tops = {name.partition(".")[0] for name in modules}
    found = follow(root, sorted(tops))
    foreign = {name.partition(".")[0] for name in found.imports} - found.paths.keys() - sys.stdlib_module_names - {OURS}
    known = metadata.packages_distributions()
    names = {distribution for module in foreign for distribution in known.get(module, ())} | {"Flask"}
    lines = [f"penstock[aws,flask]=={__version__}"]
    lines += [f"{name.lower()}=={metadata.version(name)}" for name in sorted(names, key=str.lower) if name != OURS]
    return _HEAD + "".join(f"{line}\n" for line in lines)
