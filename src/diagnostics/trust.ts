/**
 * The verdict on a recovery: may the estimate be used, and why. Every rule is a comparison of numbers that anybody can
 * recompute. The thresholds were set on thousands of random problems; docs/recovery.md has the rates of false trust and of
 * false doubt.
 */
import type { Status, Trust, Verdict } from '../solvers/result';
import { degreesOfFreedom, largestRank, type MatrixSpace } from './identifiability';

/** What the verdict rests on. Residuals are relative. */
export interface Evidence {
  readonly space: MatrixSpace;
  readonly measurements: number;
  readonly rank: number;
  /** The caller gave the rank; then it is not for us to doubt that there is more. */
  readonly rankGiven: boolean;
  /** Rank of the over-parameterized search that the spectrum is from. */
  readonly searchRank: number;
  /** sigma_r / sigma_{r+1} of it; NaN when the search had no column to spare. */
  readonly spectralGap: number;
  readonly heldOut: number;
  /** How many of the held-out rows carry the comparison: fewer than all of them where most y_i are zero. */
  readonly effectiveHeldOut: number;
  /** Of the fit that did not see the held-out rows. */
  readonly trainResidual: number;
  readonly validationResidual: number;
  /** Of the final fit to all rows. */
  readonly residual: number;
  readonly conditionNumber: number;
  readonly stopped: Status;
  readonly converged: boolean;
  /**
   * How far a fit started nearby ended from the estimate, as a share of how far it was started; undefined when that was not
   * tried because the verdict was clear without.
   */
  readonly returned?: number | undefined;
  /** With noise: the relative change of the estimate when noise of the size of the residual is added to y. */
  readonly response?: number | undefined;
  /** Sentences of the caller's, for the end of the list. */
  readonly remarks?: readonly string[] | undefined;
}

/** Predictions better than this count as exact: noise is not the issue. */
const EXACT = 1e-6;
/** A larger error of prediction is no basis for trust; one beyond `hopeless` says that nothing was found. */
const MOST_VALIDATION = 0.2;
const HOPELESS = 0.5;
/** With noise, the break in the spectrum must be at least this. */
const LEAST_GAP = 5;
/** With noise, training rows per degree of freedom of rank r + 1: fewer cannot tell noise from another component. */
const LEAST_ROOM = 1.75;
/** ln of the odds against predicting the held-out rows by chance: one in a million. */
const LEAST_EVIDENCE = 14;
const MOST_ERROR = 0.1;
/**
 * Of the way to the last start, this share may remain. It is 1 along a direction that A does not see, and not small along
 * one that it hardly sees; with noise that is where the error is larger than expected.
 */
const MOST_RETURNED = 0.02;
/** The held-out residual may exceed what noise and the size of the fit explain by this factor. */
const MOST_OVERFIT = 2;

/**
 * Relative Frobenius error to expect of a least-squares fit when the misfit is independent noise:
 * sigma sqrt(dof / m) with sigma^2 = ||r||^2 / (m - dof). Measured: right within a factor of 2 for m above 1.3 dof.
 */
export function expectedError(residual: number, measurements: number, degrees: number): number {
  const spare = measurements - degrees;
  if (spare <= 0) return Infinity;
  return residual * Math.sqrt(measurements / spare) * Math.sqrt(degrees / spare);
}

/** The larger of the formula and what was measured. */
function errorOf({ residual, measurements, response = 0 }: Evidence, degrees: number): number {
  return Math.max(expectedError(residual, measurements, degrees), response);
}

/** True when everything but the return of a nearby start speaks for the estimate: only then is that worth trying. */
export function worthChecking(evidence: Evidence): boolean {
  return doubts(evidence).length === 0;
}

/** The verdict, its sentences and its numbers. */
export function judge(evidence: Evidence): Trust {
  const found = doubts(evidence);
  const degrees = degreesOfFreedom(evidence.space, evidence.rank);
  const verdict = verdictOf(evidence, found, degrees);
  const reasons =
    verdict !== 'unidentifiable' || undetermined(evidence) ? found : unidentifiableReasons(evidence, degrees);
  return {
    verdict,
    reasons: [...reasons, ...support(evidence, degrees, verdict), ...(evidence.remarks ?? [])],
    evidence: {
      measurements: evidence.measurements,
      degreesOfFreedom: degrees,
      measurementsPerDegree: degrees > 0 ? evidence.measurements / degrees : Infinity,
      trainResidual: evidence.trainResidual,
      validationResidual: evidence.validationResidual,
      spectralGap: evidence.spectralGap,
      expectedError: errorOf(evidence, degrees),
      conditionNumber: evidence.conditionNumber,
      stopped: evidence.stopped,
    },
  };
}

