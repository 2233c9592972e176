/** The report of the recovery of a matrix. */
import type { RecoverResult, Verdict } from '../solvers/result';
import { explainStatus, formatBytes, formatCount, formatNumber, formatSeconds } from './format';
import { figure, type Row, rowsTable } from './html';
import { lossFigure } from './loss';
import { spectrumFigure } from './spectrum';
import { recoverPage, type ReportContext } from './report-page';
import { adaptToPage } from './theme';

const headlines: Readonly<Record<Verdict, string>> = {
  trusted: 'Trusted: the measurements determine this matrix',
  doubtful: 'Doubtful: the estimate may be wrong',
  unidentifiable: 'Unidentifiable: these measurements do not determine the matrix',
};

/** A complete HTML document; `givenRank` where the user gave the rank. */
export async function recoverReport(
  result: RecoverResult,
  context: ReportContext & { readonly givenRank?: number | undefined },
): Promise<string> {
  const [course, spectrum] = await Promise.all([
    lossFigure(result.trace),
    spectrumFigure(result.searchSpectrum, result.rank),
  ]);
  const { info, trust } = result;
  const [rows, cols] = info.shape;
  const title = `Low-rank recovery of ${context.source}`;
  const headline = headlines[trust.verdict];
  return recoverPage({
    title,
    lead:
      `A ${rows} x ${cols} matrix (${info.model} model) from ${formatCount(info.measurements)} measurement${info.measurements === 1 ? '' : 's'}, ` +
      `its rank ${context.givenRank === undefined ? 'not known in advance' : `given as ${context.givenRank}`}. ` +
      `Method ${result.method}, seed ${result.seed};`,
    verdict: trust.verdict,
    headline: `${headline}${result.converged ? '' : '; the run did not converge'}`,
    reasons: trust.reasons,
    sections: [
      { heading: 'Result', html: rowsTable(resultRows(result), 'Result') },
      {
        heading: 'Course of the run',
        html: figure(
          course && adaptToPage(course),
          'Residuals and errors against the iteration, on a logarithmic axis',
          courseCaption(result),
        ),
      },
      {
        heading: 'Singular values',
        html: figure(
          spectrum && adaptToPage(spectrum),
          'Singular values on a logarithmic axis, with the chosen rank marked',
          spectrumCaption(result),
        ),
      },
      { heading: 'Evidence for the verdict', html: rowsTable(evidenceRows(result), 'Evidence for the verdict') },
      { heading: 'Ledger', html: rowsTable(ledgerRows(result), 'Ledger of the run') },
    ],
    versions: info.versions,
    generator: info.generator,
    context,
  });
}

function resultRows(result: RecoverResult): Row[] {
  const rows: Row[] = [
    { name: 'Rank found', value: String(result.rank), note: 'columns of the factors of the estimate' },
    {
      name: 'Residual',
      value: formatNumber(result.residual),
      note: 'distance between measured and fitted values, relative to the measured; all measurements',
    },
    {
      name: 'Validation error',
      value: formatNumber(result.validationError),
      note: 'the same on measurements that the fit did not see',
    },
  ];
  if (result.testError !== undefined) {
    rows.push({
      name: 'Test error',
      value: formatNumber(result.testError),
      note: 'distance to the true matrix, which the file holds, relative to its norm',
    });
  }
  rows.push(
    { name: 'Iterations', value: formatCount(result.iterations), note: 'all stages together' },
    { name: 'Time', value: formatSeconds(result.seconds) },
    {
      name: 'Status',
      value: result.status,
      note: `${explainStatus(result.status)}; ${result.converged ? 'converged' : 'not converged'}`,
    },
    { name: 'Singular values', value: String(result.singularValues.length), note: listNumbers(result.singularValues) },
  );
  return rows;
}

