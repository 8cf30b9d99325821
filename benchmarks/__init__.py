"""Speed and quality, one file a question: `python -m benchmarks` lists them."""
