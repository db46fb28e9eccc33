const PATHS = {
  hash: 'M7.5 3 6 17M14 3l-1.5 14M3.5 7.3h13.2M3 12.7h13.2',
  lock: 'M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3',
  chevron: 'm6 8 4 4 4-4',
  close: 'm5.5 5.5 9 9m0-9-9 9',
  check: 'm4.5 10.5 3.5 3.5 7.5-8',
  back: 'M12 4.5 6.5 10l5.5 5.5',
  menu: 'M3.5 6h13M3.5 10h13M3.5 14h13',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Zm4-1.5 4 4',
  send: 'M3.5 4.2 17 10 3.5 15.8 5.6 10 3.5 4.2ZM5.6 10H11',
  thread: 'M4 4.5h12v8.5H9.5L6 16v-3H4zM7 7.7h6M7 10h4',
  react: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM7 11.5c1.3 2.3 4.7 2.3 6 0M7.6 8v.6M12.4 8v.6',
  link: 'M8.5 11.5a3 3 0 0 0 4.4.2l2.4-2.4a3 3 0 0 0-4.3-4.3l-.8.8M11.5 8.5a3 3 0 0 0-4.4-.2l-2.4 2.4a3 3 0 0 0 4.3 4.3l.8-.8',
  more: 'M10 4.6v.2M10 9.9v.2M10 15.2v.2',
  pin: 'm8 3.5 4 0-.6 4.7 2.6 2.3v1.5H6v-1.5l2.6-2.3L8 3.5ZM10 12v5',
  people:
    'M8 9.5a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM2.8 16c.4-3 2.4-4.6 5.2-4.6s4.8 1.6 5.2 4.6M13 4.3a2.6 2.6 0 0 1 0 4.9M14.6 11.8c1.5.6 2.4 2 2.6 4.2',
  sun: 'M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM10 2v1.7M10 16.3V18M2 10h1.7M16.3 10H18M4.3 4.3l1.2 1.2M14.5 14.5l1.2 1.2M4.3 15.7l1.2-1.2M14.5 5.5l1.2-1.2',
  moon: 'M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3Z',
  file: 'M5 2.8h6.5L15 6.3v10.9H5zM11.3 2.8v3.7H15M7.5 10h5M7.5 13h5',
  download: 'M10 3v9.5m0 0-3.5-3.5M10 12.5 13.5 9M4 16.5h12',
  eye: 'M2.5 10S5.2 5 10 5s7.5 5 7.5 5-2.7 5-7.5 5-7.5-5-7.5-5Zm7.5 2.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z',
  info: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 9v4.5M10 6.4v.2',
  warning: 'M10 3.5 17.5 16h-15L10 3.5ZM10 8v4M10 13.9v.2',
  home: 'M3.5 9.5 10 4l6.5 5.5V16.5h-4.5v-4h-4v4H3.5z',
  down: 'M10 4v12m0 0-4.5-4.5M10 16l4.5-4.5',
  bold: 'M6 4h4.5a2.8 2.8 0 0 1 0 5.8H6zm0 5.8h5.2a3.1 3.1 0 0 1 0 6.2H6z',
} as const;

export type IconName = keyof typeof PATHS;

/** A line drawing of 20 units; it says nothing to a screen reader, the button around it does. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className={`icon icon-${name}`} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Warroom's own mark: a beacon on a shield. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 36 36" aria-hidden="true" focusable="false">
      <path
        className="mark-shield"
        d="M18 5.5 28.5 9v8.3c0 6.4-4.2 11-10.5 13.4C11.700 28.300 7.500 23.700 7.500 17.300V9Z"
      />
      <path className="mark-pulse" d="M10.500 18.500h4l2.200-5.600 3.300 9.600 2.200-4h3.300" />
    </svg>
  );
}
