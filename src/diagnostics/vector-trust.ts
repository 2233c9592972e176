/** The verdict on a recovered vector, from what the fits showed. */
import type { Field } from '../vector';
import type { Verdict } from '../solvers/result';

export interface VectorEvidence {
  readonly measurements: number;
  readonly dimension: number;
  readonly field: Field;
  /** Intensities or amplitudes: sign or phase are not part of the answer. */
  readonly phaseless: boolean;
  /** Real numbers to be found: n, or 2 n - 1 complex (2 n where the phase counts). */
  readonly degreesOfFreedom: number;
  readonly heldOut: number;
  /** Relative residual of the fit that did not see the held-out rows, on the rows it saw, and on those. */
  readonly trainResidual: number;
  readonly validationResidual: number;
  /** Relative residual of the final estimate on all rows. */
  readonly residual: number;
  /** Fits made on the training rows, from different starts. */
  readonly fits: number;
  /** Rows of the design that differ by more than a factor; absent, as what follows, where the estimate fits too badly to be checked. */
  readonly distinctRows?: number;
  /**
   * Share of a small displacement of the estimate that a fit started there did not undo, while it fits as well; absent where that
   * fit did not come far enough to tell.
   */
  readonly nearby?: number;
  /** Fits from random starts that looked for another vector. */
  readonly rivals?: number;
  /** The largest distance of those that fit as well, up to phase, relative; absent where none does. */
  readonly rivalDistance?: number;
  /** Distance, up to phase, of the best two fits, relative; absent with fewer than two that fit. */
  readonly agreement?: number;
  readonly converged: boolean;
  readonly timeLimit: boolean;
}

export interface VectorTrust {
  readonly verdict: Verdict;
  /** Sentences, the most important first. */
  readonly reasons: readonly string[];
  readonly evidence: VectorEvidence & {
    readonly measurementsPerDegree: number;
    /** m/n below which no spectral estimate correlates with a generic signal: 1/2 real, 1 complex, of intensities. */
    readonly weakThreshold?: number;
    /** Relative error of the estimate to expect if the misfit is noise. */
    readonly expectedError: number;
  };
}

/** Predictions this good are exact: no other vector does that. */
const EXACT = 1e-6;
/** A larger relative error is no recovery. */
const HOPELESS = 0.4;
/** Held-out errors may exceed what the training residual explains by this factor. */
const MOST_OVERFIT = 2;
/** A larger expected error of the estimate is doubtful. */
const MOST_ERROR = 0.1;
/** A fit started nearby that keeps more of its displacement did not come back. */
const CAME_BACK = 1e-3;
/** A fit with a larger residual that one start alone found may be a local minimum. */
const MOST_ALONE = 0.02;
/** Fits that agree this well, over the error to expect, are one. */
const SAME = 1e-3;

/** Degrees of freedom of a vector of n unknowns. */
export function vectorDegrees(dimension: number, field: Field, phaseless: boolean): number {
  return field === 'real' ? dimension : 2 * dimension - (phaseless ? 1 : 0);
}

