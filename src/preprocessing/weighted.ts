/**
 * T(y) = sqrt(|z|) on the given fraction of largest y, else 0: reweighted amplitude flow (arXiv 1705.10407), with its 3/13 and
 * its weights b^(1/2). Unbounded above.
 */
import { amplitudeOf, type Preprocessing, preprocessing } from './preprocessing';

export function weighted(fraction: number): Preprocessing {
  return preprocessing('weighted', { fraction }, ({ channel }, law) => {
    const cut = law.upperQuantile(fraction);
    return { weight: (y) => (y > cut ? Math.sqrt(amplitudeOf(y, channel)) : 0), breakpoints: [cut] };
  });
}
