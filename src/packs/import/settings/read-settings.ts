import { readBlocks } from './blocks.ts';
import { readChecklists } from './checklists.ts';
import { readComponents } from './components.ts';
import { readContacts } from './contacts.ts';
import { readEscalation } from './escalation.ts';
import { Findings } from './findings.ts';
import { readMetrics } from './metrics.ts';
import { readMilestones } from './milestones.ts';
import type { ReadSettings } from './settings.ts';
import { readSeverities } from './severities.ts';
import { readThresholds } from './thresholds.ts';

/**
 * Severities, milestones, escalation, checklists, limits, blast radius and contacts out of tables and lists, English or Italian. What the
 * schema cannot say stays documentation; nothing is guessed, and what is missing is asked for.
 */
export const readSettings: ReadSettings = (sections) => {
  const all = sections.map(readBlocks);
  const findings = new Findings();
  // Levels first: conditions and deadlines name them.
  for (const read of [
    readSeverities,
    readMilestones,
    readEscalation,
    readChecklists,
    readThresholds,
    readComponents,
    readContacts,
    readMetrics,
  ])
    read(all, findings);
  const { taken, todo, ...parts } = findings.parts;
  return {
    ...parts,
    taken: [...taken].sort((a, b) => a.from - b.from),
    todo: [...todo].sort((a, b) => a.line - b.line),
  };
};
