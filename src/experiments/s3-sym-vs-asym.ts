/** arXiv 2310.01769: both models on the same PSD matrix from starts of the same scale. */
import { atMost, experiment, near, relativelyNear, type Series } from './experiment';
import {
  BODY_NOT_READ,
  brief,
  cell,
  common,
  decayRate,
  descend,
  discreteRate,
  gaussianPair,
  joined,
  populationProblem,
  requireRanks,
  settlingTime,
  slowestCurvature,
  squaredSingularValues,
  symmetricNoise,
  traceOf,
  type Course,
  type Setting,
} from './s3-common';
import { fitPower, largestRelativeDeviation } from './statistics';

/** Relative errors between which the rate of the asymmetric run is read. */
const HIGH = 1e-8;
const LOW = 1e-12;

/** The time of overtaking is predicted for one noise direction, or for directions that are alike: to a factor of 1.6. */
const ORDER = Math.log2(1.6);

interface Comparison {
  readonly scale: number;
  readonly asymmetric: Course;
  readonly symmetric: Course;
  readonly symmetricLaw: Float64Array;
  readonly asymmetricLaw: Float64Array;
  /** Asymmetric over symmetric error. */
  readonly quotient: Float64Array;
  readonly rate: number;
  readonly law: number;
  /** From when on the asymmetric error is smaller, and smaller by the factor asked for. */
  readonly crossing: number;
  readonly overtaking: number;
}

