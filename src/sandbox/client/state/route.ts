/** What the address says: `?as=U…` is the person, `#C…` the channel, `#C…/1754…` a thread in it, `#home` the app's Home tab. */
export type Route = { readonly person: string; readonly channel: string; readonly thread: string };

export const HOME_CHANNEL = 'home';

/** Who opens a page whose address names nobody: the on-call engineer of the sandbox's own workspace. */
export const FIRST_PERSON = 'U0ONCALL01';

/** Reads a location's `search` and `hash`. Pure. */
export function parseRoute(search: string, hash: string): Route {
  const [channel = '', thread = ''] = decodeURIComponent(hash.replace(/^#/, '')).split('/');
  return {
    person: new URLSearchParams(search).get('as') || FIRST_PERSON,
    channel: /^(home|[A-Z][A-Z0-9]+)$/.test(channel) ? channel : '',
    thread: /^\d+\.\d+$/.test(thread) ? thread : '',
  };
}

/** The address of a route, relative to the page. Pure. */
export function formatRoute(route: Route): string {
  const search = route.person === '' ? '' : `?as=${encodeURIComponent(route.person)}`;
  const hash = route.channel === '' ? '' : `#${route.channel}${route.thread === '' ? '' : `/${route.thread}`}`;
  return `${search}${hash}` === '' ? '.' : `${search}${hash}`;
}
