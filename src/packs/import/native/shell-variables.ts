/** Variables that the shell, the login or a common program provides: nobody has to fill them in. */
const PROVIDED =
  /^(?:_|HOME|PATH|PWD|OLDPWD|USER|LOGNAME|SHELL|HOSTNAME|HOSTTYPE|MACHTYPE|OSTYPE|RANDOM|SECONDS|EPOCH\w*|UID|EUID|GROUPS|PPID|IFS|LINENO|LANG|LC_\w+|TERM|COLUMNS|LINES|BASH\w*|FUNCNAME|PIPESTATUS|DIRSTACK|REPLY|MAPFILE|OPTARG|OPTIND|SHLVL|SHELLOPTS|PS[0-4]|TMPDIR|EDITOR|VISUAL|PAGER|DISPLAY|SSH_\w+|SUDO_\w+|XDG_\w+|KUBECONFIG|GOPATH|JAVA_HOME|VIRTUAL_ENV|status)$/u;

/** True for a variable that the shell has a value for by itself. */
export function isShellVariable(name: string): boolean {
  return PROVIDED.test(name);
}

const ASSIGNING = [
  /(?:^|[\s;|&({])(?:(?:local|export|readonly|declare|typeset|set)\s+(?:-\w+\s+)*)?([A-Za-z_]\w*)\+?=/gmu,
  /\bfor\s+\(*\s*([A-Za-z_]\w*)/gu,
  /\bselect\s+([A-Za-z_]\w*)\s+in\b/gu,
  /\b(?:mapfile|readarray)\s+(?:-\S+\s+)*([A-Za-z_]\w*)/gu,
  /\bprintf\s+-v\s+([A-Za-z_]\w*)/gu,
  /\bgetopts\s+\S+\s+([A-Za-z_]\w*)/gu,
];

/** Names to which the text itself gives a value: assignments, loops, `read`. An assignment from itself (`X=$X cmd`) gives none. */
export function ownNames(text: string): Set<string> {
  const names = new Set<string>();
  for (const pattern of ASSIGNING)
    for (const match of text.matchAll(pattern)) {
      const name = match[1] ?? '';
      const rest = text.slice(match.index + match[0].length);
      if (!new RegExp(`^"?\\$\\{?${name}\\b`, 'u').test(rest)) names.add(name);
    }
  for (const match of text.matchAll(/\bread\s+(?:-\S+\s+)*([A-Za-z_][\w ]*)/gu))
    for (const name of (match[1] ?? '').split(' ')) names.add(name);
  names.delete('');
  return names;
}
