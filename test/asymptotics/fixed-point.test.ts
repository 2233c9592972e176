import { readChannel } from '../../src/channels';
import { fixedPoint, type FixedPointOptions } from '../../src/asymptotics/fixed-point';
import { dmft } from '../../src/asymptotics/dmft';
import { bulkEdges } from '../../src/asymptotics/hessian-bulk';
import { hessianEdge } from '../../src/diagnostics/hessian-edge';
import type { Loss } from '../../src/losses';
import { Vector, innerProduct } from '../../src/vector';
import { gaussianVectorProblem } from '../support/vector-problem';

describe('without noise and ridge the truth is a fixed point', () => {
  // Losses whose force is 0 at r = z.
  for (const field of ['real', 'complex'] as const) {
    test.each(['wirtinger', 'truncated-wirtinger', 'perturbed-amplitude', 'smoothed-intensity-l1'] as const)(
      `${field}, %s`,
      async (loss) => {
        const point = await fixedPoint({ delta: 6, field, loss, samples: 4096 });
        expect(point.status).toBe('converged');
        expect(point.m).toBeCloseTo(1, 12);
        expect(point.q).toBeCloseTo(1, 12);
        expect(point.testLoss).toBeLessThan(1e-20);
        expect(point.leftEdge).toBeGreaterThan(0);
      },
    );
  }

  test('V solves its equation, by an independent quadrature over 2 z^2', async () => {
    const delta = 5;
    const { V } = await fixedPoint({ delta, samples: 16384 });
    let sum = 0;
    const h = 1e-3;
    for (let z = -9; z <= 9; z += h) {
      sum += ((h * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)) * ((2 * z * z) / (1 + V * 2 * z * z));
    }
    expect(1 / (delta * V) / sum).toBeCloseTo(1, 3);
  });

  test('the rate follows from the edges', async () => {
    const point = await fixedPoint({ delta: 6, step: 0.1, samples: 4096 });
    expect(point.rate).toBe(Math.max(1 - 0.1 * point.leftEdge, Math.abs(1 - 0.1 * point.rightEdge)));
    expect(point.largestStep).toBe(2 / point.rightEdge);
  });
});

describe('ridge regression', () => {
  // s(-lambda) of the Marchenko-Pastur law of X^T X / m with aspect ratio gamma = n / m.
  const resolvent = (gamma: number, lambda: number): number => {
    const b = 1 - gamma + lambda;
    return (-b + Math.sqrt(b * b + 4 * gamma * lambda)) / (2 * gamma * lambda);
  };

  test.each([
    [2, 0.3, 0.5],
    [0.7, 0.1, 1],
    [5, 1e-3, 0.2],
  ])('delta %p, ridge %p, noise %p: the exact Marchenko-Pastur risk', async (delta, ridge, noise) => {
    const point = await fixedPoint({ delta, ridge, noise, loss: 'square', channel: 'linear', samples: 1024 });
    const gamma = 1 / delta;
    const s = resolvent(gamma, ridge);
    const h = 1e-4 * ridge;
    // int 1 / (x + lambda)^2 = -ds/dlambda
    const s2 = (resolvent(gamma, ridge - h) - resolvent(gamma, ridge + h)) / (2 * h);
    expect(point.status).toBe('converged');
    expect(point.m).toBeCloseTo(1 - ridge * s, 6);
    expect(point.q).toBeCloseTo(1 - 2 * ridge * s + ridge * ridge * s2 + noise ** 2 * gamma * (s - ridge * s2), 6);
    // The bulk is Marchenko and Pastur's; with fewer rows than unknowns its left end is the null space.
    expect(point.leftEdge).toBeCloseTo(ridge + (delta > 1 ? (1 - Math.sqrt(gamma)) ** 2 : 0), 6);
    expect(point.rightEdge).toBeCloseTo(ridge + (1 + Math.sqrt(gamma)) ** 2, 6);
    // V = tr (X^T X / m + lambda)^{-1} / m
    expect(point.V).toBeCloseTo(gamma * s, 6);
  });
});

