/** T(y) = y where y <= threshold mean(y), else 0: truncated Wirtinger flow (arXiv 1505.05114), whose threshold is 3^2 = 9. */
import { type Preprocessing, preprocessing } from './preprocessing';

export function truncated(threshold: number): Preprocessing {
  return preprocessing('truncated', { threshold }, (_, law) => {
    const most = threshold * law.average((y) => y);
    return { weight: (y) => (y <= most ? y : 0), breakpoints: [most] };
  });
}
