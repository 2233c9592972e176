"""The plain two-product iteration in NumPy, timed on request: what bench/iteration.ts compares with.

Reads lines of JSON {"n1", "n2", "m", "rank", "symmetric"} (build a problem) or {"iterations"} (time that many) on
standard input and answers each with one line of JSON. Threads are those of OPENBLAS_NUM_THREADS. A and y are random:
the time of a product does not depend on the numbers.
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
        n1, n2, m, k = request["n1"], request["n2"], request["m"], request["rank"]
        random = np.random.default_rng(1)
        A = random.standard_normal((m, n1 * n2))
        A /= np.sqrt(m)
        F = random.standard_normal((n1, k)) * 1e-2
        G = F if request["symmetric"] else random.standard_normal((n2, k)) * 1e-2
        y = random.standard_normal(m)
        state = (A, y, F, G, request["symmetric"])
        print(json.dumps({"numpy": np.__version__, "bytes": A.nbytes}), flush=True)
        continue
    A, y, F, G, symmetric = state
    step = 1e-6
    start = time.perf_counter()
    for _ in range(request["iterations"]):
        residual = A @ (F @ G.T).ravel() - y
        Z = (A.T @ residual).reshape(F.shape[0], G.shape[0])
        if symmetric:
            F = F - step * (0.5 * (Z + Z.T) @ F)
            G = F
        else:
            F, G = F - step * (Z @ G), G - step * (Z.T @ F)
    seconds = (time.perf_counter() - start) / request["iterations"]
    state = (A, y, F, G, symmetric)
    print(json.dumps({"seconds": seconds}), flush=True)
