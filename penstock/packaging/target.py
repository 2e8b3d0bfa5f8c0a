"""What a package is built for: Lambda's Python, processor and C library, and Lambda's limits."""

from dataclasses import dataclass
from typing import Final

from penstock.packaging.failure import PackagingError

PYTHON: Final = (3, 13)
PYTHON_NAME: Final = "python3.13"

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_ZIP_BYTES: Final = 50 * 1024 * 1024  # for a direct upload, which is what Terraform does
MAX_UNZIPPED_BYTES: Final = 250 * 1024 * 1024  # layers included
MAX_ENVIRONMENT_BYTES: Final = 4 * 1024  # of all variables of a function together
TASK_ROOT: Final = "/var/task"  # where Lambda unzips a function


@dataclass(frozen=True, slots=True)
class Target:
    """One of Lambda's processors. ``arch`` as Lambda calls it, ``machine`` as Linux and wheels do, ``elf`` as ELF files do."""

    arch: str
    machine: str
    elf: int

    @property
    def platforms(self) -> tuple[str, ...]:
        """The wheel platforms to take, the best first: Lambda's Python 3.13 has glibc 2.34, so 2.28 and older will do."""
        glibc = [f"manylinux_2_{minor}_{self.machine}" for minor in range(28, 16, -1)]
        return (*glibc, f"manylinux2014_{self.machine}")


# e_machine: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
TARGETS: Final = {
    "x86_64": Target("x86_64", "x86_64", 62),
    "arm64": Target("arm64", "aarch64", 183),
}


def target_of(arch: str) -> Target:
    """The target of that name; PackagingError names those that there are."""
    try:
        return TARGETS[arch]
    except KeyError:
        raise PackagingError(f"{arch!r} is no processor of Lambda: take {' or '.join(TARGETS)}") from None
