/** A Gaussian vector problem from the bare parts, for tests that look at one of them. */
import { native } from '../../src/load';
import type { Channel } from '../../src/channels/channel';
import { VectorProblem } from '../../src/problems/vector-problem';
import { type Field, Vector } from '../../src/vector';

/** Signal of norm 1, y from `channel`; no numbers of the design, the signal and the noise are related. */
export function gaussianVectorProblem(
  dimension: number,
  measurements: number,
  channel: Channel,
  field: Field,
  seed: number,
): VectorProblem {
  const design = new native.DenseDesign(measurements, dimension, field);
  design.fillGaussian(seed, 2);
  const truth = Vector.zeros(dimension, field);
  native.normals(seed, 'signal', 0, truth.data);
  const norm = truth.norm();
  for (let j = 0; j < truth.data.length; j++) truth.data[j]! /= norm;
  const z = new Float64Array(field === 'real' ? measurements : 2 * measurements);
  native.designApply(design, truth.data, z, 2);
  let next = 0;
  const draw =
    (kind: 'normals' | 'uniforms') =>
    (count: number): Float64Array => {
      const out = new Float64Array(count);
      native[kind](seed, 'noise', next, out);
      next += count;
      return out;
    };
  const y = channel.sample(z, field, { normals: draw('normals'), uniforms: draw('uniforms') });
  return new VectorProblem({ design, y, channel, truth });
}
