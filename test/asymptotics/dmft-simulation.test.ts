/** The sweep against gradient descent on explicit data (dmft-simulation.ts). */
import type { NativeField } from '../../src/native';
import { simulate } from './dmft-simulation';
import { filled, intensities, meanAndError, mondelliMontanari, normalSamples, sweep } from './dmft-support';

const T = 6;
const RUNS = 10;
/** Bias at this small a dimension; the Monte Carlo error of the sweep is below .003. */
const BIAS = 0.01;

/** tau and a^2 of noiseless intensities at delta = 3 with the Mondelli-Montanari map (reference 7.3). */
const SPECTRAL = { real: { tau: 1.694796, a2: 0.62621 }, complex: { tau: 1.4052, a2: 0.49001 } };

interface Variant {
  readonly field: NativeField;
  readonly spectral: boolean;
  readonly momentum: number;
  readonly batch: number;
}

it.each<Variant>([
  { field: 'real', spectral: true, momentum: 0.5, batch: 1 },
  { field: 'real', spectral: false, momentum: 0.3, batch: 0.5 },
  { field: 'complex', spectral: true, momentum: 0, batch: 1 },
  { field: 'complex', spectral: true, momentum: 0.3, batch: 0.5 },
])('delta = 3, smoothed amplitude flow: %o', async ({ field, spectral, momentum, batch }) => {
  const loss = { name: 'tanh-amplitude', parameters: [4] };
  const common = { delta: 3, field, loss, steps: filled(T, 0.5), ridge: 0.05, momentum, batch };
  const map = mondelliMontanari(3, field);
  const z = normalSamples(40_000, field, 2);
  const y = intensities(z, field);
  const { tau, a2 } = SPECTRAL[field];
  const start = spectral ? { t: y.map(map), tau, overlap: Math.sqrt(a2) } : { overlap: 0.7 };
  const predicted = await sweep({ ...common, ...start, z, y, seed: 2 });
  const runs = Array.from({ length: RUNS }, (_, k) =>
    simulate({ ...common, dimension: field === 'real' ? 300 : 200, start: spectral ? map : 0.7, seed: 10 + k }),
  );
  for (const name of ['m', 'q', 'trainLoss'] as const) {
    for (let t = 0; t <= T; t++) {
      const [mean, error] = meanAndError(runs.map((run) => run[name][t]!));
      const within = Math.abs(mean - predicted[name][t]!) <= 3 * error + BIAS;
      expect({ name, t, mean, predicted: predicted[name][t], within }).toMatchObject({ within: true });
    }
  }
});
