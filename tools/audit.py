"""Known weaknesses in the packages that are installed here, as pip-audit finds them; `make audit`.

Exit 0: none, or it could not be asked; 1: there are some. It is said how many packages were looked
up: pip-audit itself takes one that the service does not know for one without weaknesses.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

_OUR_OWN = {"papersim"}
_PATIENCE = 300  # seconds


def main() -> int:
    """Print what was found, and return the exit code."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(
            [*command, "--timeout", "15"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )
        found = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return _not_audited("there was no answer")
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
        return _not_audited(f"the service cannot be reached, or failed ({last[:200]})")
    return _tell([one for one in found if one["name"] not in _OUR_OWN])


def _tell(packages: list[dict[str, Any]]) -> int:
    known = [one for one in packages if "vulns" in one]
    if not known:
        return _not_audited(f"the service knows none of the {len(packages)} packages")
    weak = [(one, found) for one in known for found in one["vulns"]]
    for one, found in weak:
        mended = ", ".join(found["fix_versions"]) or "no version yet"
        print(f"{one['name']} {one['version']}: {found['id']}, mended in {mended}")
    skipped = ", ".join(one["name"] for one in packages if one not in known)
    rest = f"; not known to the service: {skipped}" if skipped else ""
    print(f"audited {len(known)} of {len(packages)} packages, {len(weak)} weaknesses{rest}")
    return 1 if weak else 0


def _not_audited(why: str) -> int:
    print(f"NOT AUDITED: {why}; run again where there is a network: make audit")
    return 0


if __name__ == "__main__":
    sys.exit(main())
