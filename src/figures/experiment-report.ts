/** The report of one experiment: a single HTML file that needs nothing else. */
import type { Check } from '../experiments/experiment';
import { describeValues, formatSetting } from '../experiments/parameters';
import type { ExperimentResult, ExperimentSummary } from '../experiments/runner';
import { formatNumber, formatSeconds } from './format';
import { escapeHtml, figure, type Row, rowsTable } from './html';
import { reportStyle } from './style';
import { adaptToPage } from './theme';

export interface ExperimentReportContext {
  readonly figure: string | undefined;
  /** The command that repeats the run. */
  readonly command: string;
  /** Bounds, defaults and descriptions of the parameters. */
  readonly parameters: ExperimentSummary['parameters'];
  readonly date: Date;
}

/** What a page for recoveries does not need: room for two plots side by side, and tables of many columns. */
const style = `
main { max-width: 1040px; }
.picture svg { max-width: 100%; min-width: 560px; }
.scroll { overflow-x: auto; }
.grid th, .grid td { width: auto; white-space: nowrap; }
.grid td:first-child, .grid th:first-child { white-space: normal; min-width: 13em; }
.verdict p { margin: 0 0 6px; color: var(--lowrank-text); }
.verdict p.quiet { margin: 0; color: var(--quiet); }
.grid td.number, .grid th.number { text-align: right; }
.grid td.failed { color: var(--unidentifiable); font-weight: 700; }
.grid td.ok { color: var(--trusted); font-weight: 600; }
@media (max-width: 640px) { .grid tr { display: table-row; } .grid th, .grid td { padding: 6px 12px 6px 0; } }
`;

/** A complete HTML document. Everything that is not markup of ours is escaped. */
export function experimentReport(result: ExperimentResult, context: ExperimentReportContext): string {
  const { title, name, claim, source, accepted, checks, notes, versions } = result;
  const failed = checks.filter(({ ok }) => !ok).length;
  const many = `${checks.length} check${checks.length === 1 ? '' : 's'}`;
  const headline = accepted ? `Accepted: ${many}, all held` : `Not accepted: ${failed} of ${many} failed`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(`${name}: ${title}`)}</title>
<style>${reportStyle()}${style}</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(title)}</h1>
<p>Experiment ${escapeHtml(name)}${result.quick ? ', quick version' : ''}, seed ${result.seed}; lowrank ${escapeHtml(versions.lowrank)} on Node ${escapeHtml(versions.node)};
${escapeHtml(context.date.toISOString().replace('T', ' ').slice(0, 16))} UTC.</p>
</header>

<section class="verdict ${accepted ? 'trusted' : 'unidentifiable'}" aria-label="Verdict">
<h2><span class="mark" aria-hidden="true">${accepted ? '\u2713' : '\u2717'}</span>${escapeHtml(headline)}</h2>
<p>${escapeHtml(claim)}</p>
<p class="quiet">Source: ${escapeHtml(source)}</p>
</section>

<h2>Figure</h2>
${figure(context.figure && adaptToPage(context.figure), `Measured against predicted: ${title}`, 'Dashed and dotted lines are predictions; solid lines and dots are measured.')}

<h2>Checks</h2>
${grid(
  ['check', 'measured', 'predicted', 'tolerance', '', 'rule'],
  checks.map((one) => checkRow(one)),
)}

<h2>Measured against predicted</h2>
${grid(result.table.columns, result.table.rows)}

<h2>How to read it</h2>
<ul>
${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('\n')}
</ul>

<h2>Parameters</h2>
${rowsTable(parameterRows(result, context), 'Parameters')}

<h2>Ledger</h2>
${rowsTable(ledgerRows(result), 'Ledger of the run')}

<h2>Run it again</h2>
<pre><code>${escapeHtml(context.command)}</code></pre>
<p class="quiet">The same command gives the same numbers, bit for bit, on the same kind of processor and build, whatever the number of threads.</p>
</main>
</body>
</html>
`;
}

function checkRow({ what, measured, predicted, tolerance, rule, ok }: Check): (string | number)[] {
  // Of inequalities there is no tolerance to speak of; where an order is claimed, no one number is predicted.
  const bound = Number.isNaN(predicted) ? '-' : predicted;
  return [what, measured, bound, tolerance === 0 ? '-' : tolerance, ok ? 'ok' : 'failed', rule];
}

function grid(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  // A column is one of numbers where no row has words in it.
  const numeric = columns.map((_, c) => rows.some((row) => typeof row[c] === 'number'));
  const head = columns.map(
    (name, c) => `<th scope="col"${numeric[c] ? ' class="number"' : ''}>${escapeHtml(name)}</th>`,
  );
  const body = rows.map((row) => {
    const cells = row.map((value, c) => {
      const kind = value === 'ok' || value === 'failed' ? value : numeric[c] ? 'number' : '';
      const text = typeof value === 'number' ? formatNumber(value) : value;
      return `<td${kind ? ` class="${kind}"` : ''}>${escapeHtml(text)}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table class="grid"><thead><tr>${head.join('')}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>`;
}

function parameterRows(result: ExperimentResult, { parameters }: ExperimentReportContext): Row[] {
  return Object.entries(result.parameters).map(([key, value]) => {
    const parameter = parameters[key];
    const note = parameter ? `${parameter.description}; ${describeValues(parameter)}` : '';
    return { name: key, value: formatSetting(value), note };
  });
}

function ledgerRows({ seed, threads, seconds, quick, versions }: ExperimentResult): Row[] {
  return [
    { name: 'Seed', value: String(seed), note: 'trial i uses seed + i' },
    { name: 'Version', value: quick ? 'quick' : 'full' },
    { name: 'Time', value: formatSeconds(seconds) },
    { name: 'Threads', value: String(threads), note: 'they never change a result' },
    { name: 'OpenBLAS', value: versions.core, note: versions.openblas },
    { name: 'Versions', value: `lowrank ${versions.lowrank}`, note: `Node ${versions.node}` },
  ];
}
