import { type SectionBlocks, slug } from './blocks.ts';
import type { Findings } from './findings.ts';

/** Figures worth looking at: the lists below a heading `Key Metrics` or `Metriche`. */
export function readMetrics(all: readonly SectionBlocks[], findings: Findings): void {
  for (const { title, items } of all) {
    if (!/\bmetrics\b|\bmetriche\b/iu.test(title) || /threshold|sogli/iu.test(title)) continue;
    for (const item of items.filter(
      ({ depth, text }) => depth === 0 && text !== '' && text.length < 120 && !/[<>≥≤]|https?:/u.test(text),
    )) {
      findings.parts.metrics.push({ id: findings.freshId('metrics', slug(item.text)), title: item.text });
      findings.take(item.from, item.to, 'metrics');
    }
  }
}
