/** Makes a self-signed certificate for a server of this machine, which is valid only for 127.0.0.1. */
import { generateKeyPairSync, sign } from 'node:crypto';

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTC_TIME = 0x17;

/**
 * Encodes one element of DER: a length up to 127 takes one byte, a greater length follows a byte with the
 * number of its bytes. X.690 8.1.
 */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const bytes = [content.length >> 8, content.length & 0xff].filter((byte, i) => byte > 0 || i > 0);
  const length = content.length < 0x80 ? bytes : [0x80 | bytes.length, ...bytes];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

/** `YYMMDDHHMMSSZ`. RFC 5280 4.1.2.5.1. */
const utcTime = (ms: number): Buffer =>
  der(UTC_TIME, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 86_400_000;

/** The extension `subjectAltName` with the IP address 127.0.0.1. RFC 5280 4.2.1.6. */
const THIS_MACHINE = der(
  SEQUENCE,
  Buffer.from('0603551d11', 'hex'),
  der(OCTET_STRING, der(SEQUENCE, der(0x87, Buffer.from([127, 0, 0, 1])))),
);

/** Makes a certificate that is valid for `days`, and from one day ago, since a test may move its clock. */
export function selfSignedCertificate(days = 1): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = der(SEQUENCE, Buffer.from('06082a8648ce3d040302', 'hex'));
  const name = der(SEQUENCE);
  const toBeSigned = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.from([2]))), // version 3
    der(INTEGER, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    der(SEQUENCE, utcTime(Date.now() - DAY_MS), utcTime(Date.now() + days * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, THIS_MACHINE)),
  );
  const noUnusedBits = Buffer.from([0]);
  const signature = der(BIT_STRING, noUnusedBits, sign('sha256', toBeSigned, privateKey));
  const base64 = der(SEQUENCE, toBeSigned, ecdsaWithSha256, signature).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  };
}