function verdictOf(evidence: Evidence, found: readonly string[], degrees: number): Verdict {
  if (found.length === 0) return 'trusted';
  const { validationResidual: validation, measurements, heldOut } = evidence;
  const blind = !(validation <= MOST_VALIDATION);
  if (measurements < degrees || undetermined(evidence)) return 'unidentifiable';
  if (measurements - heldOut < degrees && blind) return 'unidentifiable';
  if (validation > HOPELESS) return 'unidentifiable';
  return blind && !hasRoom(evidence) ? 'unidentifiable' : 'doubtful';
}

/** The data fit exactly, and so do other matrices nearby. */
function undetermined({ returned, validationResidual }: Evidence): boolean {
  return returned !== undefined && !(returned <= MOST_RETURNED) && validationResidual <= EXACT;
}

/** Enough training rows to tell whether there is a further component. */
function hasRoom({ space, rank, measurements, heldOut }: Evidence): boolean {
  if (rank >= Math.min(...space.shape)) return true;
  return measurements - heldOut >= LEAST_ROOM * degreesOfFreedom(space, rank + 1);
}

/** What speaks against the estimate, as sentences, the most important first. */
function doubts(evidence: Evidence): string[] {
  const { space, rank, measurements, heldOut, validationResidual, trainResidual } = evidence;
  const degrees = degreesOfFreedom(space, rank);
  const training = measurements - heldOut;
  const exact = validationResidual <= EXACT;
  const out: string[] = [];
  if (measurements < degrees) {
    out.push(`${rankName(evidence)} has ${degrees} degrees of freedom, more than the ${count(measurements)}.`);
  } else if (heldOut === 0) {
    out.push('No measurement could be held out, so that nothing checks the fit.');
  } else if (training <= degrees) {
    out.push(
      `The ${degrees} degrees of freedom of a ${evidence.rank === 0 ? '' : `rank-${rank} `}matrix are no fewer than the ` +
        `${training} measurements used for the fit: it can follow any values, and only ${heldOut} are left to check it.`,
    );
  }
  if (heldOut > 0 && !(validationResidual <= MOST_VALIDATION)) {
    out.push(
      `The fit predicts the ${heldOut} held-out measurements poorly, with a relative error of ${show(validationResidual)}.`,
    );
  } else if (heldOut > 0 && oddsAgainstChance(evidence) < LEAST_EVIDENCE) {
    out.push(
      `${heldOut} held-out ${heldOut === 1 ? 'measurement' : 'measurements'} predicted to ${show(validationResidual)} ` +
        'could be chance: more measurements are needed to be sure.',
    );
  }
  if (!exact && !evidence.rankGiven) {
    if (!hasRoom(evidence)) {
      out.push(
        `A residual of ${show(trainResidual)} remains, and the measurements are too few to tell whether that is noise or a ` +
          `further component: rank ${rank + 1} has ${degreesOfFreedom(space, rank + 1)} degrees of freedom.`,
      );
    }
    if (rank < Math.min(...space.shape) && !(evidence.spectralGap >= LEAST_GAP)) {
      out.push(
        Number.isNaN(evidence.spectralGap)
          ? `The search used all of its ${evidence.searchRank} columns, so that the rank may be larger.`
          : `The singular values fall only by a factor of ${show(evidence.spectralGap)} behind the ${ordinal(rank)}: the rank is not clear.`,
      );
    }
  }
  if (!exact && training > degrees) {
    const expected =
      trainResidual * Math.sqrt(training / (training - degrees)) * Math.sqrt(1 + degrees / (training - degrees));
    if (validationResidual > MOST_OVERFIT * expected) {
      out.push(
        `The error on held-out measurements, ${show(validationResidual)}, is larger than the ${show(expected)} that noise of the ` +
          'size of the training residual explains.',
      );
    }
  }
  const error = errorOf(evidence, degrees);
  if (measurements > degrees && error > MOST_ERROR) {
    out.push(`The misfit allows a relative error of the estimate of about ${show(error)}.`);
  }
  if (evidence.returned !== undefined && !(evidence.returned <= MOST_RETURNED)) {
    out.push(
      `A fit started near the estimate did not come back to it (${show(evidence.returned)} of the distance remained): ` +
        'other matrices of this rank fit the measurements as well.',
    );
  }
  if (!evidence.converged) {
    out.push(evidence.stopped === 'time' ? 'The time limit ended the fit.' : 'The final fit did not converge.');
  }
  return out;
}

