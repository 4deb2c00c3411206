"""A small disk of a test's own that can be filled, and emptied again: a real one where the machine lets us mount one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Self


class SmallDisk:
    """`with SmallDisk(folder, megabytes)`: a file system of its own in the folder. Raises RuntimeError where none can be had."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self._megabytes = megabytes

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={self._megabytes}m", "linli-test", str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        if done.returncode:
            raise RuntimeError(f"cannot mount: {done.stderr.strip()}")
        return self

    def __exit__(self, *_exc: object) -> None:
        self.make_room()
        subprocess.run(["umount", "-l", str(self.folder)], check=True, timeout=30)

    def fill(self) -> None:
        """Not one block is left."""
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            size = 1 << 20
            while size:
                try:
                    ballast.write(b"\0" * size)
                except OSError:
                    size //= 2

    def make_room(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)

    def give_to(self, user: str) -> None:
        """To whom the folder belongs."""
        shutil.chown(self.folder, user, user)


def can_mount(folder: Path) -> bool:
    """Whether this machine gives us a disk: root in a container often may not."""
    if os.geteuid() != 0:
        return False
    try:
        with SmallDisk(folder, 1):
            return True
    except RuntimeError:
        return False
