import { objectName } from '../kube/known-types.ts';
import { type KubeObject, visibleObject } from '../kube/kube-object.ts';
import type { Recorded } from '../kube/kube-session.ts';
import { lineDifference } from './line-difference.ts';
import { yamlText } from './print-objects.ts';

/** What the server said it would do, object by object: a difference of what is and what would be. */
export function previewText(recorded: readonly Recorded[]): string {
  if (recorded.length === 0) return 'Nothing would be changed.';
  return recorded.map(previewOne).join('\n');
}

function previewOne({ request, before, after }: Recorded): string {
  const name = objectName(request.resource, request.name ?? after?.metadata?.name ?? '');
  const place = request.namespace === null ? name : `${name} in ${request.namespace}`;
  if (request.method === 'DELETE') return `${place} would be deleted.`;
  const replicas = request.subresource === 'scale' ? after : null;
  const now = replicas === null || before === null ? before : withReplicas(before, replicas);
  const [old, next] = replicas === null ? [before, after] : [before, now];
  if (old === null) return `${place} would be created:\n${yamlText(settled(next))}`;
  const difference = lineDifference(yamlText(settled(old)), yamlText(settled(next)));
  return difference === '' ? `${place} would not change.` : `${place} would change:\n${difference}`;
}

function withReplicas(object: KubeObject, scale: KubeObject): KubeObject {
  const replicas = (scale.spec as { replicas?: number } | undefined)?.replicas ?? 0;
  return { ...object, spec: { ...(object.spec as Record<string, unknown>), replicas } };
}

/** Without what the server counts up by itself at every change. */
export function settled(object: KubeObject | null): KubeObject {
  const { metadata = {}, status: _, ...rest } = visibleObject(object ?? {});
  const { resourceVersion: _v, generation: _g, managedFields: _m, uid: _u, creationTimestamp: _c, ...own } = metadata;
  return { ...rest, metadata: own };
}
