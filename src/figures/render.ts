/** Vega-Lite specification in, SVG text out. The only file that loads Vega. */
import type { TopLevelSpec } from 'vega-lite' with { 'resolution-mode': 'import' };

import { config } from './theme';

/**
 * Draws `spec` with the shared theme, what it configures itself on top. Vega is an ES module with top-level await, which `require` cannot load, so it is
 * imported here, at the first figure: programs that draw nothing never pay for it.
 */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  measureText(vega);
  const warnings: string[] = [];
  const logger = vega.logger(vega.Warn);
  logger.warn = (...message: unknown[]) => {
    warnings.push(message.map(String).join(' '));
    return logger;
  };
  const compiled = vegaLite.compile({ ...spec, config: { ...config, ...spec.config } }, { logger });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', logger });
  try {
    const svg = await view.toSVG();
    // A warning here is a fault of the specification, and a picture that lacks something is worse than an error.
    if (warnings.length > 0) throw new Error(`figure: ${warnings.join('; ')}`);
    return svg;
  } finally {
    view.finalize();
  }
}

/**
 * Without a canvas Vega takes every letter for 0.8 of the font's size, a third too wide, and leaves white margins for it.
 * Letters of DejaVu Sans, the widest of our fonts, are 0.6 wide on average.
 */
function measureText(vega: object): void {
  const { textMetrics } = vega as { textMetrics: { width: (item: { fontSize?: number }, text: unknown) => number } };
  textMetrics.width = ({ fontSize = 11 }, text) =>
    typeof text === 'string' || typeof text === 'number' ? 0.6 * fontSize * String(text).length : 0;
}