export const s3SymVsAsym = experiment({
  name: 's3-sym-vs-asym',
  title: 'The same PSD matrix, k > r: when the asymmetric model overtakes the symmetric one',
  claim:
    'With more columns than the rank the asymmetric model is linear where the symmetric one is sublinear, for a PSD truth too (arXiv ' +
    '2310.01769). The asymmetric run leaves the symmetric one behind at t of the order of 1 / (eta alpha^2), when the decay that its ' +
    'imbalance brings takes over from the 1 / (2 eta t) that both have until then.',
  source:
    `arXiv 2310.01769, abstract and reviews (one of them asked for this plot), ${BODY_NOT_READ}; the time of overtaking derived from ` +
    "the laws of one noise direction (S3-a', S3-c')",
  parameters: {
    ...common,
    rank: { description: 'k, columns of the factors, above r', kind: 'integer', default: 5, least: 2 },
    scales: {
      description: 'alpha: U_0 = F_0 with entries N(0, alpha^2 / n)',
      kind: 'numbers',
      default: [0.5, 0.2, 0.1],
      quick: [0.2, 0.1],
      least: 1e-3,
      most: 1,
    },
    ratio: { description: 'scale of G_0 over that of F_0', kind: 'number', default: 1 / 3, least: 0.01, most: 0.9 },
    factor: {
      description: 'the asymmetric run has overtaken when its error is smaller by this factor for good',
      kind: 'number',
      default: 10,
      least: 2,
      most: 1e6,
    },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, spectrum, step, rank, scales, ratio, factor } = parameters;
    requireRanks([rank], spectrum.length, 1, n);
    const runs: Comparison[] = [];
    for (const scale of scales) {
      progress(runs.length / scales.length, `alpha = ${brief(scale)}`);
      runs.push(await compare(parameters, scale, seed, { threads, signal }));
    }
    const clock = overtakingClock(ratio, factor, rank - spectrum.length);
    // Where the signal is fitted long before: the two laws are those of the noise alone.
    const clean = runs
      .filter(({ scale, law }) => clock / law > 2 * settlingTime(n, spectrum, step, scale, 3))
      .sort((a, b) => a.scale - b.scale);
    const power = fitPower(
      clean.slice(0, 2).map(({ scale }) => scale),
      clean.slice(0, 2).map(({ overtaking }) => overtaking),
    );
    return {
      checks: [
        ...clean.map(({ scale, law, overtaking }) =>
          near(
            `alpha = ${brief(scale)}: log2 of (time of overtaking / (${brief(clock)} / rate)), an order`,
            Math.log2(overtaking / (clock / law)),
            0,
            ORDER,
          ),
        ),
        ...(clean.length > 1
          ? [near('power of alpha in the time of overtaking, the two smallest', power.slope, -2, 0.2)]
          : []),
        ...runs.flatMap(({ scale, symmetric, symmetricLaw, rate, law }) => {
          const from = symmetricLaw.findIndex((value) => value > 0);
          return [
            relativelyNear(`alpha = ${brief(scale)}: asymmetric rate per step, -ln(1 - eta q)`, rate, law, 0.02),
            atMost(
              `alpha = ${brief(scale)}: largest relative deviation of the symmetric error from its law`,
              largestRelativeDeviation(symmetric.error.subarray(from), symmetricLaw.subarray(from)),
              0.01,
            ),
          ];
        }),
      ],
      table: {
        columns: [
          'alpha',
          'first ahead at t',
          'overtaken at t',
          'predicted',
          'eta alpha^2 t',
          'asymmetric',
          'symmetric then',
        ],
        rows: runs.map(({ scale, crossing, overtaking, law, asymmetric, symmetric }) => [
          scale,
          cell(crossing),
          cell(overtaking),
          clock / law,
          cell(step * scale * scale * overtaking),
          asymmetric.error.at(-1)!,
          symmetric.error.at(-1)!,
        ]),
      },
      panels: [
        {
          title: `Population, k = ${rank}, r = ${spectrum.length}`,
          x: { label: 'iteration t', scale: 'log' },
          y: { label: 'error', scale: 'log' },
          series: runs.flatMap(({ scale, asymmetric, symmetric, symmetricLaw, asymmetricLaw }): Series[] => {
            const label = `\u03b1 = ${brief(scale)}`;
            const x = symmetric.iteration;
            return [
              { label: `UU\u1d40, ${label}`, x, y: symmetric.error, style: 'measured' },
              { label: `FG\u1d40, ${label}`, x, y: asymmetric.error, style: 'measured' },
              { label: 'law', x, y: symmetricLaw, style: 'predicted', group: `UU\u1d40, ${label}` },
              { label: 'law', x, y: asymmetricLaw, style: 'predicted', group: `FG\u1d40, ${label}` },
            ];
          }),
        },
        {
          title: 'Quotient of the two errors',
          x: { label: 'flow time \u03b7\u03b1\u00b2t', scale: 'log' },
          y: { label: '\u2016FG\u1d40 - X*\u2016 / \u2016UU\u1d40 - X*\u2016', scale: 'log' },
          series: runs.flatMap(({ scale, symmetric, quotient, law }): Series[] => {
            const x = symmetric.iteration.map((t) => step * scale * scale * t);
            const y = quotient.map((value) => (value >= 1e-4 ? value : NaN));
            const group = `\u03b1 = ${brief(scale)}`;
            const one = symmetric.iteration.map((t, i) =>
              y[i]! > 0 && t >= settlingTime(n, spectrum, step, scale, 3)
                ? oneDirection(law * t, ratio) / Math.sqrt(rank - spectrum.length)
                : NaN,
            );
            return [
              { label: group, x, y, style: 'measured' },
              { label: 'one noise direction', x, y: one, style: 'predicted', group },
            ];
          }),
          marks: runs
            .slice(0, 1)
            .map(({ law, scale }) => ({ x: (step * scale * scale * clock) / law, label: 'predicted' })),
        },
      ],
      trace: {
        ...traceOf(runs.map(({ asymmetric, asymmetricLaw }) => ({ course: asymmetric, predicted: asymmetricLaw }))),
        symmetricError: Float64Array.from(runs.flatMap(({ symmetric }) => Array.from(symmetric.error))),
        symmetricPredicted: Float64Array.from(runs.flatMap(({ symmetricLaw }) => Array.from(symmetricLaw))),
      },
      notes: [
        'For one noise direction the quotient of the two errors is (1 - c^2 + 2 x) / (2 sinh(x - ln c)) with x = rate t and c = G_0 / F_0: ' +
          'overtaking is at a fixed x. With k - r directions the slowest decides, against sqrt(k - r) of them in the symmetric run; ' +
          'the directions differ and are coupled, and a factor of 1.6 is allowed.',
        'A start so large that it would overtake while the signal is still being fitted is shown and not checked against that time.',
        'The curves first cross much earlier, when the signal is fitted, after about ln(1 / alpha) / (eta sigma_r) iterations: G_0 is ' +
          'smaller, and so is the first noise of F G^T. That is a matter of constants, not of the law.',
        'In the trace, column run counts the rows of the table.',
      ],
    };
  },
});

