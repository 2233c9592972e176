/** Where gradient descent rests: the long-time fixed point, the whole sweep, and the run. */
import { dmft, fixedPoint } from '../asymptotics';
import { hessianEdge } from '../diagnostics';
import { experiment, near, relativelyNear, type Series } from './experiment';
import { averaged, type Estimate, RECONSTRUCTION, shared, simulate, type Trajectory, withinErrors } from './s2-common';

interface Point {
  readonly ridge: number;
  readonly fixed: Awaited<ReturnType<typeof fixedPoint>>;
  readonly sweep: Awaited<ReturnType<typeof dmft>>;
  readonly m: readonly Estimate[];
  readonly q: readonly Estimate[];
  readonly edge: number;
}

export const s2FixedPoint = experiment({
  name: 's2-fixed-point',
  title: 'The limit of gradient descent, from four equations',
  claim:
    'Where gradient descent converges exponentially its limit solves a few scalar equations (arXiv 2509.23527: long-time fixed ' +
    'points). Their solution is where the sweep over all times ends and where the run ends, and the left edge of the Hessian ' +
    'they predict is the smallest eigenvalue measured there.',
  source: `arXiv 2509.23527, abstract; equations and edge derived; ${RECONSTRUCTION}`,
  parameters: {
    dimension: shared.dimension,
    runs: { ...shared.runs, quick: 6 },
    iterations: { ...shared.iterations, default: 100, quick: 60, least: 10 },
    samples: { ...shared.samples, default: 100_000, quick: 50_000 },
    delta: { description: 'm/n', kind: 'number', default: 6, least: 0.6, most: 50 },
    ridges: {
      description: 'lambda',
      kind: 'numbers',
      default: [0.02, 0.05, 0.1],
      quick: [0.05, 0.1],
      least: 0,
      most: 2,
    },
    step: { description: 'eta', kind: 'number', default: 0.6, least: 0.01, most: 2 },
    allowance: {
      description: 'simulation: allowed beyond three standard errors',
      kind: 'number',
      default: 0.005,
      quick: 0.015,
      least: 0,
      most: 1,
    },
    edgeTolerance: {
      description: 'relative, of the left edge of the Hessian',
      kind: 'number',
      default: 0.02,
      quick: 0.06,
      least: 0,
      most: 1,
    },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { dimension, runs: count, iterations, samples, delta, ridges, step, allowance, edgeTolerance } = parameters;
    const points: Point[] = [];
    for (const [i, ridge] of ridges.entries()) {
      const at = (share: number): number => (i + share) / ridges.length;
      const loss = { name: 'tanh-amplitude' as const, sharpness: 4 };
      const model = { field: 'real' as const, delta, channel: 'intensity' as const, loss, ridge };
      const start = { kind: 'spectral' as const, preprocessing: { name: 'optimal' as const, clip: 16 } };
      progress(at(0), `ridge ${ridge}: fixed point and sweep`);
      const fixed = await fixedPoint({ ...model, step, seed, signal });
      const sweep = await dmft({ ...model, step, iterations, samples, start, seed, threads, signal });
      const runs: Trajectory[] = [];
      let edge = 0;
      for (let run = 0; run < count; run++) {
        progress(at((run + 1) / (count + 1)), `ridge ${ridge}: run ${run + 1} of ${count}`);
        const path = await simulate({
          ...model,
          step,
          iterations,
          start,
          dimension,
          seed: seed + run,
          threads,
          signal,
        });
        const measured = await hessianEdge(path.problem, path.theta, { loss, ridge, threads, signal });
        edge += measured.smallest / count;
        runs.push(path);
      }
      points.push({ ridge, fixed, sweep, m: averaged(runs, 'm'), q: averaged(runs, 'q'), edge });
    }
    const last = iterations;
    return {
      checks: points.flatMap(({ ridge, fixed, sweep, m, q, edge }) => {
        const { m: mError, q: qError } = sweep.standardErrors;
        return [
          near(
            `ridge ${ridge}: m of the fixed point, against the sweep at t = ${last}`,
            fixed.m,
            sweep.m[last]!,
            1e-3 + 3 * mError[last]!,
          ),
          near(
            `ridge ${ridge}: q of the fixed point, against the sweep at t = ${last}`,
            fixed.q,
            sweep.q[last]!,
            1e-3 + 3 * qError[last]!,
          ),
          withinErrors(`ridge ${ridge}: m and q of the runs`, [m[last]!, q[last]!], [fixed.m, fixed.q], allowance),
          relativelyNear(`ridge ${ridge}: smallest eigenvalue of the Hessian`, edge, fixed.leftEdge, edgeTolerance),
        ];
      }),
      table: {
        columns: ['ridge', 'm', 'sweep', 'runs', 'q', 'sweep', 'runs', 'left edge', 'measured', 'convergence factor'],
        rows: points.map(({ ridge, fixed, sweep, m, q, edge }) => [
          ridge,
          fixed.m,
          sweep.m[last]!,
          m[last]!.mean,
          fixed.q,
          sweep.q[last]!,
          q[last]!.mean,
          fixed.leftEdge,
          edge,
          fixed.rate ?? NaN,
        ]),
      },
      panels: [
        {
          title: 'Inner product with the signal',
          x: { label: 'iteration', scale: 'linear' },
          y: { label: 'm', scale: 'linear' },
          series: points.flatMap(({ ridge, fixed, sweep, m }): Series[] => {
            const t = m.map((_, i) => i);
            const group = `ridge ${ridge}`;
            return [
              { label: group, x: t, y: m.map(({ mean }) => mean), style: 'points', group },
              { label: 'sweep', x: t, y: sweep.m, style: 'measured', group },
              { label: 'fixed point', x: [0, last], y: [fixed.m, fixed.m], style: 'predicted', group },
            ];
          }),
        },
        {
          title: 'Left edge of the Hessian at the limit',
          x: { label: 'ridge', scale: 'linear' },
          y: { label: 'smallest eigenvalue', scale: 'linear' },
          series: [
            { label: 'measured', x: ridges, y: points.map(({ edge }) => edge), style: 'points', group: 'edge' },
            {
              label: 'predicted',
              x: ridges,
              y: points.map(({ fixed }) => fixed.leftEdge),
              style: 'predicted',
              group: 'edge',
            },
          ],
        },
      ],
      trace: {
        ridge: points.flatMap(({ ridge, m }) => m.map(() => ridge)),
        iteration: points.flatMap(({ m }) => m.map((_, t) => t)),
        m: points.flatMap(({ m }) => m.map(({ mean }) => mean)),
        mSweep: points.flatMap(({ sweep }) => [...sweep.m]),
        q: points.flatMap(({ q }) => q.map(({ mean }) => mean)),
        qSweep: points.flatMap(({ sweep }) => [...sweep.q]),
      },
      notes: [
        `n = ${dimension}, m/n = ${delta}, step ${step}, means of ${count} problems; loss of amplitudes behind tanh(4 r), spectral ` +
          'start of norm 1.',
        'The edge is that of the bulk of the Hessian; a finite matrix has its smallest eigenvalue a little inside or outside.',
        `Equations: ${RECONSTRUCTION}.`,
      ],
    };
  },
});