describe('self-consistency by another quadrature', () => {
  const cases: FixedPointOptions[] = [
    { delta: 4, loss: { name: 'tanh-amplitude', sharpness: 4 }, ridge: 0.05 },
    { delta: 6, loss: 'wirtinger', ridge: 0.05 },
  ];
  test.each(cases)('%p', async (options) => {
    const { m, q, V, xi, kappa, squaredForce } = await fixedPoint({ ...options, samples: 8192 });
    const { delta, ridge = 0 } = options;
    const wirtinger = options.loss === 'wirtinger';
    const force = (r: number, b: number): number => (wirtinger ? (r * r - b * b) * r : r - b * Math.tanh(4 * r));
    const slope = (r: number, b: number): number =>
      wirtinger ? 3 * r * r - b * b : 1 - (4 * b) / Math.cosh(4 * r) ** 2;
    // Midpoints in z, where sqrt(y) = |z| has a corner, trapezoids in g.
    let [mass, xiSum, correlation, square] = [0, 0, 0, 0];
    const h = 0.1;
    for (let z = -7 + h / 4; z <= 7; z += h / 2) {
      for (let g = -7; g <= 7; g += h) {
        const p = (((h * h) / 2) * Math.exp((-z * z - g * g) / 2)) / (2 * Math.PI);
        const w = m * z + Math.sqrt(q - m * m) * g;
        const b = Math.abs(z);
        // Bisection for the largest root of r + V force(r) = |w|.
        let low = 0;
        let high = Math.max(Math.abs(w), b) + 1;
        for (let k = 0; k < 40; k++) {
          const middle = (low + high) / 2;
          if (middle + V * force(middle, b) < Math.abs(w)) low = middle;
          else high = middle;
        }
        const r = Math.sign(w) * high;
        mass += p;
        xiSum += (p * slope(r, b)) / (1 + V * slope(r, b));
        correlation += p * z * force(r, b);
        square += p * force(r, b) ** 2;
      }
    }
    expect(mass).toBeCloseTo(1, 8);
    expect(xi).toBeCloseTo(xiSum, 3);
    expect(kappa).toBeCloseTo(correlation - m * xiSum, 3);
    expect(squaredForce / square).toBeCloseTo(1, 2);
    expect(m).toBeCloseTo(-kappa / (ridge + xi), 7);
    expect(q).toBeCloseTo(m * m + squaredForce / (delta * (ridge + xi) ** 2), 7);
    expect(V).toBeCloseTo(1 / (delta * (ridge + xi)), 7);
  });
});

/** Plain gradient descent from the truth. */
function descend(
  problem: ReturnType<typeof gaussianVectorProblem>,
  loss: Loss,
  ridge: number,
  step: number,
  iterations: number,
): Vector {
  const theta = new Vector(Float64Array.from(problem.truth!.data), problem.field);
  for (let t = 0; t < iterations; t++) {
    const { gradient } = problem.gradient(theta, loss);
    for (let j = 0; j < theta.data.length; j++) theta.data[j]! -= step * (gradient.data[j]! + ridge * theta.data[j]!);
  }
  return theta;
}

describe('simulation', () => {
  test.each([
    { field: 'real', loss: { name: 'tanh-amplitude', sharpness: 4 }, ridge: 0.05, noise: 0, step: 0.6 },
    { field: 'real', loss: { name: 'wirtinger' }, ridge: 0.01, noise: 0.1, step: 0.1 },
    { field: 'complex', loss: { name: 'wirtinger' }, ridge: 0.05, noise: 0, step: 0.25 },
  ] as const)('the limit of gradient descent: $field $loss.name', async ({ field, loss, ridge, noise, step }) => {
    const delta = 5;
    const dimension = 200;
    const runs = 5;
    const predicted = await fixedPoint({ delta, field, loss, ridge, noise, samples: 4096 });
    expect(predicted.status).toBe('converged');
    const channel = readChannel('intensity', 'channel', field, noise);
    const seen = Array.from({ length: runs }, (_, k) => {
      const problem = gaussianVectorProblem(dimension, delta * dimension, channel, field, 100 + k);
      const theta = descend(problem, loss, ridge, step, 150);
      return [Math.hypot(...innerProduct(problem.truth!, theta)), theta.norm() ** 2];
    });
    [predicted.m, predicted.q].forEach((value, k) => {
      const average = seen.reduce((sum, one) => sum + one[k]!, 0) / runs;
      const variance = seen.reduce((sum, one) => sum + (one[k]! - average) ** 2, 0) / (runs - 1);
      expect(Math.abs(average - value)).toBeLessThan(3 * Math.sqrt(variance / runs) + 0.005);
    });
  });

  test.each([
    { field: 'real', loss: { name: 'tanh-amplitude', sharpness: 4 } },
    { field: 'real', loss: 'wirtinger' },
    { field: 'complex', loss: 'wirtinger' },
  ] as const)('the left edge of the Hessian: $field $loss', async ({ field, loss }) => {
    const dimension = 250;
    const delta = 6;
    const ridge = 0.05;
    const predicted = await fixedPoint({ delta, field, loss, ridge, samples: 4096 });
    const channel = readChannel('intensity', 'channel', field);
    const ratios: number[] = [];
    for (let seed = 1; seed <= 4; seed++) {
      const problem = gaussianVectorProblem(dimension, delta * dimension, channel, field, seed);
      const theta = descend(problem, loss, ridge, loss === 'wirtinger' ? 0.1 : 0.6, 60);
      const measured = await hessianEdge(problem, theta, { loss, ridge, tolerance: 1e-4, threads: 2 });
      expect(measured.converged).toBe(true);
      ratios.push(measured.smallest / predicted.leftEdge);
    }
    const average = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    const variance = ratios.reduce((sum, ratio) => sum + (ratio - average) ** 2, 0) / (ratios.length - 1);
    // A smallest eigenvalue lies off the edge by order n^(-2/3), in the mean as well.
    expect(Math.abs(average - 1)).toBeLessThan(3 * Math.sqrt(variance / ratios.length) + dimension ** (-2 / 3));
  });
});

