"""How fast pictures arrive: from any data, decoded the first time and read back the next.

python -m benchmarks.feed DATA [--size N]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time

from liangyi import data
from liangyi.core.batch import Images


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("data")
    words.add_argument("--size", type=int)
    args = words.parse_args()
    config = data.DataConfig(data=args.data, size=args.size)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["LIANGYI_CACHE"] = scratch
        times = []
        for _ in range(2):
            began = time.perf_counter()
            found = data.load(config)
            times.append(time.perf_counter() - began)
        assert isinstance(found, data.Dataset)
        stream = data.Batches(found, Images, min(128, len(found)))
        speeds = []
        for epoch in range(6):
            count = max(1, len(found) // 128)
            began = time.perf_counter()
            for number in range(count):
                stream.batch(epoch * count + number)
            speeds.append(count * min(128, len(found)) / (time.perf_counter() - began))
        shape = " x ".join(map(str, found.spec.shape))
        print(f"{len(found):,} pictures of {shape}: first {times[0]:.2f} s, then {times[1]:.2f} s")
        print(f"batches of 128, normalised: {statistics.median(speeds[1:]):,.0f} pictures/s")


if __name__ == "__main__":
    main()
