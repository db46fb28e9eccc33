import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FileShelf } from './file-shelf.ts';
import { readBody } from './http.ts';
import type { Workspace } from './workspace.ts';

/** The bytes of an upload: a raw body, or the first file of a multipart form as WebClient sends it. */
async function uploadedBytes(contentType: string | undefined, body: Buffer): Promise<Buffer> {
  if (!contentType?.startsWith('multipart/form-data')) return body;
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData();
  for (const value of form.values()) if (typeof value !== 'string') return Buffer.from(await value.arrayBuffer());
  return Buffer.alloc(0);
}

/** Answers `POST /upload/v1/<file>/<ticket>`: 404 for an unknown address, 400 when the length is not the announced one. */
export async function receiveUpload(
  target: { readonly workspace: Workspace; readonly files: FileShelf },
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const { workspace, files } = target;
  const [id = '', ticket = ''] = (req.url ?? '').split('/').slice(3);
  const bytes = await uploadedBytes(req.headers['content-type'], await readBody(req));
  const file = workspace.files.get(id);
  const refuse = (status: number, text: string) => {
    res.writeHead(status, { 'content-type': 'text/plain' });
    res.end(text);
  };
  if (!file || file.ticket !== ticket || file.state !== 'waiting') return refuse(404, 'not found');
  if (bytes.length !== file.size) return refuse(400, 'length mismatch');
  files.put(id, bytes);
  workspace.files.set(id, { ...file, state: 'uploaded' });
  refuse(200, `OK - ${bytes.length}`);
}
