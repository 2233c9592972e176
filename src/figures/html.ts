/** The little HTML that a report needs, with everything escaped that comes from outside. */

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Safe as element text and inside a quoted attribute. Control characters, which HTML forbids, become a visible mark. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (c) => entities[c] ?? c)

    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '\ufffd');
}

export interface Row {
  readonly name: string;
  readonly value: string;
  /** What the number means, in a quieter third column. */
  readonly note?: string;
}

/** A table of named values. `label` is what a screen reader announces. */
export function rowsTable(rows: readonly Row[], label: string): string {
  const notes = rows.some((row) => row.note !== undefined);
  const body = rows.map(({ name, value, note }) => {
    const third = notes ? `<td class="note">${escapeHtml(note ?? '')}</td>` : '';
    return `<tr><th scope="row">${escapeHtml(name)}</th><td class="value">${escapeHtml(value)}</td>${third}</tr>`;
  });
  return `<table aria-label="${escapeHtml(label)}"><tbody>\n${body.join('\n')}\n</tbody></table>`;
}

/** An inline SVG as a figure with a caption; a figure that could not be drawn leaves a sentence that says so. */
export function figure(svg: string | undefined, name: string, caption: string): string {
  const picture = svg
    ? `<div class="picture" role="img" aria-label="${escapeHtml(name)}">${svg}</div>`
    : '<p class="quiet">Nothing to draw: the run recorded no positive numbers for this figure.</p>';
  return `<figure>\n${picture}\n<figcaption>${escapeHtml(caption)}</figcaption>\n</figure>`;
}
