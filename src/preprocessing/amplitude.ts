/**
 * T(y) = |z| as y shows it (the root of an intensity) where |z|^2 <= threshold mean(|z|^2), else 0: the truncated spectral
 * method with amplitudes for weights. Trimmed, because otherwise it would be unbounded above.
 */
import { amplitudeOf, type Preprocessing, preprocessing } from './preprocessing';

export function amplitude(threshold: number): Preprocessing {
  return preprocessing('amplitude', { threshold }, ({ channel }, law) => {
    const most = Math.sqrt(threshold * law.average((y) => amplitudeOf(y, channel) ** 2));
    const weight = (y: number): number => {
      const b = amplitudeOf(y, channel);
      return b <= most ? b : 0;
    };
    return { weight, breakpoints: channel.intensity ? [0, most * most] : [-most, 0, most] };
  });
}
