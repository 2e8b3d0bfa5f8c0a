#!/bin/sh
# Make .venv, or bring it up to date with requirements-dev.txt. `make venv` calls this; it does nothing when nothing changed.
#
# PYTHON names the interpreter to use, else the first of python3.13, python3.12, python3.11, python3 that can do it is taken.
set -eu
cd "$(dirname "$0")/.."

venv=.venv
lock=requirements-dev.txt
installed=$venv/installed-$lock          # a copy of the lock, written last: an interrupted installation is not taken for a finished one

# pip must not be led out of .venv by the settings of whoever runs this.
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

# Prints "3.12.1 <base prefix>" for an interpreter that can make .venv, else the reason why it cannot, and fails.
examine() {
    "$1" - <<'PY' 2>/dev/null || { [ $? -eq 3 ] || echo "does not run"; return 1; }
import sys
version = "%d.%d.%d" % sys.version_info[:3]
if sys.version_info < (3, 11):
    print("is Python " + version)
    sys.exit(3)
try:
    import ensurepip, venv
except ImportError:
    print("is Python %s without the venv module; on Debian and Ubuntu: apt install python%d.%d-venv" % ((version,) + sys.version_info[:2]))
    sys.exit(3)
print(version, getattr(sys, "base_prefix", sys.prefix))
PY
}

find_python() {
    found=
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        if ! command -v "$candidate" >/dev/null 2>&1; then
            found="$found  $candidate: not found
"
        elif about=$(examine "$candidate"); then
            python=$candidate
            return
        else
            found="$found  $candidate: $about
"
        fi
    done
    {
        echo "Penstock needs Python 3.11 or newer, and none of these will do:"
        printf '%s' "$found"
        echo "Install one, or name one: make venv PYTHON=/path/to/python3.12"
    } >&2
    exit 1
}

# Whether .venv runs, and runs on PYTHON if that was named.
usable() {
    [ -x $venv/bin/python ] || return 1
    actual=$(examine $venv/bin/python) || return 1
    [ -z "${PYTHON:-}" ] || [ "$(examine "$PYTHON")" = "$actual" ]
}

if ! usable; then
    find_python
    echo "Setting up $venv with $python, Python $about (once, about half a minute) ..."
    rm -rf $venv
    "$python" -m venv $venv
elif cmp -s $lock $installed; then
    exit 0
else
    echo "Bringing $venv up to date with $lock ..."
fi

# One package of the lock has no wheel. Its build tools come from the lock too, by hash, instead of whatever the index offers today.
tools=$venv/build-tools.txt
awk '/^(pip|setuptools|wheel|packaging)==/ { keep = 1 } keep { print } !/\\$/ { keep = 0 }' $lock >$tools
for arguments in "--no-deps -r $tools" "--no-build-isolation -r $lock"; do
    # shellcheck disable=SC2086  # several arguments on purpose
    $venv/bin/python -m pip --quiet install --require-hashes $arguments || {
        echo "$venv could not be installed: see pip's message above. Without a network, set PIP_INDEX_URL or PIP_FIND_LINKS." >&2
        exit 1
    }
done
cp $lock $installed