interface Numbers {
  readonly n: number;
  readonly spectrum: readonly number[];
  readonly step: number;
  readonly rank: number;
  readonly ratio: number;
  readonly factor: number;
}

async function compare(numbers: Numbers, scale: number, seed: number, setting: Setting): Promise<Comparison> {
  const { n, spectrum, step, rank, ratio, factor } = numbers;
  const start = gaussianPair(n, rank, scale, ratio, seed);
  // Linear convergence will come to its end; that the rate is as small as this is possible, and then NaN fails.
  const iterations = Math.ceil(2000 / (step * scale * scale));
  const settled = Math.min(settlingTime(n, spectrum, step, scale, 14), iterations - 1);
  const twice = async (model: 'symmetric' | 'asymmetric', end: number, floor: number): Promise<[Course, Course]> => {
    const problem = populationProblem(n, spectrum, model, seed);
    const pair = model === 'symmetric' ? { left: start.left, right: start.left } : start;
    const first = await descend(problem, pair, { step, iterations: settled }, setting);
    return [first, await descend(problem, first, { step, iterations: end, from: settled, floor }, setting)];
  };
  const [before, after] = await twice('asymmetric', iterations, LOW / 3);
  const asymmetric = joined(before, after);
  const end = asymmetric.iteration.at(-1)!;
  // The same iterations are recorded, as they are cut into octaves in the same way.
  const [first, second] = await twice('symmetric', end, 0);
  const symmetric = joined(first, second);

  const symmetricLaw = new Float64Array(symmetric.iteration.length).fill(NaN);
  const noise = squaredSingularValues(first.left).subarray(spectrum.length);
  symmetricLaw.set(
    symmetricNoise(
      noise,
      step,
      second.iteration.map((t) => t - settled),
    ),
    first.iteration.length - 1,
  );
  const law = discreteRate(step, slowestCurvature(asymmetric));
  const total = Math.hypot(...spectrum);
  const anchor = asymmetric.error.findIndex((e) => e <= total * Math.sqrt(HIGH * LOW));
  const asymmetricLaw = asymmetric.iteration.map((t, i) =>
    asymmetric.error[i]! <= 1e-3 * total
      ? (asymmetric.error[anchor] ?? NaN) * Math.exp(-law * (t - asymmetric.iteration[anchor]!))
      : NaN,
  );
  const quotient = symmetric.error.map((e, i) => (asymmetric.error[i] ?? NaN) / e);
  const forGood = (bound: number): number => {
    let last = quotient.length - 1;
    while (last >= 0 && quotient[last]! <= bound) last--;
    return symmetric.iteration[last + 1] ?? NaN;
  };
  return {
    scale,
    asymmetric,
    symmetric,
    symmetricLaw,
    asymmetricLaw,
    quotient,
    rate: decayRate(asymmetric, HIGH * total, LOW * total),
    law,
    crossing: forGood(1),
    overtaking: forGood(1 / factor),
  };
}

/**
 * Asymmetric over symmetric error of one noise direction with the same F_0 = U_0, G_0 = c F_0 in size, at x = rate t:
 * delta / (2 sinh(delta eta t + arcsinh(delta / (2 p_0)))) over s / (1 + 2 eta s t), delta = (1 - c^2) s, p_0 = c s.
 */
function oneDirection(x: number, c: number): number {
  return (1 - c * c + 2 * x) / (2 * Math.sinh(x - Math.log(c)));
}

/** The x at which the quotient has fallen to 1 / factor. */
function overtakingClock(ratio: number, factor: number, directions: number): number {
  let [low, high] = [0, 100];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (oneDirection(middle, ratio) / Math.sqrt(directions) > 1 / factor) low = middle;
    else high = middle;
  }
  return high;
}
