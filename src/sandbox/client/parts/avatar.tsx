import type { Persona } from '../../client-protocol.ts';
import { Mark } from './icon.tsx';

/** A square with initials on the person's colour, or Warroom's mark for the bot. */
export function Avatar({ person, size = 36 }: { person: Persona; size?: number }) {
  const initials = person.real_name
    .split(/\s+/)
    .map((word) => word[0] ?? '')
    .slice(0, 2)
    .join('')
    .toUpperCase();
  return (
    <span
      className={person.is_bot ? 'avatar avatar-bot' : 'avatar'}
      style={{
        width: size,
        height: size,
        fontSize: size * 0.4,
        background: person.is_bot ? undefined : cssColor(person.color),
      }}
      aria-hidden="true"
    >
      {person.is_bot ? <Mark /> : initials}
    </span>
  );
}

/** Slack names colours without `#`. */
function cssColor(color: string): string {
  return /^[0-9a-f]{3,8}$/i.test(color) ? `#${color}` : color;
}
