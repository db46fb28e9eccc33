import dgram from 'node:dgram';
import type { AddressInfo } from 'node:net';

const CODES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
};

/** Answers a question (`A`, `shop.test`) with the data of its records, or null when there is no such name. */
export type Answer = (type: string, name: string) => readonly Buffer[] | null;

/** A name server on a free UDP port of 127.0.0.1 that speaks as much DNS (RFC 1035) as a resolver asks for. */
export async function startNameServer(
  answer: Answer,
): Promise<{ address: string; asked: string[]; stop(): Promise<void> }> {
  const asked: string[] = [];
  const socket = dgram.createSocket('udp4');
  socket.on('message', (message, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
      labels.push(message.subarray(at + 1, at + 1 + length).toString());
      at += length + 1;
    }
    const type = CODES[message.readUInt16BE(at + 1)] ?? 'unknown';
    const question = message.subarray(12, at + 5);
    asked.push(`${type} ${labels.join('.')}`);
    const found = answer(type, labels.join('.').toLowerCase());
    const head = Buffer.alloc(12);
    message.copy(head, 0, 0, 2);
    head.writeUInt16BE(found === null ? 0x8183 : 0x8180, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(found?.length ?? 0, 6);
    const records = (found ?? []).map((data) => {
      const record = Buffer.alloc(12);
      record.writeUInt16BE(0xc00c, 0);
      message.copy(record, 2, at + 1, at + 3);
      record.writeUInt16BE(1, 4);
      record.writeUInt32BE(60, 6);
      record.writeUInt16BE(data.length, 10);
      return Buffer.concat([record, data]);
    });
    socket.send(Buffer.concat([head, question, ...records]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(socket.address() as AddressInfo).port}`,
    asked,
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** The data of an A record. */
export const ipv4 = (address: string): Buffer => Buffer.from(address.split('.').map(Number));
/** The data of a TXT record, in pieces of at most 255 bytes. */
export const text = (value: string): Buffer =>
  Buffer.concat(
    (value.match(/[\s\S]{1,200}/gu) ?? ['']).map((part) =>
      Buffer.concat([Buffer.from([part.length]), Buffer.from(part)]),
    ),
  );