export function judgeVector(evidence: VectorEvidence): VectorTrust {
  const { measurements, degreesOfFreedom, dimension, heldOut, trainResidual, validationResidual, field } = evidence;
  const weakThreshold = evidence.phaseless ? (field === 'real' ? 0.5 : 1) : undefined;
  const excess = measurements - degreesOfFreedom;
  // What does not fit may be no noise: a row that is repeated is not counted on again.
  const counted = evidence.distinctRows ?? measurements;
  const spareRows = counted - degreesOfFreedom;
  const noise =
    spareRows > 0 ? evidence.residual * Math.sqrt(counted / spareRows) : excess > 0 ? evidence.residual : Infinity;
  const expectedError = noise < EXACT ? noise : noise * Math.sqrt(degreesOfFreedom / Math.max(spareRows, 1));
  const against: string[] = [];
  const hopeless: string[] = [];

  if (measurements <= degreesOfFreedom) {
    hopeless.push(
      `A ${field} vector of ${dimension} unknowns has ${degreesOfFreedom} degrees of freedom: ${measurements} measurements cannot ` +
        'determine and check it.',
    );
  }
  const { distinctRows, nearby, rivalDistance } = evidence;
  // One unknown is told by one row, others by one more than there are unknowns.
  const needed = dimension === 1 ? degreesOfFreedom : degreesOfFreedom + 1;
  if (distinctRows !== undefined && distinctRows < needed && measurements > degreesOfFreedom) {
    hopeless.push(
      `Only ${distinctRows} of the ${measurements} rows differ by more than a factor: they cannot determine and check ` +
        `${degreesOfFreedom} degrees of freedom.`,
    );
  }
  const predicts = !(validationResidual >= HOPELESS);
  if (nearby !== undefined && !(nearby <= CAME_BACK) && predicts) {
    hopeless.push(
      'A fit started near the estimate fits as well and did not return to it: there are directions that the measurements do not see.',
    );
  }
  const apart = Math.max(SAME, 3 * (noise < EXACT ? 0 : expectedError));
  if (rivalDistance !== undefined && rivalDistance > apart && noise < EXACT) {
    hopeless.push(`Another vector fits exactly as well and differs by ${show(rivalDistance)}.`);
  } else if (rivalDistance !== undefined && rivalDistance > apart) {
    against.push(
      `A fit from a random start fits about as well and differs by ${show(rivalDistance)}: the measurements allow more than one vector.`,
    );
  }
  const confirmed = evidence.agreement !== undefined || rivalDistance !== undefined;
  if (predicts && evidence.residual > MOST_ALONE && !confirmed && evidence.rivals !== undefined) {
    against.push(
      `None of the other starts reached this vector, and it does not fit exactly (residual ${show(evidence.residual)}): there may be ` +
        'a better one.',
    );
  }
  const validated = heldOut > 0;
  if (validated && !(validationResidual < HOPELESS)) {
    const ratio = measurements / dimension;
    hopeless.push(
      `No vector was found that predicts measurements it was not fitted to: the best of ${evidence.fits} fits has a relative error ` +
        `of ${show(validationResidual)} on ${heldOut} held out.` +
        (weakThreshold === undefined
          ? ''
          : ` There are ${show(ratio)} measurements per unknown; below ${weakThreshold} no start correlates with the signal, and ` +
            `solvers need ${field === 'real' ? '1.5 to 3' : '2.5 to 5'}.`),
    );
  }
  const exact = validationResidual <= EXACT && trainResidual <= EXACT;
  if (validated && !exact && validationResidual < HOPELESS) {
    const spare = measurements - heldOut - degreesOfFreedom;
    const expected =
      spare > 0
        ? trainResidual * Math.sqrt((measurements - heldOut) / spare) * Math.sqrt(1 + degreesOfFreedom / spare)
        : 0;
    if (validationResidual > MOST_OVERFIT * expected) {
      against.push(
        `The error on held-out measurements, ${show(validationResidual)}, is larger than the ${show(expected)} that noise of the ` +
          'size of the training residual explains.',
      );
    }
    if (expectedError > MOST_ERROR) {
      against.push(`The misfit allows a relative error of the estimate of about ${show(expectedError)}.`);
    }
  }
  if (!validated) against.push('No measurement could be held out to check the fit.');
  if (evidence.agreement !== undefined && evidence.agreement > Math.max(SAME, 3 * expectedError)) {
    against.push(
      `Fits from different starts that fit about as well differ by ${show(evidence.agreement)}: the measurements allow more than one vector.`,
    );
  }
  if (!evidence.converged) {
    against.push(evidence.timeLimit ? 'The time limit ended the fit.' : 'The final fit did not converge.');
  }

  const verdict: Verdict = hopeless.length > 0 ? 'unidentifiable' : against.length > 0 ? 'doubtful' : 'trusted';
  const reasons = [...hopeless, ...against];
  if (verdict === 'unidentifiable')
    reasons.push('The estimate is one of many that fit, or one that fits badly: do not use it.');
  if (validated && verdict !== 'unidentifiable') {
    reasons.push(
      `On ${heldOut} measurement${heldOut === 1 ? '' : 's'} that the fit did not see the relative error is ${show(validationResidual)}, on those it saw ` +
        `${show(trainResidual)}.`,
    );
  }
  if (excess > 0) {
    reasons.push(
      `${measurements} measurements are ${show(measurements / degreesOfFreedom)} times the ${degreesOfFreedom} degrees of freedom of ` +
        `a ${field} vector of ${dimension} unknowns${evidence.phaseless ? ` (up to its ${field === 'real' ? 'sign' : 'phase'})` : ''}.`,
    );
  }
  if (verdict === 'trusted') {
    if (evidence.agreement !== undefined) {
      reasons.push(
        `Fits from different starts agree to ${evidence.agreement > 1e-15 ? show(evidence.agreement) : 'rounding'}.`,
      );
    }
    if (!exact) {
      reasons.push(
        `If what does not fit is noise, the relative error of the estimate is about ${show(expectedError)}.`,
      );
    }
  }
  return {
    verdict,
    reasons,
    evidence: {
      ...evidence,
      measurementsPerDegree: measurements / degreesOfFreedom,
      ...(weakThreshold !== undefined && { weakThreshold }),
      expectedError,
    },
  };
}

/** Two digits are what a verdict needs. */
function show(value: number): string {
  if (!Number.isFinite(value)) return value === Infinity ? 'infinity' : 'not a number';
  if (value !== 0 && (Math.abs(value) < 1e-2 || Math.abs(value) >= 1e4)) {
    return value.toExponential(1).replace('e+', 'e');
  }
  return String(Number(value.toPrecision(2)));
}
