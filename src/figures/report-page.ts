/**
 * The page of one recovery: a single HTML file that needs nothing else, neither network nor script, so that it can be
 * mailed, kept with the data and opened years later.
 */
import type { Verdict } from '../solvers/result';
import { escapeHtml } from './html';
import { reportStyle } from './style';

export interface ReportContext {
  /** Where the measurements came from: a file's name, or a sentence. */
  readonly source: string;
  /** The command, or lines of code, that repeat the run. */
  readonly command: string;
  readonly date: Date;
}

export interface RecoverPage {
  readonly title: string;
  /** What was recovered from what, and how; versions and date follow it. */
  readonly lead: string;
  readonly verdict: Verdict;
  readonly headline: string;
  readonly reasons: readonly string[];
  /** `html` is markup: what comes from outside must be escaped in it. */
  readonly sections: readonly { readonly heading: string; readonly html: string }[];
  readonly versions: { readonly lowrank: string; readonly node: string };
  readonly generator: string;
  readonly context: ReportContext;
}

const marks: Readonly<Record<Verdict, string>> = { trusted: '\u2713', doubtful: '?', unidentifiable: '\u2717' };

/** A complete HTML document. Everything that is not markup of ours is escaped. */
export function recoverPage(page: RecoverPage): string {
  const { title, lead, verdict, headline, reasons, sections, versions, generator, context } = page;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${reportStyle()}</style>
</head>
<body>
<main>
<header>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(lead)}
lowrank ${escapeHtml(versions.lowrank)} on Node ${escapeHtml(versions.node)};
${escapeHtml(context.date.toISOString().replace('T', ' ').slice(0, 16))} UTC.</p>
</header>

<section class="verdict ${verdict}" aria-label="Verdict">
<h2><span class="mark" aria-hidden="true">${marks[verdict]}</span>${escapeHtml(headline)}</h2>
<ul>
${reasons.map((reason) => `<li>${escapeHtml(reason)}</li>`).join('\n')}
</ul>
</section>

${sections.map(({ heading, html }) => `<h2>${escapeHtml(heading)}</h2>\n${html}`).join('\n\n')}

<h2>Run it again</h2>
<pre><code>${escapeHtml(context.command)}</code></pre>
<p class="quiet">The same command gives the same numbers, bit for bit, on the same kind of processor and build, whatever the number of
threads, as long as no time limit cuts it short. Random generator: ${escapeHtml(generator)}.</p>
</main>
</body>
</html>
`;
}
