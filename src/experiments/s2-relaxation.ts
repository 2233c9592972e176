/** Relaxation: late in a run the two-time functions of gradient descent depend on the difference of the times alone. */
import { dmft, fixedPoint } from '../asymptotics';
import { atMost, experiment, relativelyNear, type Series } from './experiment';
import { RECONSTRUCTION, shared } from './s2-common';
import { firstAtMost } from './statistics';

export const s2Relaxation = experiment({
  name: 's2-relaxation',
  title: 'Time-translation invariance late in a run',
  claim:
    'When the spectral start lies where the landscape is benign, the mean-field equations become time-translation invariant and ' +
    'converge exponentially (arXiv 2509.23527). The response R(t + s, t) of the run at several times t collapses on one curve ' +
    'of s, and m_t comes to its limit at the rate of the fixed point.',
  source: `arXiv 2509.23527, abstract; ${RECONSTRUCTION}`,
  parameters: {
    iterations: { ...shared.iterations, default: 80, quick: 48, least: 24 },
    samples: { ...shared.samples, default: 40_000, quick: 10_000 },
    delta: { description: 'm/n', kind: 'number', default: 4, least: 0.6, most: 50 },
    step: { description: 'eta', kind: 'number', default: 0.6, least: 0.01, most: 2 },
    ridge: { description: 'lambda', kind: 'number', default: 0.1, least: 0, most: 2 },
    collapse: {
      description: 'largest difference of two late responses at one s, over the largest response',
      kind: 'number',
      default: 0.02,
      quick: 0.04,
      least: 0,
      most: 1,
    },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { iterations, samples, delta, step, ridge, collapse } = parameters;
    const loss = { name: 'tanh-amplitude', sharpness: 4 } as const;
    progress(0, 'theory');
    const fixed = await fixedPoint({ delta, loss, ridge, step, seed, signal });
    const theory = await dmft({
      delta,
      loss,
      step,
      ridge,
      iterations,
      samples,
      start: { kind: 'spectral', preprocessing: { name: 'optimal', clip: 16 } },
      kernels: true,
      repeats: 2,
      seed,
      threads,
      signal,
    });
    const { responseTheta, covariance } = theory.kernels!;
    const width = iterations + 1;
    const lags = Math.floor(iterations / 4);
    const times = [0, 1, 2, 3].map((quarter) => Math.floor((quarter * iterations) / 4));
    /** R(t + s, t), s = 1 .. lags. */
    const response = (t: number): Float64Array =>
      Float64Array.from({ length: lags }, (_, i) => responseTheta.get(t + 1 + i, t));
    const curves = times.map(response);
    const largest = Math.max(...curves[3]!.map(Math.abs));
    const apart = (a: Float64Array, b: Float64Array): number =>
      Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / largest;
    const distances = [0, 1, 2].map((i) => apart(curves[i]!, curves[3]!));
    // C(t + s, t) against its limit, at one lag.
    const limit = covariance.get(iterations, iterations);
    const lag = Math.floor(lags / 2);
    const relaxing = Array.from({ length: width - lag }, (_, t) => Math.abs(covariance.get(t + lag, t) - limit));
    // m_t against its end, down to where rounding in the sweep begins to show.
    const away = Array.from(theory.m, (m) => Math.abs(m - theory.m[iterations]!));
    const last = Math.max(4, firstAtMost(away, 1e-5));
    const first = Math.floor(last / 2);
    const rate = (Math.log(away[last]! / away[first]!) + 1.5 * Math.log(last / first)) / (last - first);
    const predictedRate = Math.log(fixed.rate ?? NaN);
    const law = away.map((_, t) =>
      t < 2 ? NaN : away[first]! * (t / first) ** -1.5 * Math.exp(predictedRate * (t - first)),
    );
    return {
      checks: [
        atMost(`R(t + s, t): t = ${times[2]} against t = ${times[3]}, largest difference`, distances[2]!, collapse),
        atMost(
          `the same at t = 0 over at t = ${times[2]}: the early response is another (inverse at most 1/3)`,
          distances[2]! / distances[0]!,
          1 / 3,
        ),
        relativelyNear(
          `m_t - m: exponential rate between t = ${first} and ${last}, with t^(-3/2) before it, against ln of the factor at the fixed point`,
          rate,
          predictedRate,
          0.25,
        ),
      ],
      table: {
        columns: [
          't',
          `largest |R(t + s, t) - R(${times[3]} + s, ${times[3]})| / max R`,
          `C(t + ${lag}, t)`,
          'C - limit',
        ],
        rows: times
          .slice(0, 3)
          .map((t, i) => [t, distances[i]!, covariance.get(t + lag, t), covariance.get(t + lag, t) - limit]),
      },
      panels: [
        {
          title: 'Response to the gradient noise of step t',
          x: { label: 's', scale: 'linear' },
          y: { label: 'R(t + s, t)', scale: 'linear' },
          series: curves.map((curve, i): Series => ({
            label: `t = ${times[i]}`,
            x: Array.from(curve, (_, j) => j + 1),
            y: curve,
            style: i === 3 ? 'measured' : 'points',
          })),
        },
        {
          title: 'Distance of m from its limit',
          x: { label: 't', scale: 'linear' },
          y: { label: '|m_t - m|', scale: 'log' },
          series: [
            { label: 'theory', x: away.map((_, t) => t), y: away.map(positive), style: 'measured', group: 'm' },
            {
              label: 't^(-3/2) times the factor of the fixed point to the t',
              x: away.map((_, t) => t),
              y: law.map(positive),
              style: 'predicted',
              group: 'law',
            },
          ],
        },
      ],
      trace: {
        iteration: Array.from(theory.m, (_, t) => t),
        m: theory.m,
        q: theory.q,
        covarianceAtLag: Array.from(theory.m, (_, t) => relaxing[t] ?? NaN),
      },
      notes: [
        'The exponential rate is that of the left edge of the Hessian at the fixed point; a bulk that vanishes there like a square ' +
          'root puts t^(-3/2) before it (derived).',
        `m/n = ${delta}, step ${step}, ridge ${ridge}, loss of amplitudes behind tanh(4 r), spectral start. Everything here is the ` +
          'mean-field theory; that it is the simulation is the claim of s2-dmft.',
        `Mean-field theory: ${RECONSTRUCTION}.`,
      ],
    };
  },
});

/** For a logarithmic axis. */
function positive(value: number): number {
  return value > 0 ? value : NaN;
}
