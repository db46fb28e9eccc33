import type { Command } from '../command.ts';
import { deleteObjects } from './delete-objects.ts';
import { describe } from './describe.ts';
import { get } from './get.ts';
import { logs } from './logs.ts';
import { rolloutHistory, rolloutPause, rolloutRestart, rolloutResume, rolloutUndo } from './rollout-revisions.ts';
import { rolloutStatus } from './rollout-status.ts';
import { scale } from './scale.ts';

/** Who carries out which verb. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['get', get],
  ['describe', describe],
  ['logs', logs],
  ['rollout status', rolloutStatus],
  ['rollout history', rolloutHistory],
  ['rollout restart', rolloutRestart],
  ['rollout undo', rolloutUndo],
  ['rollout pause', rolloutPause],
  ['rollout resume', rolloutResume],
  ['scale', scale],
  ['delete', deleteObjects],
]);

/** Verbs whose changes a server can rehearse (`dryRun=All`), so that the approval card can show what would happen. */
export const PREVIEWED: ReadonlySet<string> = new Set([
  'apply',
  'patch',
  'scale',
  'delete',
  'set image',
  'set resources',
  'set env',
  'label',
  'annotate',
  'rollout undo',
  'rollout restart',
  'create namespace',
  'create job',
]);