/** -ln of the chance that so many held-out rows are predicted so well by something unrelated to them. */
function oddsAgainstChance({ effectiveHeldOut, validationResidual }: Evidence): number {
  if (!(validationResidual < 0.5)) return 0;
  return effectiveHeldOut * Math.log(1 / (2 * Math.max(validationResidual, 1e-300)));
}

function unidentifiableReasons(evidence: Evidence, degrees: number): string[] {
  const { space, measurements, heldOut, rank, validationResidual } = evidence;
  const out: string[] = [];
  const most = largestRank(space, measurements - heldOut - 1);
  if (measurements < degrees) {
    out.push(
      `${rankName(evidence)} has ${degrees} degrees of freedom, more than the ${count(measurements)}: they cannot determine it.`,
    );
  } else {
    const [n1, n2] = space.shape;
    const next = degreesOfFreedom(space, most + 1);
    const beyond =
      most < Math.min(n1, n2)
        ? ` A matrix of rank ${most + 1} has ${next} degrees of freedom, ${next > measurements ? 'more than' : 'too many for'} the ${count(measurements)}.`
        : '';
    const tried = evidence.rankGiven ? `of rank ${rank}` : most <= 1 ? 'of rank 1' : `of rank 1 to ${most}`;
    out.push(
      heldOut > 0
        ? `No matrix ${tried} was found that predicts measurements it was not fitted to: the best has a relative error of ` +
            `${show(validationResidual)} on the ${heldOut} held out.${beyond}`
        : `No measurement can be spared to check a fit.${beyond}`,
    );
  }
  out.push('The estimate is one of many that fit, or one that fits badly: do not use it.');
  return out;
}

/** What speaks for the estimate, and the numbers behind the verdict. */
function support(evidence: Evidence, degrees: number, verdict: Verdict): string[] {
  const { measurements, heldOut, rank, validationResidual, trainResidual, spectralGap } = evidence;
  const out: string[] = [];
  if (heldOut > 0 && (verdict !== 'unidentifiable' || undetermined(evidence))) {
    out.push(
      `On ${heldOut} measurements that the fit did not see the relative error is ${show(validationResidual)}, on those it saw ` +
        `${show(trainResidual)}.`,
    );
  }
  if (measurements >= degrees && (verdict !== 'unidentifiable' || undetermined(evidence))) {
    out.push(
      `${count(measurements)} are ${show(measurements / degrees)} times the ${degrees} degrees of freedom of ${rankName(evidence, false)}.`,
    );
  }
  if (verdict !== 'trusted') return out;
  if (spectralGap >= LEAST_GAP) {
    const factor = spectralGap === Infinity ? 'to zero' : `by a factor of ${show(spectralGap)}`;
    out.push(
      `In a search with ${evidence.searchRank} columns the singular values fall ${factor} behind the ${ordinal(rank)}.`,
    );
  }
  if (evidence.returned !== undefined) {
    out.push(`A fit started near the estimate came back to it, to ${show(evidence.returned)} of the distance.`);
  }
  const error = errorOf(evidence, degrees);
  if (validationResidual > EXACT) {
    out.push(
      `If what does not fit is noise in the measurements, the relative error of the estimate is about ${show(error)}; if it is ` +
        `a part of the matrix of higher rank, about ${show(Math.max(error, validationResidual))}.`,
    );
  }
  return out;
}

function rankName({ space: { shape, symmetric }, rank }: Evidence, capital = true): string {
  const article = capital ? 'A' : 'a';
  return `${article} ${symmetric ? 'symmetric ' : ''}${shape[0]} x ${shape[1]} matrix of rank ${rank}`;
}

function count(measurements: number): string {
  return measurements === 1 ? '1 measurement' : `${measurements} measurements`;
}

function ordinal(rank: number): string {
  const tens = rank % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][rank % 10] ?? 'th');
  return `${rank}${suffix}`;
}

/** Two digits are what a verdict needs. */
function show(value: number): string {
  if (!Number.isFinite(value)) return value === Infinity ? 'infinity' : 'not a number';
  if (value !== 0 && (Math.abs(value) < 1e-2 || Math.abs(value) >= 1e4)) {
    return value.toExponential(1).replace('e+', 'e');
  }
  return String(Number(value.toPrecision(2)));
}
