/** The style sheet of reports: one column, light and dark by the reader's setting, readable on paper and on a phone. */
import { cssVariables, font } from './theme';

export function reportStyle(): string {
  return `
:root { ${cssVariables(false)}
  --quiet: #5a626a; --line: #dfe3e7; --panel: #f5f7f9;
  --trusted: #00704f; --trusted-panel: #e9f6f0; --doubtful: #8a4b00; --doubtful-panel: #fdf2e3;
  --unidentifiable: #a3232e; --unidentifiable-panel: #fcecee; }
@media (prefers-color-scheme: dark) {
  :root { ${cssVariables(true)}
    --quiet: #a3abb3; --line: #333a41; --panel: #1f2429;
    --trusted: #4fd1a1; --trusted-panel: #14291f; --doubtful: #f3b25c; --doubtful-panel: #2e2312;
    --unidentifiable: #ff8f98; --unidentifiable-panel: #331a1d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--lowrank-background); color: var(--lowrank-text); font: 16px/1.5 ${font}; }
main { max-width: 800px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 8px; overflow-wrap: anywhere; }
h2 { font-size: 19px; line-height: 1.3; margin: 40px 0 10px; }
header p { margin: 0 0 24px; color: var(--quiet); }
.verdict { border: 1px solid; border-left-width: 6px; border-radius: 6px; padding: 14px 18px; }
.verdict h2 { margin: 0 0 6px; }
.verdict .mark { display: inline-block; min-width: 1.4em; font-weight: 700; }
.verdict ul { margin: 0; padding-left: 1.4em; color: var(--lowrank-text); }
.verdict li { margin: 4px 0; }
.trusted { color: var(--trusted); background: var(--trusted-panel); }
.doubtful { color: var(--doubtful); background: var(--doubtful-panel); }
.unidentifiable { color: var(--unidentifiable); background: var(--unidentifiable-panel); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: baseline; padding: 7px 16px 7px 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; width: 13.5em; }
td.value { overflow-wrap: anywhere; min-width: 7em; }
td.note { color: var(--quiet); font-size: 14px; padding-right: 0; overflow-wrap: anywhere; }
figure { margin: 0; }
.picture { overflow-x: auto; }
.picture svg { display: block; width: 100%; height: auto; max-width: 720px; min-width: 440px; }
figcaption, .quiet { color: var(--quiet); font-size: 14px; }
figcaption { margin-top: 6px; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 12px 14px; margin: 0 0 8px;
  white-space: pre-wrap; overflow-wrap: anywhere; font-size: 14px; }
@media (max-width: 640px) {
  main { padding: 20px 16px 48px; }
  tr { display: grid; grid-template-columns: minmax(9em, 45%) 1fr; border-bottom: 1px solid var(--line); padding: 6px 0; }
  th, td { border: 0; padding: 0 10px 0 0; width: auto; }
  td.note { grid-column: 1 / -1; }
}
@media print { main { max-width: none; padding: 0; } h2 { break-after: avoid; } figure, tr, .verdict { break-inside: avoid; } }
`;
}
