"""The two products of a vector problem in NumPy, timed on request: what bench/vector.ts compares with.

Reads lines of JSON {"m", "n", "complex"} (build a dense design), {"patterns", "height", "width"} (masks of coded
diffraction) or {"iterations"} (time that many) on standard input and answers each with one line of JSON. Threads are those of OPENBLAS_NUM_THREADS. X and y are random: the time of a product does
not depend on the numbers.
"""

import json
import sys
import time

import numpy as np

state = None
for line in sys.stdin:
    request = json.loads(line)
    if "m" in request:
        state = None
        m, n = request["m"], request["n"]
        random = np.random.default_rng(1)
        X = random.standard_normal((m, n))
        theta = random.standard_normal(n) / np.sqrt(n)
        if request["complex"]:
            X = X * np.sqrt(0.5) + 1j * np.sqrt(0.5) * random.standard_normal((m, n))
            theta = theta.astype(complex)
        state = (X, theta, np.abs(random.standard_normal(m)))
        print(json.dumps({"numpy": np.__version__, "bytes": X.nbytes}), flush=True)
        continue
    if "patterns" in request:
        shape = (request["height"], request["width"])
        masks = np.exp(2j * np.pi * np.random.default_rng(1).random((request["patterns"], *shape)))
        state = (masks, np.ones(shape, complex), None)
        print(json.dumps({"numpy": np.__version__, "bytes": masks.nbytes}), flush=True)
        continue
    X, theta, y = state
    start = time.perf_counter()
    for _ in range(request["iterations"]):
        if y is None:
            np.fft.fft2(X * theta)
            continue
        r = X @ theta
        w = (np.abs(r) ** 2 - y) * r
        # conj(conj(w) @ X) rather than X.conj().T @ w: NumPy would copy all of X to conjugate it.
        gradient = (w.conj() @ X).conj() / len(y)
    seconds = (time.perf_counter() - start) / request["iterations"]
    print(json.dumps({"seconds": seconds}), flush=True)
