"""WeChat and WeCom need nothing but loopback: their scripted journey runs where no address outside can be reached."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
JOURNEY = "tests/journeys/test_wechat_and_wecom.py"
FLAGS = 0x8914
"""SIOCSIFFLAGS of linux/sockios.h."""
UP, RUNNING = 0x1, 0x40
OUTSIDE = ("192.0.2.1", 443)
"""An address for documents (RFC 5737): where there is a route, connecting to it is at least tried."""


def alone(arguments: list[str]) -> int:
    """Inside: brings loopback up, makes sure that there is no way out, and runs pytest."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, FLAGS, struct.pack("16sh14x", b"lo", UP | RUNNING))
    with socket.socket() as trying:
        trying.settimeout(3)
        try:
            trying.connect(OUTSIDE)
        except OSError as error:
            if error.errno is None or "unreachable" not in os.strerror(error.errno):
                return 3
        else:
            return 3
    return int(pytest.main(arguments))


def test_the_scripted_journey_runs_without_any_route_outside(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("a network namespace of its own is not permitted here (unshare -rn)")
    inside = f"import sys; from {__name__} import alone; sys.exit(alone(sys.argv[1:]))"
    arguments = ["-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'inside'}", JOURNEY]
    done = subprocess.run(
        [unshare, "-rn", sys.executable, "-c", inside, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
