"""Tell the story to a running house: `python -m deploy.demo` with TRIDAYA_URL and the operator's sign-in."""

import asyncio
import os
import sys
from pathlib import Path

from deploy.demo.client import StoppedError
from deploy.demo.screen import Screen
from deploy.demo.story import tell

NEEDED = ("TRIDAYA_URL", "TRIDAYA_OPERATOR_USERNAME", "TRIDAYA_OPERATOR_PASSWORD", "TRIDAYA_DEMO_FILE")


def main() -> int:
    """Tell it; whatever the house refuses is one line."""
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        sys.stderr.write(f"Set {', '.join(missing)}.\n")
        return 2
    url, username, password, file = (os.environ[name] for name in NEEDED)
    try:
        asyncio.run(tell(url, username=username, password=password, file=Path(file), screen=Screen()))
    except StoppedError as error:
        sys.stderr.write(f"The story stopped. {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