function evidenceRows({ rank, trust: { evidence }, info }: RecoverResult): Row[] {
  const [rows, cols] = info.shape;
  // A symmetric matrix that is not positive semidefinite is found as F G^T, and counts as symmetric all the same.
  const counted = evidence.degreesOfFreedom === rank * (rows + cols - rank) ? 'r (n1 + n2 - r)' : 'r (2 n - r + 1) / 2';
  return [
    { name: 'Measurements', value: formatCount(evidence.measurements) },
    {
      name: 'Degrees of freedom',
      value: formatCount(evidence.degreesOfFreedom),
      note: `${counted} at rank r = ${rank}`,
    },
    {
      name: 'Measurements for each degree',
      value: formatNumber(evidence.measurementsPerDegree),
      note: 'below 1 no method can succeed; a random ensemble needs a little more than 1, and noise asks for more',
    },
    {
      name: 'Training residual',
      value: formatNumber(evidence.trainResidual),
      note: 'on the measurements that were fitted',
    },
    {
      name: 'Validation residual',
      value: formatNumber(evidence.validationResidual),
      note: 'on those held out; far above the training residual means overfitting',
    },
    {
      name: 'Spectral gap',
      value: formatNumber(evidence.spectralGap),
      note: `singular value ${rank} over singular value ${rank + 1} of the search`,
    },
    {
      name: 'Condition number',
      value: formatNumber(evidence.conditionNumber),
      note: `singular value 1 over singular value ${rank} of the estimate`,
    },
    { name: 'Stopped because', value: evidence.stopped, note: explainStatus(evidence.stopped) },
  ];
}

function ledgerRows({ info }: RecoverResult): Row[] {
  const { seconds, versions } = info;
  return [
    { name: 'Iterations', value: formatCount(info.iterations) },
    {
      name: 'Passes over the data',
      value: formatCount(info.passes),
      note: 'how often the measurement matrices were read from memory',
    },
    {
      name: 'Applications of A, of its adjoint',
      value: `${formatCount(info.forwardCount)}, ${formatCount(info.adjointCount)}`,
    },
    { name: 'Rejected steps', value: formatCount(info.rejectedSteps) },
    {
      name: 'LAPACK fallbacks',
      value: formatCount(info.fallbacks),
      note: 'decompositions that needed their second driver',
    },
    {
      name: 'Time by phase',
      value: formatSeconds(seconds.total),
      note: `start ${formatSeconds(seconds.init)}, passes ${formatSeconds(seconds.passes)}, updates ${formatSeconds(seconds.updates)}`,
    },
    { name: 'Threads', value: String(info.threads) },
    {
      name: 'Storage',
      value: info.storage,
      note: `${formatBytes(info.operatorBytes)} for the measurement matrices, ${formatBytes(info.scratchBytes)} of scratch`,
    },
    { name: 'OpenBLAS', value: versions.core, note: versions.openblas },
    { name: 'Versions', value: `lowrank ${versions.lowrank}`, note: `Node ${versions.node}` },
  ];
}

function courseCaption({ testError }: RecoverResult): string {
  const test =
    testError === undefined
      ? 'The truth is not known here, so there is no test error.'
      : 'The test error is the distance to the true matrix; the run itself never looks at it.';
  return (
    'Every stage starts at a dashed line: the search with more columns than needed, the fits that compare ranks on held-out ' +
    'measurements, and the refinement on all measurements. Searches that were given up, and the fit that checks the estimate ' +
    `from nearby, are counted in the ledger and not drawn. ${test}`
  );
}

function spectrumCaption({ rank, trust }: RecoverResult): string {
  const { spectralGap } = trust.evidence;
  const kept = `${rank} of them ${rank === 1 ? 'was' : 'were'} kept.`;
  const gap = Number.isNaN(spectralGap) ? '' : ` The gap behind the last one kept is ${formatNumber(spectralGap)}.`;
  return `Singular values of the over-parameterized estimate, from which the rank was read: ${kept}${gap}`;
}

function listNumbers(values: Float64Array): string {
  const shown = Array.from(values.subarray(0, 8), formatNumber).join(', ');
  return values.length > 8 ? `${shown}, ... (${values.length})` : shown;
}
