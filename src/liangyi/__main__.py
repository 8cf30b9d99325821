"""`python -m liangyi` is the command `liangyi`."""

import sys

from liangyi.cli import main

sys.exit(main())
