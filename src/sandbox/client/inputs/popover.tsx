import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';

type PopoverProps = {
  readonly anchor: RefObject<HTMLElement | null>;
  readonly onClose: () => void;
  readonly align?: 'start' | 'end';
  /** As wide as the anchor, at least. */
  readonly matchWidth?: boolean;
  readonly className?: string;
  readonly children: ReactNode;
};

/**
 * A floating box beside its anchor, above it where the room below is short. It stays inside its parent, so a modal keeps it
 * in the top layer; `position: fixed` keeps scrolling parents from clipping it.
 */
export function Popover({
  anchor,
  onClose,
  align = 'start',
  matchWidth = false,
  className = '',
  children,
}: PopoverProps) {
  const box = useRef<HTMLDivElement>(null);
  const [style, setStyle] = useState<React.CSSProperties>({ opacity: 0, top: 0, left: 0 });

  useLayoutEffect(() => {
    const place = () => {
      const target = anchor.current?.getBoundingClientRect();
      const own = box.current?.getBoundingClientRect();
      if (target === undefined || own === undefined) return;
      const width = matchWidth ? Math.max(target.width, 220) : own.width;
      const left = align === 'end' ? target.right - width : target.left;
      const below = window.innerHeight - target.bottom;
      const above = own.height + 8 > below && target.top > below;
      setStyle({
        opacity: 1,
        left: Math.max(8, Math.min(left, window.innerWidth - width - 8)),
        ...(above ? { bottom: window.innerHeight - target.top + 4 } : { top: target.bottom + 4 }),
        maxHeight: Math.max(120, (above ? target.top : below) - 16),
        ...(matchWidth ? { width } : {}),
      });
    };
    place();
    const observer = new ResizeObserver(place);
    if (box.current !== null) observer.observe(box.current);
    window.addEventListener('scroll', place, true);
    window.addEventListener('resize', place);
    return () => {
      observer.disconnect();
      window.removeEventListener('scroll', place, true);
      window.removeEventListener('resize', place);
    };
  }, [anchor, align, matchWidth]);

  useEffect(() => {
    const outside = (event: PointerEvent) => {
      const target = event.target as Node;
      if (box.current?.contains(target) !== true && anchor.current?.contains(target) !== true) onClose();
    };
    document.addEventListener('pointerdown', outside, true);
    return () => document.removeEventListener('pointerdown', outside, true);
  }, [anchor, onClose]);

  return (
    <div ref={box} className={`popover ${className}`} style={style}>
      {children}
    </div>
  );
}
