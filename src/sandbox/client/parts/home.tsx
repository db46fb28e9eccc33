import type { ClientState } from '../../client-protocol.ts';
import { Blocks } from '../blocks/block.tsx';
import { SurfaceProvider } from '../inputs/surface.tsx';
import type { Loose } from '../inputs/values.ts';
import type { SandboxApi } from '../state/api.ts';
import { Mark } from './icon.tsx';

type Props = { readonly data: ClientState; readonly api: SandboxApi; readonly onRefusal: (error: unknown) => void };

/** The app's Home tab. */
export function Home({ data, api, onRefusal }: Props) {
  const view = data.home;
  if (view === null) {
    return (
      <div className="home home-empty" role="tabpanel">
        <Mark />
        <h2>{data.app.name} is preparing your Home</h2>
        <p>{data.app.connected ? 'It shows here as soon as the app publishes it.' : 'The app is not connected yet.'}</p>
      </div>
    );
  }
  const blocks = view.blocks as unknown as readonly Loose[];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the tab scrolls, and the keyboard must reach it
    <div className="home" role="tabpanel" aria-label={`Home of ${data.app.name}`} tabIndex={0}>
      <div className="home-content">
        <SurfaceProvider api={api} place={{ kind: 'view', id: view.id }} blocks={blocks} onRefusal={onRefusal}>
          <Blocks blocks={blocks} />
        </SurfaceProvider>
      </div>
    </div>
  );
}
