import { startDrill, stopDrill } from '../runs/drill.ts';
import { type Guarded, guard, type Rule, type Subject } from './gate.ts';
import { sentence } from './views/message.ts';

/** A drill breaks Warroom's own database, and declares an incident of the system `warroom`. */
const RULE: Rule = { about: 'system', needs: 'responder' };
const WARROOM = (): Subject => ({ kind: 'system', system: 'warroom' });

/** Starts the drill with that id. */
export const startDrillHere: Guarded<string> = guard(RULE, WARROOM, async (ui, visitor, scenario) => {
  const { person: actor, requestKey } = visitor;
  const incident = await startDrill(ui.context, { scenario, actor, requestKey });
  return sentence(
    `The fault is there and incident ${incident.number} is open for it: find it with its runbook, and end it.`,
  );
});

/** Takes the fault back. */
export const stopDrillHere: Guarded<string> = guard(RULE, WARROOM, async (ui, visitor) =>
  sentence(
    (await stopDrill(ui.context, visitor.person))
      ? 'The fault is taken back; resolve its incident when you are done.'
      : 'No drill is running, so nothing was taken back.',
  ),
);
