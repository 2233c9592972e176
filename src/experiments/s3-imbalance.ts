/** arXiv 2310.01769: the imbalance of the two factors at the start is what makes the convergence linear. */
import { rate as decideLaw } from '../diagnostics/rate';
import { atLeast, atMost, experiment, near, type Check, type Panel, type Series } from './experiment';
import { BODY_NOT_READ, brief, cell, common, requireRanks, traceOf } from './s3-common';
import { balancedRun, driftRun, imbalancedRun, type Drift, type ImbalancedRun } from './s3-imbalance-runs';
import { at, fitPower, largestRelativeDeviation, median, windowOf } from './statistics';

export const s3Imbalance = experiment({
  name: 's3-imbalance',
  title: 'Asymmetric model, k > r: the rate is the imbalance of the start',
  claim:
    'The imbalance Delta = F^T F - G^T G, which gradient descent all but conserves, makes the over-parameterized asymmetric model ' +
    'converge linearly (arXiv 2310.01769). With G_0 of scale c alpha the rate goes like 1 - c^2; equal but independent scales are ' +
    'imbalanced by accident and slower, and F = G is sublinear again.',
  source:
    `arXiv 2310.01769; the role of Delta from its public reviews, ${BODY_NOT_READ}; rates, the case c = 0, (1 - c^2) and the O(eta) drift ` +
    "derived (S3-c', sharpened)",
  parameters: {
    ...common,
    n: { ...common.n, quick: 30 },
    rank: { description: 'k, columns of F and G, above r', kind: 'integer', default: 5, least: 2 },
    scale: {
      description: 'alpha, F_0 with entries N(0, alpha^2 / n)',
      kind: 'number',
      default: 0.3,
      least: 0.01,
      most: 1,
    },
    ratios: {
      description: 'c, scale of G_0 over that of F_0; 0 and 1 allowed',
      kind: 'numbers',
      default: [0, 0.1, 1 / 3, 0.5, 0.9, 1],
      quick: [0, 0.1, 1 / 3, 0.5, 1],
      least: 0,
      most: 1,
    },
    seeds: { description: 'starts, each with a truth of its own', kind: 'integer', default: 5, least: 1, most: 100 },
    iterations: { description: 'at most', kind: 'integer', default: 1_000_000, quick: 300_000, least: 1000 },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, spectrum, rank, step, scale, ratios, seeds } = parameters;
    requireRanks([rank], spectrum.length, 1, n);
    const setting = { threads, signal };
    const runs: ImbalancedRun[] = [];
    const matched: ImbalancedRun[] = [];
    for (let trial = 0; trial < seeds; trial++) {
      for (const [i, ratio] of ratios.entries()) {
        progress((trial + i / ratios.length) / (seeds + 1), `start ${trial + 1}, c = ${brief(ratio)}`);
        runs.push(await imbalancedRun(parameters, ratio, trial, seed, false, setting));
        if (ratio > 0 && ratio < 1) matched.push(await imbalancedRun(parameters, ratio, trial, seed, true, setting));
      }
    }
    progress(seeds / (seeds + 1), 'F = G');
    const balanced = await balancedRun(parameters, seed, setting);
    const drifts: Drift[] = [];
    for (const smaller of [step, step / 2, step / 4]) {
      progress((seeds + 0.5) / (seeds + 1), `drift of Delta, eta = ${brief(smaller)}`);
      drifts.push(await driftRun(parameters, smaller, seed, setting));
    }
    const order = fitPower(
      drifts.map((one) => one.step),
      drifts.map((one) => one.drift),
    );
    const tail = windowOf(balanced.course.iteration, balanced.course.iteration.at(-1)! / 2, Infinity);
    const balancedSlope = fitPower(at(balanced.course.iteration, tail), at(balanced.course.error, tail)).slope;
    const from = balanced.predicted.findIndex((value) => value > 0);
    return {
      checks: [
        ...ratios.map((ratio) => rateCheck(of(runs, ratio), ratio)),
        ...scalingChecks(matched, seeds),
        ...slowerChecks(runs, ratios),
        near('F = G: slope of the error in the last octave', balancedSlope, -1, 0.05),
        atMost(
          'F = G: largest relative deviation from the symmetric law',
          largestRelativeDeviation(balanced.course.error.subarray(from), balanced.predicted.subarray(from)),
          0.01,
        ),
        ...lawChecks(runs, ratios, balanced),
        near('order of the drift of Delta in eta', order.slope, 1, 0.15),
      ],
      table: {
        columns: [
          'c',
          'rate (median)',
          'predicted (median)',
          'largest deviation',
          'rate / (eta alpha^2)',
          'with equal Gram matrices',
        ],
        rows: [
          ...ratios.map((ratio) => row(of(runs, ratio), of(matched, ratio), ratio, step * scale * scale)),
          ['F = G', `slope ${brief(balancedSlope)} in t`, 'slope -1 in t', '-', '-', '-'],
        ],
      },
      panels: [errorPanel(runs, ratios, balanced), ratePanel(runs, matched, step * scale * scale), driftPanel(drifts)],
      trace: traceOf([...runs.filter(({ trial }) => trial === 0), balanced]),
      notes: [
        'Predicted: -ln(1 - eta q), q the smallest squared singular value left in F or G at the limit. Near c = 1 Delta has eigenvalues of ' +
          'both signs, so noise columns survive in F and in G, and sigma_k(F) = sigma_k(G) = 0: the form eta (sigma_k(F)^2 + sigma_k(G)^2) ' +
          'would predict no convergence there.',
        'With c = 0 the noise part of G stays exactly 0 and cannot err: the rate is that of the signal, -ln(1 - eta sigma_r(G)^2).',
        'The scaling with 1 - c^2 is tested on starts whose Delta_0 is exactly (1 - c^2) F_0^T F_0: G_0 is c F_0 with its rows outside the ' +
          'column space of X* permuted. With independent starts it holds in the mean, within the spread of random Gram matrices.',
        'Delta_{t+1} - Delta_t = eta^2 (G^T R^T R G - F^T R R^T F), R the residual: over a fixed flow time eta t a drift of O(eta).',
        'A trial that has not come to 1e-12 within the allowed iterations counts with its predicted rate in medians and not in deviations.',
        'In the trace, column run counts the ratios of the first start in the order of the table, F = G last.',
      ],
    };
  },
});

