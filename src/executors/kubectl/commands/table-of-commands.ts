import type { Command } from '../command.ts';
import { apply, createJob, createNamespace, diff } from './apply.ts';
import { annotate, label, patch, setEnv, setImage, setResources } from './change-fields.ts';
import { cp } from './cp.ts';
import { deleteObjects } from './delete-objects.ts';
import { describe } from './describe.ts';
import { events } from './events.ts';
import { exec } from './exec.ts';
import { get } from './get.ts';
import { logs } from './logs.ts';
import { cordon, drain, uncordon } from './nodes.ts';
import { rolloutHistory, rolloutPause, rolloutRestart, rolloutResume, rolloutUndo } from './rollout-revisions.ts';
import { rolloutStatus } from './rollout-status.ts';
import { scale } from './scale.ts';
import { topNodes, topPods } from './top.ts';
import { wait } from './wait.ts';

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
  ['events', events],
  ['top pods', topPods],
  ['top nodes', topNodes],
  ['wait', wait],
  ['set image', setImage],
  ['set resources', setResources],
  ['set env', setEnv],
  ['label', label],
  ['annotate', annotate],
  ['patch', patch],
  ['apply', apply],
  ['diff', diff],
  ['cordon', cordon],
  ['uncordon', uncordon],
  ['drain', drain],
  ['exec', exec],
  ['cp', cp],
  ['create namespace', createNamespace],
  ['create job', createJob],
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
