import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadAndTail } from '../../src/executors/output.ts';
import { cleanText, OutputSink, Redactor, redact, redactJson } from '../../src/executors/output-safety.ts';
import { Secret } from '../../src/lib/secret.ts';

const PEM = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA7\n'.repeat(3)}-----END RSA PRIVATE KEY-----`;

/** Feeds a text in pieces of the given sizes. */
function inPieces(text: string, sizes: readonly number[], secrets: readonly Secret[]): string {
  const redactor = new Redactor(secrets);
  let result = '';
  let at = 0;
  for (let index = 0; at < text.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    result += redactor.push(text.slice(at, at + size));
    at += size;
  }
  return result + redactor.flush();
}

describe('what was printed becomes safe to show', () => {
  it.each([
    ['colours', 'a\u001b[1;31mb\u001b[0mc', 'abc'],
    ['a title sequence', 'a\u001b]0;evil\u0007b', 'ab'],
    ['a link sequence', '\u001b]8;;http://evil\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['8-bit escapes', 'a\u009b31mb', 'ab'],
    ['bidirectional controls', 'a\u202eb\u2066c', 'abc'],
    ['zero-width characters', 'a\u200bb\ufeffc', 'abc'],
    ['bells, backspaces and NUL', 'a\u0007\b\0b', 'ab'],
    ['carriage returns', 'a\r\nb\rc', 'a\nb\nc'],
    ['half characters', 'a\ud800b', 'a\ufffdb'],
    ['invisible tag characters', 'a\u{e0041}b', 'ab'],
    ['joiners and selectors within words', 'pass\u200dword\u034f\ufe0f\u200c.\u{e0101}', 'password.'],
    ['invisible letters within words', 'pass\u3164word\u115f\u1160\uffa0\u17b4!', 'password!'],
  ])('%s disappear', (_name, text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });

  it('what makes one picture of several characters stays', () => {
    const pictures = '👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3 क\u094d\u200dष';
    expect(cleanText(pictures)).toBe(pictures);
  });

  it('a token with characters in it that nobody sees is masked all the same', () => {
    const token = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
    for (const unseen of ['\u200d', '\u200c', '\u034f', '\ufe0f', '\u3164'])
      expect(redact(`a ${token.slice(0, 9)}${unseen}${token.slice(9)} b`, [])).toBe('a <secret> b');
    const secret = new Secret('correct horse battery');
    expect(redact('a corr\u200dect ho\u034frse batt\ufe0eery b', [secret])).toBe('a <secret> b');
  });

  it.each([
    ['Slack bot token', 'xoxb-123456789012-abcdefghijkl'],
    ['GitHub token', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'],
    ['AWS key', 'AKIAIOSFODNN7EXAMPLE'],
    ['JSON web token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'],
    [
      'JSON web token behind a name',
      'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
      'my-session-eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
    ],
    ['Vault token', 'hvs.CAESIJ0123456789abcdefghijkl'],
    ['password in an address', 'hunter2secret', 'postgres://me:hunter2secret@host/db'],
    ['bearer header', 'abcdef1234567890', 'Authorization: Bearer abcdef1234567890'],
    ['key and value', 'opensesame', 'password=opensesame'],
    ['JSON field', 'opensesame', '{"api_key": "opensesame"}'],
    ['private key', 'MIIEpAIBAAKCAQEA7', PEM],
  ])('a %s is masked without being known', (_name, token, text = `a ${token} b`) => {
    const safe = redact(text, []);
    expect(safe).not.toContain(token);
    expect(safe).toContain('<secret>');
  });

  it('a known secret is masked in every form and across any cut, also when escapes or zero-width characters stand in it', () => {
    const secret = 'p"a/s s+wörd?0815';
    const forms = [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
      Buffer.from(`u:${secret}`).toString('base64'),
      Buffer.from(secret).toString('hex'),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...forms),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        fc.string({ maxLength: 10 }),
        (form, sizes, noise) => {
          const safe = inPieces(`${noise} ${form} ${noise}`, sizes, [new Secret(secret)]);
          expect(safe).not.toContain(form);
          expect(safe).toContain('<secret>');
        },
      ),
      { seed: 7, numRuns: 300 },
    );
    expect(redact('p"a/\u200bs s+w\u001b[1mörd?0815', [new Secret(secret)])).toBe('<secret>');
  });

  it('cutting a text anywhere changes nothing about the result', () => {
    const text = `one ${PEM} two\nsecret-value-1 three\n\u001b[31mred\u001b[0m password=opensesame\n`;
    const whole = redact(text, [new Secret('secret-value-1')]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        expect(inPieces(text, sizes, [new Secret('secret-value-1')])).toBe(whole);
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it('each longer line of a secret of several lines is masked by itself', () => {
    const secret = new Secret('first-line-of-key\nshort\nsecond-line-of-key');
    expect(redact('a second-line-of-key b short', [secret])).toBe('a <secret> b short');
  });

  it('a secret in an endless line is masked where the line is cut for working on it', () => {
    const text = `${'x'.repeat(70_000)}secret-value-1${'y'.repeat(70_000)}`;
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 70_100 }), (size) => {
        const safe = inPieces(text, [size], [new Secret('secret-value-1')]);
        expect(safe).not.toContain('secret-value');
        expect(safe.length).toBe(140_000 + '<secret>'.length);
      }),
      { seed: 7, numRuns: 20 },
    );
  });

  it.each([
    'eyJ-',
    'eyJ-'.repeat(16).concat('. '),
    'password = ',
    'a-b.c+://x:',
    'xox',
    'Bearer ',
    '-----BEGIN A ',
    '\u001b]8;;',
  ])(
    'a target that prints %j without end costs no more than one that prints its log: pages wait for the same thread',
    (piece) => {
      const time = (text: string) => {
        const started = process.cpuUsage();
        redact(text, [new Secret('hunter2-planted')]);
        return process.cpuUsage(started).user;
      };
      const log = 'level=info msg="request 4711 done" path=/api/v1/things ms=12\n'.repeat(8_000);
      time(log);
      const best = (text: string) => Math.min(...[1, 2, 3].map(() => time(text)));
      const hostile = piece.repeat(Math.ceil(log.length / piece.length));
      expect(best(hostile) / best(log)).toBeLessThan(20);
    },
  );

  it('keys and values of JSON are masked, numbers stay', () => {
    const secret = new Secret('secret-value-1');
    expect(redactJson({ 'secret-value-1': ['secret-value-1', 1, null, true] }, [secret])).toEqual({
      '<secret>': ['<secret>', 1, null, true],
    });
  });

  it('masking twice changes nothing more', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const once = redact(text, [new Secret('abcd')]);
        expect(redact(once, [new Secret('abcd')])).toBe(once);
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it('control: without holding back, a secret in two pieces would be shown', () => {
    const secret = [new Secret('secret-value-1')];
    expect(redact('secret-', secret) + redact('value-1', secret)).toBe('secret-value-1');
    expect(inPieces('secret-value-1', [7], secret)).toBe('<secret>');
  });
});

describe('head and tail', () => {
  it('keeps both ends within the limit and counts the rest, whatever the pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 60 }), { maxLength: 40 }),
        fc.integer({ min: 16, max: 300 }),
        (pieces, max) => {
          const kept = new HeadAndTail(max);
          for (const piece of pieces) kept.add(piece);
          const whole = Buffer.from(pieces.join(''));
          const result = kept.finish();
          if (whole.length <= max) expect(result).toEqual({ text: whole.toString(), omittedBytes: 0 });
          else {
            const [head = '', tail = ''] = result.text.split(`\n… ${result.omittedBytes} bytes left out …\n`);
            expect(Buffer.byteLength(head) + Buffer.byteLength(tail) + result.omittedBytes).toBe(whole.length);
            expect(whole.toString().startsWith(head) && whole.toString().endsWith(tail)).toBe(true);
          }
        },
      ),
      { seed: 7, numRuns: 500 },
    );
  });

  it('bytes that end in the middle of a character are put together again', () => {
    const sink = new OutputSink({ secrets: [], maxBytes: 100 });
    const bytes = Buffer.from('€uro');
    for (const byte of bytes) sink.write(Buffer.from([byte]));
    expect(sink.finish().text).toBe('€uro');
  });
});
