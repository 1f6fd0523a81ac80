"""Which programs each service or witness of the tests needs, and the Debian packages that bring them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable

_JAVA_FROM_MAVEN = ("java", "mvn")

NEEDS: dict[str, tuple[str, ...]] = {
    "neo4j": _JAVA_FROM_MAVEN,
    "kafka": _JAVA_FROM_MAVEN,
    "s3": _JAVA_FROM_MAVEN,
    "verapdf": _JAVA_FROM_MAVEN,
    "dss": ("javac", *_JAVA_FROM_MAVEN),
    "node": ("node", "npm"),
    "pdfsig": ("pdfsig",),
    "qpdf": ("qpdf",),
    "softhsm": ("softhsm2-util",),
    "p11kit": ("p11-kit",),
    "curl": ("curl",),
    "openssl": ("openssl",),
    "haproxy": ("haproxy",),
}
"""Name used in `@pytest.mark.services(...)` -> programs that must be found on PATH."""

DEBIAN_PACKAGES: dict[str, str] = {
    "java": "openjdk-17-jdk-headless",
    "javac": "openjdk-17-jdk-headless",
    "mvn": "maven",
    "node": "nodejs",
    "npm": "npm",
    "pdfsig": "poppler-utils",
    "qpdf": "qpdf",
    "softhsm2-util": "softhsm2",
    "p11-kit": "p11-kit p11-kit-modules",
    "curl": "curl",
    "openssl": "openssl",
    "haproxy": "haproxy",
}


def missing_programs(names: Iterable[str]) -> list[str]:
    """The programs that the named services need and this machine lacks, sorted. Raises KeyError for an unknown name."""
    needed = {program for name in names for program in NEEDS[name]}
    return sorted(program for program in needed if shutil.which(program) is None)


def install_missing() -> list[str]:
    """Install what is missing by apt-get, where that is possible (root on Debian); give what is missing still."""
    missing = missing_programs(NEEDS)
    if missing and shutil.which("apt-get") and os.geteuid() == 0:
        packages = sorted({package for program in missing for package in DEBIAN_PACKAGES[program].split()})
        print(f"Installing {', '.join(packages)} by apt-get ...", flush=True)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            command = ["apt-get", "-qq", *arguments]
            subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)
    return missing_programs(NEEDS)
