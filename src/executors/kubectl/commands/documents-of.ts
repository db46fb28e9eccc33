import type { Json } from '../../../lib/canonical-json.ts';
import { UserError } from '../../../lib/errors.ts';
import { at, listAt, textAt } from '../../kube/kube-object.ts';
import { type CommandContext, namespaceOf } from '../command.ts';
import type { ObjectPlace } from './change-objects.ts';

/** A document with the place of the object that it describes. */
export type DocumentPlace = { readonly place: ObjectPlace; readonly document: Readonly<Record<string, Json>> };

/** The documents below the command, Lists opened. Throws UserError when one of them does not say what it is. */
export async function documentPlaces(context: CommandContext): Promise<DocumentPlace[]> {
  const documents = context.documents.flatMap((document) =>
    at(document, 'kind') === 'List' ? (listAt(document, 'items') as Json[]) : [document],
  );
  if (documents.length === 0)
    throw new UserError('statement_invalid', 'There is no document below the command: write the YAML there.');
  const places: DocumentPlace[] = [];
  for (const document of documents) {
    const [version, kind, name] = [
      textAt(document, 'apiVersion'),
      textAt(document, 'kind'),
      textAt(document, 'metadata', 'name'),
    ];
    if (version === '' || kind === '' || name === '')
      throw new UserError(
        'statement_invalid',
        'A document needs apiVersion, kind and metadata.name: add what is missing.',
      );
    const type = await context.session.resolveKind(version, kind);
    const own = textAt(document, 'metadata', 'namespace');
    const asked = context.call.options.get('namespace')?.[0];
    if (own !== '' && asked !== undefined && own !== asked)
      throw new UserError(
        'statement_invalid',
        `${kind} ${name} names the namespace ${own}, the command ${asked}: use the same.`,
      );
    const namespace = type.namespaced ? own || namespaceOf(context) : null;
    places.push({ place: { type, namespace, name }, document: document as Record<string, Json> });
  }
  return places;
}
