"""What the machine has. Used by the stack's configuration."""

import os
from pathlib import Path

# Of a container, in either version of the kernel's control groups.
MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def memory_mb(limits: tuple[Path, ...] = MEMORY_LIMITS) -> int:
    """Return the memory of this machine, or of the container that stands for one."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    said = [file.read_text().strip() for file in limits if file.is_file()]
    return min([physical, *(int(text) for text in said if text.isdigit())]) // 2**20
