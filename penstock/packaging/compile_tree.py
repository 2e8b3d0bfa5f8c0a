"""Compile a folder for Lambda. Runs on Lambda's Python, on its own: ``python3.13 -I compile_tree.py FOLDER TASK_ROOT``.

The .pyc files are of the unchecked-hash kind (PEP 552): Python takes them as they are, whatever time the zip gives the
source. Time-stamped ones would not match after unzipping, and Lambda's folder is read-only: every cold start would compile
everything again. Tracebacks name the file where it will be, below TASK_ROOT, so the folder of the build leaves no trace.

One process, files in order: the marshalled code then has the same bytes every time (with PYTHONHASHSEED=0, set by the caller).
Prints one line for each file that is no Python of this version; such a file keeps its source and has no .pyc.
"""

import py_compile
import sys
from pathlib import Path


def compile_tree(folder: Path, task_root: str) -> list[str]:
    """Compile every .py below ``folder``; the words on those that could not be."""
    refused = []
    for source in sorted(folder.rglob("*.py")):
        name = source.relative_to(folder).as_posix()
        try:
            py_compile.compile(
                str(source),
                dfile=f"{task_root}/{name}",
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except (py_compile.PyCompileError, UnicodeDecodeError, ValueError) as error:
            refused.append(f"{name}: {str(error).strip().splitlines()[-1]}")
    return refused


if __name__ == "__main__":
    print("\n".join(compile_tree(Path(sys.argv[1]), sys.argv[2])), end="")
