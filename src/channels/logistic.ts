/** P(y = 1 | z) = 1 / (1 + exp(-slope z)), else y = 0: logistic regression. */
import { forEachNode } from '../asymptotics/quadrature';
import type { Channel } from './channel';
import { density, densityEdges, NodeList } from './density';

/** @param slope above 0: signal to noise */
export function logistic(slope: number): Channel {
  const probability = (z: number): number => 1 / (1 + Math.exp(-slope * z));
  return {
    name: 'logistic',
    parameters: { slope },
    fields: ['real'],
    intensity: false,
    even: false,
    sample: (z, _field, noise) => noise.uniforms(z.length).map((u, i) => (u < probability(z[i]!) ? 1 : 0)),
    nodes: (field) => {
      const list = new NodeList();
      for (const y of [0, 1]) {
        forEachNode(densityEdges(field, []), (z, weight) => {
          list.push(weight * density(z, field) * probability(y === 1 ? z : -z), z, y);
        });
      }
      return list.nodes();
    },
    // By symmetry: P(y | z) + P(y | -z) = 1.
    posteriorSecondMoment: () => 1,
  };
}
