"""`python -m sixkeys.cli`: the same as `sixkeys`."""

import sys

from sixkeys.cli import main

if __name__ == "__main__":
    sys.exit(main())
