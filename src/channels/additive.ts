/** Channels y = link(z) + noise, the noise Gaussian: with noise the nodes run over y, and over z given y. */
import { forEachNode, gradedEdges, type GradingPoint } from '../asymptotics/quadrature';
import type { Field } from '../vector';
import type { Channel, ChannelNodes } from './channel';
import { count, density, NEAR, NodeList, noiselessNodes } from './density';

export interface Link {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly intensity: boolean;
  /** Depends on |z| alone; then `value` is called with |z| in the complex field. */
  readonly even: boolean;
  /** Monotone on z >= 0 and on z <= 0, with a corner or a flat point at most at 0. */
  readonly value: (z: number) => number;
  /** The z (at most one on each side of 0) with link(z) = y; of a y outside the range, the z of the nearest that is in it. */
  readonly preimages: (y: number) => readonly number[];
  /** E[|z|^2 | y] without noise. */
  readonly posteriorSecondMoment: (y: number) => number;
}

// Nodes come by the hundred thousand: no look-up of a global for each.
const { exp, max } = Math;

/** Beyond so many standard deviations noise counts as absent: exp(-72) = 5e-32. */
const FAR_NOISE = 12;

/** @param noise standard deviation of the noise on y; 0: none */
export function additiveChannel(link: Link, noise: number): Channel {
  const common = {
    name: noise > 0 ? `noisy-${link.name}` : link.name,
    parameters: { noise },
    fields: link.fields,
    intensity: link.intensity,
    even: link.even,
    sample: (z: Float64Array, field: Field, source: Parameters<Channel['sample']>[2]): Float64Array => {
      const m = count(z, field);
      const y = noise > 0 ? source.normals(m) : new Float64Array(m);
      for (let i = 0; i < m; i++) {
        const clean = link.value(field === 'real' ? z[i]! : Math.hypot(z[2 * i]!, z[2 * i + 1]!));
        y[i] = noise > 0 ? clean + noise * y[i]! : clean;
      }
      return y;
    },
  };
  if (noise === 0) {
    return {
      ...common,
      nodes: (field, breakpoints) => noiselessNodes(field, breakpoints.flatMap(link.preimages), link.value),
      posteriorSecondMoment: link.posteriorSecondMoment,
    };
  }
  // Callers ask for the same y again and again: once for each T of a family, once for each point of a curve.
  const known: Record<Field, Map<number, number>> = { real: new Map(), complex: new Map() };
  return {
    ...common,
    nodes: (field, breakpoints) => noisyNodes(link, noise, field, breakpoints),
    posteriorSecondMoment: (y, field) => {
      let moment = known[field].get(y);
      if (moment === undefined) {
        moment = posterior(link, noise, y, field);
        if (known[field].size < 1e5) known[field].set(y, moment);
      }
      return moment;
    },
  };
}

/** Panels over z given y: as wide as the prior allows, narrow where the likelihood peaks. */
function innerEdges(link: Link, noise: number, y: number, field: Field): number[] {
  const points: GradingPoint[] = [{ at: 0, narrowest: 1 }];
  let far = NEAR[field];
  for (const at of link.preimages(y)) {
    if (field === 'complex' && at < 0) continue;
    // Half the width of the peak: where the link has moved by one standard deviation, on the side that is nearer.
    let width = 1;
    for (const moved of [...link.preimages(y + noise), ...link.preimages(y - noise)]) {
      const distance = Math.abs(moved - at);
      if (distance > 0 && Math.sign(moved) * Math.sign(at) >= 0) width = Math.min(width, distance);
    }
    const outside = Math.abs(y - link.value(at)) / noise;
    points.push({ at, narrowest: Math.max(2 ** -40, width / (2 + outside)) });
    far = Math.max(far, Math.abs(at) + 1);
  }
  return gradedEdges(field === 'real' ? -far : 0, far, points, 1.5);
}

function posterior(link: Link, noise: number, y: number, field: Field): number {
  const logs: number[] = [];
  const weights: number[] = [];
  const squares: number[] = [];
  let top = -Infinity;
  forEachNode(innerEdges(link, noise, y, field), (z, weight) => {
    const deviation = (y - link.value(z)) / noise;
    const log = -0.5 * deviation * deviation - (field === 'real' ? 0.5 : 1) * z * z;
    top = max(top, log);
    logs.push(log);
    weights.push(field === 'real' ? weight : weight * z);
    squares.push(z * z);
  });
  let [mass, moment] = [0, 0];
  logs.forEach((log, k) => {
    const p = weights[k]! * exp(log - top);
    mass += p;
    moment += p * squares[k]!;
  });
  return moment / mass;
}

function noisyNodes(link: Link, noise: number, field: Field, breakpoints: readonly number[]): ChannelNodes {
  const far = NEAR[field];
  const ends = field === 'real' ? [link.value(-far), link.value(0), link.value(far)] : [link.value(0), link.value(far)];
  const points: GradingPoint[] = [
    { at: link.value(0), narrowest: noise / 4 },
    ...breakpoints.map((at) => ({ at, narrowest: Math.min(noise, 1) * 2 ** -30 })),
  ];
  const low = Math.min(...ends) - FAR_NOISE * noise;
  const high = Math.max(...ends) + FAR_NOISE * noise;
  // Far out the density changes with y in proportion, as a power does.
  const widest = (y: number): number => Math.max(1, noise / 2, Math.abs(y) / 4);
  const list = new NodeList();
  const scale = noise * Math.sqrt(2 * Math.PI);
  forEachNode(gradedEdges(low, high, points, widest), (y, outer) => {
    forEachNode(innerEdges(link, noise, y, field), (z, inner) => {
      const deviation = (y - link.value(z)) / noise;
      const p = (exp(-0.5 * deviation * deviation) / scale) * density(z, field);
      // Far below the last digit of any sum.
      if (p > 1e-32) list.push(outer * inner * p, z, y);
    });
  });
  return list.nodes();
}
