import { Component, type ReactNode } from 'react';
import { Icon } from './icon.tsx';

/** Says that something cannot be shown, and what: an unknown block must never look like nothing. */
export function ErrorBox({ what, type, detail }: { what: 'block' | 'element'; type: string; detail?: string }) {
  return (
    <div className="error-box" role="alert">
      <Icon name="warning" />
      <span>
        {detail === undefined ? `Unknown ${what} type ` : `Broken ${what} of type `}
        <code>{type}</code>
        {detail === undefined ? '. The sandbox cannot show it.' : `: ${detail}`}
      </span>
    </div>
  );
}

type BoundaryProps = { readonly type: string; readonly children: ReactNode };

/** Keeps a malformed block from taking the page with it. */
export class BlockBoundary extends Component<BoundaryProps, { readonly failure: string | null }> {
  override state: { readonly failure: string | null } = { failure: null };

  static getDerivedStateFromError(error: unknown): { failure: string } {
    return { failure: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    if (this.state.failure === null) return this.props.children;
    return <ErrorBox what="block" type={this.props.type} detail={this.state.failure} />;
  }
}
