import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KubeUser } from './server.ts';

/** What an API server answers to the question whether one may, by the rights of whoever asks; `instead` of the imitation. */
export function reviews(users: Readonly<Record<string, KubeUser>>) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.url !== '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews') return false;
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const { resourceAttributes: asked } = (
        JSON.parse(text) as { spec: { resourceAttributes: Record<string, string> } }
      ).spec;
      const resource = [asked.resource, asked.subresource].filter((part) => part !== undefined).join('/');
      const user = users[(request.headers.authorization ?? '').replace('Bearer ', '')];
      const allowed = user?.may(asked.verb ?? '', resource, asked.group ?? '') ?? false;
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ status: { allowed } }));
    });
    return true;
  };
}
