/** Programs that wait for a person when nothing tells them what to do. */
const TALKING =
  /^(?:ba|da|z|k|a)?sh$|^(?:vi|vim|nano|less|more|top|htop|psql|mysql|mongo|mongosh|redis-cli|python3?|irb|node|watch|su|login|rails|sqlplus|cqlsh)$/u;

/** True when a command in a container would open a prompt: there is no terminal that a person could answer at. */
export function needsPerson(argv: readonly string[]): boolean {
  const [program = '', ...args] = argv;
  if (/^(?:vi|vim|nano|less|more|htop|watch)$/u.test(program)) return true;
  if (program === 'top') return !args.some((arg) => /^-\w*b/u.test(arg));
  if (!TALKING.test(program.replace(/^.*\//u, ''))) return false;
  if (program === 'rails') return /^(?:c|console|db|dbconsole)$/u.test(args[0] ?? '');
  if (program === 'redis-cli')
    return args.every((arg, at) => arg.startsWith('-') || /^-[hpnau]$/u.test(args[at - 1] ?? ''));
  return (
    !args.some((arg) => /^(?:-\w*[cemf]|--(?:command|eval|execute|file|version|help|list).*)$/u.test(arg)) &&
    !/\.\w+$/u.test(args[0] ?? '')
  );
}