function of(runs: readonly ImbalancedRun[], ratio: number): ImbalancedRun[] {
  return runs.filter((run) => run.ratio === ratio);
}

/** The rate measured, or predicted where it was too slow to be measured. */
function known({ rate, law }: ImbalancedRun): number {
  return Number.isNaN(rate) ? law : rate;
}

function deviation(runs: readonly ImbalancedRun[]): number {
  const seen = runs.filter(({ rate }) => !Number.isNaN(rate));
  return seen.length === 0 ? NaN : Math.max(...seen.map(({ rate, law }) => Math.abs(rate / law - 1)));
}

function rateCheck(runs: readonly ImbalancedRun[], ratio: number): Check {
  return atMost(`c = ${brief(ratio)}: largest relative deviation from the predicted rate`, deviation(runs), 0.02);
}

/** Within one start, F_0 is the same for every ratio: the rates are compared there. */
function scalingChecks(matched: readonly ImbalancedRun[], seeds: number): Check[] {
  const slopes = Array.from({ length: seeds }, (_, trial) => {
    const mine = matched.filter((run) => run.trial === trial);
    return mine.length < 2 ? NaN : fitPower(mine.map(imbalance), mine.map(known)).slope;
  }).filter((slope) => !Number.isNaN(slope));
  if (slopes.length === 0) return [];
  return [near('power of 1 - c^2 in the rate, equal Gram matrices (median)', median(slopes), 1, 0.1)];
}

function imbalance({ ratio }: ImbalancedRun): number {
  return 1 - ratio * ratio;
}

function slowerChecks(runs: readonly ImbalancedRun[], ratios: readonly number[]): Check[] {
  const least = Math.min(...ratios.filter((ratio) => ratio > 0 && ratio < 0.5));
  if (!ratios.includes(1) || least === Infinity) return [];
  const equal = median(of(runs, 1).map(known));
  return [atMost(`c = 1: rate (median), slower than c = ${brief(least)}`, equal, median(of(runs, least).map(known)))];
}

