/** The report of the recovery of a vector. */
import type { Verdict } from '../solvers/result';
import type { RecoverVectorResult } from '../solvers/vector/recover-vector';
import { explainStatus, formatBytes, formatCount, formatNumber, formatSeconds } from './format';
import { figure, type Row, rowsTable } from './html';
import { lossFigure } from './loss';
import { recoverPage, type ReportContext } from './report-page';
import { adaptToPage } from './theme';

const headlines: Readonly<Record<Verdict, string>> = {
  trusted: 'Trusted: the measurements determine this vector',
  doubtful: 'Doubtful: the estimate may be wrong',
  unidentifiable: 'Unidentifiable: these measurements do not determine the vector',
};

/** A complete HTML document. */
export async function recoverVectorReport(result: RecoverVectorResult, context: ReportContext): Promise<string> {
  const course = await lossFigure(result.trace);
  const { info, trust } = result;
  const design = info.design === 'dense' ? 'vectors' : 'coded diffraction patterns';
  return recoverPage({
    title: `Phase retrieval of ${context.source}`,
    lead:
      `A ${info.field} vector of ${formatCount(info.dimension)} unknown${info.dimension === 1 ? '' : 's'}, up to its ${upTo(result)}, from ` +
      `${formatCount(info.measurements)} measurement${info.measurements === 1 ? '' : 's'} (${design}, channel ${info.channel}). ` +
      `Method ${result.method}, seed ${result.seed};`,
    verdict: trust.verdict,
    headline: `${headlines[trust.verdict]}${result.converged ? '' : '; the run did not converge'}`,
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
        heading: 'Starts, the best first',
        html: rowsTable(startRows(result), 'Starts that were tried, the best first'),
      },
      { heading: 'Evidence for the verdict', html: rowsTable(evidenceRows(result), 'Evidence for the verdict') },
      { heading: 'Ledger', html: rowsTable(ledgerRows(result), 'Ledger of the run') },
    ],
    versions: info.versions,
    generator: info.generator,
    context,
  });
}

function upTo({ info }: RecoverVectorResult): string {
  return info.field === 'real' ? 'sign' : 'phase';
}

function resultRows(result: RecoverVectorResult): Row[] {
  const { testError } = result;
  return [
    { name: 'Unknowns', value: formatCount(result.estimate.length), note: `${result.estimate.field} numbers` },
    { name: 'Norm of the estimate', value: formatNumber(result.estimate.norm()) },
    {
      name: 'Residual',
      value: formatNumber(result.residual),
      note: 'distance between measured and fitted amplitudes, relative to the measured; all measurements',
    },
    {
      name: 'Validation error',
      value: formatNumber(result.validationError),
      note: 'the same on measurements that the fit did not see',
    },
    ...(testError === undefined
      ? []
      : [
          {
            name: 'Test error',
            value: formatNumber(testError),
            note: `distance to the true vector, which is known here, up to ${upTo(result)}, relative to its norm`,
          },
        ]),
    { name: 'Iterations', value: formatCount(result.iterations), note: 'all stages together' },
    { name: 'Time', value: formatSeconds(result.seconds) },
    {
      name: 'Status',
      value: result.status,
      note: `${explainStatus(result.status)}; ${result.converged ? 'converged' : 'not converged'}`,
    },
  ];
}

function startRows({ info }: RecoverVectorResult): Row[] {
  return info.starts.map(({ start, method, trainResidual, validationResidual, iterations }, i) => ({
    name: `${i + 1}. ${start === 'random' ? start : `spectral, ${start}`}`,
    value: formatNumber(trainResidual),
    note:
      `residual after ${method}${method === 'gauss-newton' ? '' : ' and gauss-newton'}, ${formatCount(iterations)} iterations` +
      (Number.isNaN(validationResidual) ? '' : `; on held-out measurements ${formatNumber(validationResidual)}`),
  }));
}

function evidenceRows({ trust: { evidence } }: RecoverVectorResult): Row[] {
  const { weakThreshold, distinctRows, nearby, rivals, rivalDistance, agreement, field } = evidence;
  const rows: Row[] = [
    {
      name: 'Measurements',
      value: formatCount(evidence.measurements),
      note: `${formatCount(evidence.heldOut)} of them held out`,
    },
    {
      name: 'Degrees of freedom',
      value: formatCount(evidence.degreesOfFreedom),
      note: field === 'real' ? 'n' : '2 n - 1: the phase is free',
    },
    {
      name: 'Measurements for each degree',
      value: formatNumber(evidence.measurementsPerDegree),
      note: 'below 1 no method can succeed; noise asks for more',
    },
    {
      name: 'Measurements for each unknown',
      value: formatNumber(evidence.measurements / evidence.dimension),
      ...(weakThreshold !== undefined && {
        note: `below ${weakThreshold} no spectral estimate correlates with a vector measured by Gaussian ones`,
      }),
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
      name: 'Expected error',
      value: formatNumber(evidence.expectedError),
      note: 'relative error of the estimate if what does not fit is noise',
    },
  ];
  if (agreement !== undefined) {
    rows.push({ name: 'Agreement', value: formatNumber(agreement), note: 'distance of the best two fits, relative' });
  }
  if (distinctRows !== undefined) {
    rows.push({
      name: 'Different rows',
      value: formatCount(distinctRows),
      note: 'that are no multiples of one another: others measure nothing new',
    });
  }
  if (nearby !== undefined) {
    rows.push({
      name: 'Kept of a displacement',
      value: formatNumber(nearby),
      note: 'by a fit started near the estimate; more than 0.001 means directions that the measurements do not see',
    });
  }
  if (rivals !== undefined) {
    rows.push({
      name: 'Random starts',
      value: formatCount(rivals),
      note:
        rivalDistance === undefined
          ? 'none found a vector that fits as well'
          : `the vectors that fit as well are at most ${formatNumber(rivalDistance)} from the estimate`,
    });
  }
  return rows;
}

function ledgerRows({ info }: RecoverVectorResult): Row[] {
  return [
    { name: 'Fits', value: formatCount(info.fits), note: 'runs of one method: search, refinement and checks' },
    { name: 'Passes over the data', value: formatCount(info.passes), note: 'how often the design was read' },
    { name: 'Threads', value: String(info.threads) },
    {
      name: 'Memory',
      value: formatBytes(info.designBytes),
      note: `the design; ${formatBytes(info.scratchBytes)} of scratch`,
    },
    { name: 'OpenBLAS', value: info.versions.core, note: info.versions.openblas },
    { name: 'Versions', value: `lowrank ${info.versions.lowrank}`, note: `Node ${info.versions.node}` },
  ];
}

function courseCaption({ testError }: RecoverVectorResult): string {
  const test =
    testError === undefined
      ? 'The truth is not known here, so there is no test error.'
      : 'The test error is the distance to the true vector; the run itself never looks at it.';
  return (
    'The search from the start that was chosen, first by its method and then by Gauss-Newton, on the measurements not held out; then ' +
    `the refinement on all of them. Other starts, and the checks of the estimate, are counted in the ledger and not drawn. ${test}`
  );
}
