/** SVG text in, PNG bytes out. The only file that loads resvg. */

/**
 * Families tried in this order: DejaVu first, so that the picture is the same wherever it is installed (scripts/setup.js
 * sees to it). No font comes with the library.
 */
const families = ['DejaVu Sans', 'Liberation Sans', 'Noto Sans', 'Arial', 'Helvetica', 'sans-serif'];

/** Draws an SVG of ours `width` pixels wide. Imported at the first picture only: it is an addon of its own. */
export async function renderPng(svg: string, width: number): Promise<Buffer> {
  const { renderAsync } = await import('@resvg/resvg-js');
  const named = svg.replace(/font-family="[^"]*"/g, `font-family="${families.join(', ')}"`);
  const image = await renderAsync(named, {
    fitTo: { mode: 'width', value: width },
    font: { loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' },
  });
  return image.asPng();
}