/** What the diagnosis of a trace says without knowing the laws. */
function lawChecks(
  runs: readonly ImbalancedRun[],
  ratios: readonly number[],
  balanced: Awaited<ReturnType<typeof balancedRun>>,
): Check[] {
  const confidence = ({ iteration, error }: { iteration: Float64Array; error: Float64Array }, law: string): number => {
    const decided = decideLaw({ length: iteration.length, columns: { iteration, error } }, 'error');
    return decided.law === law ? decided.confidence : 0;
  };
  const ratio = ratios.find((one) => one > 0 && one < 1);
  const run = runs.find((one) => one.ratio === ratio);
  return [
    ...(run === undefined
      ? []
      : [atLeast(`c = ${brief(run.ratio)}: diagnosed as linear, confidence`, confidence(run.course, 'linear'), 0.95)]),
    atLeast('F = G: diagnosed as 1/t, confidence', confidence(balanced.course, '1/t'), 0.95),
  ];
}

function row(
  runs: readonly ImbalancedRun[],
  matched: readonly ImbalancedRun[],
  ratio: number,
  unit: number,
): (string | number)[] {
  const rate = median(runs.map(known));
  const equal = matched.length === 0 ? NaN : median(matched.map(known));
  return [ratio, rate, median(runs.map(({ law }) => law)), cell(deviation(runs)), rate / unit, cell(equal)];
}

function errorPanel(
  runs: readonly ImbalancedRun[],
  ratios: readonly number[],
  balanced: Awaited<ReturnType<typeof balancedRun>>,
): Panel {
  const first = runs.filter(({ trial }) => trial === 0);
  // As far as the slower of the usual ratios needs.
  const usual = first.filter(({ ratio }) => ratio <= 0.5 || ratios.length === 1);
  const end = 1.5 * Math.max(...(usual.length > 0 ? usual : first).map(({ course }) => course.iteration.at(-1)!));
  const cut = (t: Float64Array, y: Float64Array): Float64Array => y.map((value, i) => (t[i]! <= end ? value : NaN));
  const lines = (label: string, t: Float64Array, error: Float64Array, predicted: Float64Array): Series[] => [
    { label, x: t, y: cut(t, error), style: 'measured' },
    { label: 'law', x: t, y: cut(t, predicted), style: 'predicted', group: label },
  ];
  return {
    title: 'The first start',
    x: { label: 'iteration t', scale: 'linear' },
    y: { label: 'error \u2016FG\u1d40 - X*\u2016', scale: 'log' },
    series: [
      ...first.flatMap(({ ratio, course, predicted }) =>
        lines(`c = ${brief(ratio)}`, course.iteration, course.error, predicted),
      ),
      ...lines('F = G', balanced.course.iteration, balanced.course.error, balanced.predicted),
    ],
  };
}

function ratePanel(runs: readonly ImbalancedRun[], matched: readonly ImbalancedRun[], unit: number): Panel {
  const inside = runs.filter(({ ratio }) => ratio > 0 && ratio < 1);
  const widest = Math.max(...matched.map(imbalance));
  const level = median(matched.filter((run) => imbalance(run) === widest).map((run) => known(run) / imbalance(run)));
  const x = [...new Set(matched.map(imbalance))].sort((a, b) => a - b);
  return {
    title: 'Rate against 1 - c\u00b2',
    x: { label: '1 - c\u00b2', scale: 'log' },
    y: { label: 'rate per step / (\u03b7\u03b1\u00b2)', scale: 'log' },
    series: [
      {
        label: 'independent F, G',
        x: inside.map(imbalance),
        y: inside.map((run) => known(run) / unit),
        style: 'points',
      },
      {
        label: 'equal Gram matrices',
        x: matched.map(imbalance),
        y: matched.map((run) => known(run) / unit),
        style: 'points',
      },
      {
        label: 'proportional',
        x,
        y: x.map((value) => (level * value) / unit),
        style: 'predicted',
        group: 'equal Gram matrices',
      },
    ],
  };
}

function driftPanel(drifts: readonly Drift[]): Panel {
  const x = drifts.map(({ step }) => step);
  const [first] = drifts;
  return {
    title: 'How far \u0394 drifts in the same flow time',
    x: { label: 'step \u03b7', scale: 'log' },
    y: { label: '\u2016\u0394 - \u0394\u2080\u2016 / \u2016\u0394\u2080\u2016', scale: 'log' },
    series: [
      { label: 'measured', x, y: drifts.map(({ drift }) => drift), style: 'points' },
      {
        label: 'proportional',
        x,
        y: x.map((step) => (first!.drift * step) / first!.step),
        style: 'predicted',
        group: 'measured',
      },
    ],
  };
}
