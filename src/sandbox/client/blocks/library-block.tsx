import { lazy, Suspense } from 'react';
import type { Block } from 'slack-blocks-to-jsx';

/**
 * The blocks that slack-blocks-to-jsx 1.1.1 draws: markdown, plan and task card. It loads on first use (0.9 MB).
 * The others are drawn here, because an approver must read exact commands: the library turns `a*b*` inside code into
 * `a**b**`, has no handlers for clicks, and shows nothing at all for a block that it does not know.
 */
const Message = lazy(async () => ({ default: (await import('slack-blocks-to-jsx')).Message }));

export function LibraryBlock({ block }: { block: { readonly type: string } }) {
  const theme = document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light';
  return (
    <Suspense fallback={<div className="block-loading">Loading…</div>}>
      <Message blocks={[block as Block]} name="" logo="" theme={theme} withoutWrapper unstyled={false} />
    </Suspense>
  );
}
