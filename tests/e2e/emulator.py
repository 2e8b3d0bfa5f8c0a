"""The independent emulator of AWS, ministack, as a child process: on loopback, on a port of its own, in a folder of its own.

It runs Lambda functions as real processes on the Python of its own environment, and polls SQS for them as Lambda does. It
enforces IAM: every call of a function is judged by the policies of its role and of the resource. And it speaks TLS, for these
policies refuse everything else; its certificate is the only one that an AWS client here trusts, so no call reaches real AWS.
"""

import os
import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import boto3

from penstock.local import lifeline
from penstock.local.environment import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from penstock.local.process import Child, Log, Program
from penstock.local.sockets import HOST

ROOT = Path(__file__).resolve().parents[2]
MINISTACK = ROOT / ".venv-e2e" / "bin" / "ministack"
CERTIFICATE, KEY = "certificate.pem", "key.pem"
_STOP_SECONDS = 5.0


class Emulator:
    """ministack, from construction to ``stop()``.

    ``endpoint`` is what AWS_ENDPOINT_URL should say, ``certificate`` what AWS_CA_BUNDLE should. ``bundle`` has the machine's
    certificate authorities as well, for SSL_CERT_FILE: pip must reach its index.
    """

    def __init__(self, folder: Path, log: Log) -> None:
        self.port = free_port()
        self.endpoint = f"https://{HOST}:{self.port}"
        for part in ("state", "tmp"):
            (folder / part).mkdir(parents=True)
        self.certificate = make_certificate(folder)
        self.bundle = make_bundle(self.certificate)
        self.child = Child(
            Program(
                "ministack",
                (sys.executable, "-m", "tests.e2e.held", lifeline.argument(), str(MINISTACK)),
                environment(folder, self.port),
                ROOT,
                ready=self._answers,
            ),
            log,
        )
        try:
            self.child.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _answers(self, _: Child) -> bool:
        try:
            context = ssl.create_default_context(cafile=self.certificate)
            opener = urllib.request.build_opener(
                urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
            )
            with opener.open(f"{self.endpoint}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def client(self, service: str) -> Any:
        """A boto3 client of the account's root."""
        make: Any = boto3.client  # its types know the services by their literal names
        return make(
            service,
            endpoint_url=self.endpoint,
            verify=str(self.certificate),
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
        )

    def stop(self) -> None:
        """End it, and with it every function that it runs."""
        self.child.ask_to_stop()
        self.child.stop_within(_STOP_SECONDS)


def environment(folder: Path, port: int) -> dict[str, str]:
    """All that ministack sees, and so all that its functions see beside their own variables.

    No AWS_ENDPOINT_URL: ministack tells the functions its own address, but only where it has none itself.
    """
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "STATE_DIR": str(folder / "state"),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,  # its own default is every interface
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,  # what it takes for the account's root where it enforces IAM
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(folder / CERTIFICATE),
        "MINISTACK_SSL_KEY": str(folder / KEY),
    }


def make_certificate(folder: Path) -> Path:
    """A certificate for the endpoint and for every function URL of the region, which signs for itself; its path."""
    names = f"subjectAltName=IP:{HOST},DNS:*.lambda-url.{REGION}.on.aws"
    purposes = (
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=serverAuth",
    )
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=penstock-e2e"]
    for extension in (names, *purposes):
        command += ["-addext", extension]
    command += ["-keyout", str(folder / KEY), "-out", str(folder / CERTIFICATE)]
    subprocess.run(command, check=True, capture_output=True)
    return folder / CERTIFICATE


def make_bundle(certificate: Path) -> Path:
    """``certificate`` and the certificate authorities that this machine trusts, in one file; its path."""
    trusted = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    bundle = certificate.with_name("bundle.pem")
    bundle.write_text(certificate.read_text() + (Path(trusted).read_text() if trusted else ""))
    return bundle


def free_port() -> int:
    """A port that nobody listens on now: ministack cannot inherit a listening socket."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
