/** The law of z (real) or |z| (complex), and nodes over it. */
import { forEachNode, gradedEdges, type GradingPoint } from '../asymptotics/quadrature';
import type { Field } from '../vector';
import type { ChannelNodes } from './channel';

/** Beyond these the density is below 1e-290. */
const FAR: Record<Field, number> = { real: 37, complex: 26 };
/** Beyond these it is below 1e-31, of which nothing is left in a sum of doubles, whatever power of z it carries. */
export const NEAR: Record<Field, number> = { real: 12, complex: 8.5 };
/** Panels towards 0 and towards a breakpoint narrow to this: nothing that is integrable is left below it. */
const NARROWEST = 2 ** -36;

const ROOT_TWO_PI = Math.sqrt(2 * Math.PI);
// Called a million times for a set of nodes: no look-up of a global in it.
const { exp } = Math;

/** Real: the standard normal density. Complex: that of |z| for z ~ CN(0, 1). */
export function density(z: number, field: Field): number {
  return field === 'real' ? exp(-0.5 * z * z) / ROOT_TWO_PI : z < 0 ? 0 : 2 * z * exp(-z * z);
}

/** |z|^2 of number i. */
export function squared(z: Float64Array, field: Field, i: number): number {
  if (field === 'real') return z[i]! * z[i]!;
  const [re, im] = [z[2 * i]!, z[2 * i + 1]!];
  return re * re + im * im;
}

/** m, for m numbers z. */
export function count(z: Float64Array, field: Field): number {
  return field === 'real' ? z.length : z.length / 2;
}

/** Nodes are collected here. */
export class NodeList {
  readonly #weight: number[] = [];
  readonly #z: number[] = [];
  readonly #y: number[] = [];

  push(weight: number, z: number, y: number): void {
    if (!(weight > 0)) return;
    this.#weight.push(weight);
    this.#z.push(z);
    this.#y.push(y);
  }

  nodes(): ChannelNodes {
    return { weight: Float64Array.from(this.#weight), z: Float64Array.from(this.#z), y: Float64Array.from(this.#y) };
  }
}

/** Panels over z, in the real field symmetric about 0, cut at `points` and at 0. */
export function densityEdges(field: Field, points: readonly number[]): number[] {
  const far = FAR[field];
  const grading: GradingPoint[] = [0, ...points].map((at) => ({ at, narrowest: NARROWEST }));
  return gradedEdges(field === 'real' ? -far : 0, far, grading, 1);
}

/** E f(z, y(z)) for a channel without noise; `y` may jump at `points`. */
export function noiselessNodes(field: Field, points: readonly number[], y: (z: number) => number): ChannelNodes {
  const list = new NodeList();
  forEachNode(densityEdges(field, points), (z, weight) => {
    list.push(weight * density(z, field), z, y(z));
  });
  return list.nodes();
}
