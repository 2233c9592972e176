/** y = Poisson(gain |z|^2) / gain: photon counts. */
import { forEachNode, gradedEdges, gramRule } from '../asymptotics/quadrature';
import type { Field } from '../vector';
import type { Channel, ChannelNodes, ChannelNoise } from './channel';
import { count, density, NEAR, NodeList, squared } from './density';

/** Counts below this are summed one by one, those above by Gauss rules over blocks that double. */
const ONE_BY_ONE = 64;

/** @param gain above 0: counts at |z|^2 = 1 */
export function poisson(gain: number): Channel {
  return {
    name: 'poisson',
    parameters: { gain },
    fields: ['real', 'complex'],
    intensity: true,
    even: true,
    sample: (z, field, noise) => {
      const means = Float64Array.from({ length: count(z, field) }, (_, i) => gain * squared(z, field, i));
      return poissonCounts(means, noise).map((k) => k / gain);
    },
    nodes: (field, breakpoints) => poissonNodes(gain, field, breakpoints),
    // Given k counts, |z|^2 is Gamma(k + 1/2, gain + 1/2) real, Gamma(k + 1, gain + 1) complex.
    posteriorSecondMoment: (y, field) => {
      const prior = field === 'real' ? 0.5 : 1;
      return (gain * Math.max(0, y) + prior) / (gain + prior);
    },
  };
}

const TWO_PI = 2 * Math.PI;
const LOG_TWO_PI = Math.log(TWO_PI);
// Nodes come by the hundred thousand: no look-up of a global for each.
const { exp, log, log1p, sqrt } = Math;

/** log k!, to 1e-13 of itself: Stirling's series above 10. */
function logFactorial(k: number): number {
  let shift = 0;
  let x = k + 1;
  for (; x < 12; x++) shift += log(x);
  const inverse = 1 / (x * x);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / x;
  return (x - 0.5) * log(x) - x + 0.5 * LOG_TWO_PI + series - shift;
}

/** P(count = k) for a mean of mu, also between the integers: k log(mu/k) keeps its digits where k! would lose them. */
function probability(k: number, mu: number): number {
  if (mu === 0) return k === 0 ? 1 : 0;
  if (k < 12) return exp(k * log(mu) - mu - logFactorial(k));
  const inverse = 1 / (k * k);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / k;
  const x = (mu - k) / k;
  return exp(-k * (x - log1p(x)) - series) / sqrt(TWO_PI * k);
}

function poissonNodes(gain: number, field: Field, breakpoints: readonly number[]): ChannelNodes {
  const far = NEAR[field];
  const list = new NodeList();
  const add = (k: number, weight: number): void => {
    // The likelihood in |z| peaks at sqrt(k / gain), about 1 / (2 sqrt(gain)) wide.
    const peak = Math.sqrt(k / gain);
    const points = [
      { at: 0, narrowest: 1 },
      { at: peak, narrowest: Math.min(1, 0.5 / Math.sqrt(gain)) },
    ];
    forEachNode(gradedEdges(0, far, points, 1), (z, inner) => {
      const p = probability(k, gain * z * z) * density(z, field);
      if (!(p > 1e-32)) return;
      if (field === 'complex') list.push(weight * inner * p, z, k / gain);
      else for (const side of [-z, z]) list.push(weight * inner * p, side, k / gain);
    });
  };
  const last = Math.ceil(gain * far * far + 12 * Math.sqrt(gain * far * far + 36) + 72);
  const cuts = breakpoints.map((b) => Math.ceil(gain * b)).filter((k) => k > 0 && k < last);
  let first = 0;
  for (; first < Math.min(ONE_BY_ONE, last); first++) add(first, 1);
  const widest = Math.max(1, Math.ceil(gain));
  while (first <= last) {
    const end = Math.min(first + Math.min(first, widest), last + 1, ...cuts.filter((k) => k > first));
    const { nodes, weights } = gramRule(end - first);
    const start = first;
    nodes.forEach((node, i) => {
      add(start + node, weights[i]!);
    });
    first = end;
  }
  return list.nodes();
}

/**
 * One Poisson number for each mean: by inversion below 10, above by transformed rejection with squeeze (Hoermann, "The
 * transformed rejection method for generating Poisson random variables", 1993, algorithm PTRS).
 */
function poissonCounts(means: Float64Array, noise: ChannelNoise): Float64Array {
  const out = new Float64Array(means.length);
  let open = Array.from(means.keys());
  while (open.length > 0) {
    const uniforms = noise.uniforms(2 * open.length);
    open = open.filter((i, k) => {
      const drawn = draw(means[i]!, uniforms[2 * k]!, uniforms[2 * k + 1]!);
      if (drawn !== undefined) out[i] = drawn;
      return drawn === undefined;
    });
  }
  return out;
}

function draw(mu: number, first: number, second: number): number | undefined {
  if (mu < 10) {
    let k = 0;
    for (let p = Math.exp(-mu), sum = p; first > sum && k < 200; sum += p) p *= mu / ++k;
    return k;
  }
  const b = 0.931 + 2.53 * Math.sqrt(mu);
  const a = -0.059 + 0.02483 * b;
  const u = first - 0.5;
  const us = 0.5 - Math.abs(u);
  const k = Math.floor(((2 * a) / us + b) * u + mu + 0.43);
  if (us >= 0.07 && second <= 0.9277 - 3.6224 / (b - 2)) return k;
  if (k < 0 || (us < 0.013 && second > us)) return undefined;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const height = Math.log((second * inverseAlpha) / (a / (us * us) + b));
  return height <= k * Math.log(mu) - mu - logFactorial(k) ? k : undefined;
}