test('the long-time limit of the sweep', async () => {
  const model = { delta: 4, loss: { name: 'tanh-amplitude', sharpness: 4 }, ridge: 0.05, step: 0.7 } as const;
  const limit = await fixedPoint({ ...model, samples: 16384 });
  const iterations = 45;
  const sweep = await dmft({ ...model, iterations, samples: 10000, seed: 1, threads: 2 });
  expect(Math.abs(sweep.m[iterations]! - limit.m)).toBeLessThan(1e-3);
  expect(Math.abs(sweep.q[iterations]! - limit.q)).toBeLessThan(1e-3);
  expect(Math.abs(sweep.trainLoss[iterations]! - limit.trainLoss)).toBeLessThan(2e-3);
  expect(Math.abs(sweep.testLoss[iterations]! - limit.testLoss)).toBeLessThan(2e-3);
  // The last steps shrink no faster than the predicted rate lets the slowest mode.
  expect(Math.abs(sweep.m[iterations]! - sweep.m[iterations - 10]!)).toBeLessThan(
    0.2 * limit.rate! ** (iterations - 10),
  );
});

test("from the spectral estimate's overlap to the same point", async () => {
  const model = { delta: 6, loss: 'wirtinger', ridge: 0.05, samples: 4096 } as const;
  const [a, b] = [await fixedPoint(model), await fixedPoint({ ...model, start: 'spectral' })];
  expect(b.status).toBe('converged');
  expect(b.m).toBeCloseTo(a.m, 6);
  expect(b.q).toBeCloseTo(a.q, 6);
});

test('edges of two-point weights: the eigenvalue equation, a cubic in V, has a double root there', () => {
  const { leftEdge, rightEdge } = bulkEdges(Float64Array.from([1, 3]), 4, 0.1);
  const discriminant = (x: number): number => {
    // (x - ridge) delta V (1 + V)(1 + 3 V) - delta V [(1 + 3 V) + 3 (1 + V)] / 2 + (1 + V)(1 + 3 V) = 0
    const s = 4 * (x - 0.1);
    const [a, b, c, d] = [3 * s, 4 * s - 12 + 3, s - 8 + 4, 1] as const;
    return 18 * a * b * c * d - 4 * b ** 3 * d + b * b * c * c - 4 * a * c ** 3 - 27 * a * a * d * d;
  };
  for (const edge of [leftEdge, rightEdge]) {
    const scale = Math.abs(discriminant(edge * 1.05)) + Math.abs(discriminant(edge * 0.95));
    expect(Math.abs(discriminant(edge)) / scale).toBeLessThan(1e-6);
    expect(discriminant(edge * 1.001) * discriminant(edge * 0.999)).toBeLessThan(0);
  }
});

describe('no exception for what is not found', () => {
  test('too few iterations', async () => {
    const point = await fixedPoint({ delta: 6, loss: 'wirtinger', ridge: 0.05, maxIterations: 2, samples: 256 });
    expect(point.status).toBe('not-converged');
    expect(point.converged).toBe(false);
  });

  test('the saddle at 0, where the curvature is negative', async () => {
    const point = await fixedPoint({ delta: 6, loss: 'wirtinger', start: { m: 0, q: 1e-4 }, samples: 256 });
    expect(point.status === 'converged').toBe(point.converged);
    for (const value of [point.m, point.q, point.V, point.leftEdge]) expect(Number.isNaN(value)).toBe(false);
  });
});

describe('bad input', () => {
  test.each([
    [{ delta: 0 }, /positive finite number for delta/],
    [{ delta: 3, loss: 'amplitude' }, /smoothed-amplitude/],
    [{ delta: 3, field: 'complex', loss: 'square' }, /real only/],
    [{ delta: 3, loss: { name: 'tanh-amplitude', sharpnes: 3 } }, /Did you mean "sharpness"/],
    [{ delta: 3, samples: 64, start: { m: 1, q: 0.5 } }, /q >= m\^2/],
    [{ delta: 3, tolerence: 1 }, /Did you mean "tolerance"/],
    [{ delta: 3, samples: 2 ** 30, maxMemory: 1e6 }, /samples need/],
  ])('%p', async (options, message) => {
    await expect(fixedPoint(options as FixedPointOptions)).rejects.toThrow(message);
  });

  test('an aborted signal', async () => {
    const controller = new AbortController();
    const running = fixedPoint({ delta: 6, ridge: 0.05, samples: 1024, tolerance: 1e-300, signal: controller.signal });
    setTimeout(() => {
      controller.abort(new Error('enough'));
    }, 20);
    await expect(running).rejects.toThrow('enough');
  });
});

test('the same numbers from the same seed', async () => {
  const options = { delta: 5, loss: 'wirtinger', ridge: 0.1, samples: 512, seed: 4 } as const;
  expect(await fixedPoint(options)).toEqual(await fixedPoint(options));
});
