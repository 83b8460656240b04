"""Standard normal deviates a second of processor time on one thread.

usage: noise_numpy.py ROWS PIXELS    prints {"float32": ..., "float64": ..., "legacy": ...}:
Generator.standard_normal in both types, and RandomState's, which np.random.randn is."""

import json
import sys
import time

import numpy as np

rows, pixels = int(sys.argv[1]), int(sys.argv[2])
generator, legacy = np.random.default_rng(42), np.random.RandomState(42)
draws = {
    "float32": lambda: generator.standard_normal(pixels, dtype=np.float32),
    "float64": lambda: generator.standard_normal(pixels),
    "legacy": lambda: legacy.standard_normal(pixels),
}
rates = {}
for name, draw in draws.items():
    draw()
    start = time.process_time()
    for _ in range(rows):
        draw()
    rates[name] = rows * pixels / (time.process_time() - start)
print(json.dumps(rates))
