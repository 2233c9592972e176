/** Subset methods: T = 1 on the largest measurements, else 0. */
import { type Preprocessing, preprocessing } from './preprocessing';

/** T(y) = 1 where y > threshold, else 0; y that of a signal of norm 1. */
export function subset(threshold: number): Preprocessing {
  return preprocessing('subset', { threshold }, () => ({
    weight: (y) => (y > threshold ? 1 : 0),
    breakpoints: [threshold],
  }));
}

/** T(y) = 1 on the given fraction of largest y: truncated amplitude flow (arXiv 1605.08285), with its 1/6. */
export function orthogonalityPromoting(fraction: number): Preprocessing {
  return preprocessing('orthogonality-promoting', { fraction }, (_, law) => {
    const cut = law.upperQuantile(fraction);
    return { weight: (y) => (y > cut ? 1 : 0), breakpoints: [cut] };
  });
}
