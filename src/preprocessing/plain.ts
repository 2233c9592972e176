/** T(y) = y: the spectral method of Wirtinger flow (arXiv 1407.1065). Unbounded above for intensities and amplitudes. */
import { type Preprocessing, preprocessing } from './preprocessing';

export function plain(): Preprocessing {
  return preprocessing('plain', {}, () => ({ weight: (y) => y, breakpoints: [] }));
}
