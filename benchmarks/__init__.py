"""Speed and quality, one file a question: `python -m benchmarks.NAME`."""
