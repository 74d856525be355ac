import { createPrivateKey, generateKeyPairSync, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { failure } from '@mln/core';
import type { Kind } from './names.js';

/*
 * Certificates, requests and revocation lists, RFC 5280 and RFC 2986. All keys are ECDSA over P-256 with SHA-256, which
 * every TLS 1.3 has to know (RFC 8446, section 9.1).
 */

type X509 = typeof import('@peculiar/x509');

/** A certificate and its private key (PKCS #8); PEM. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate is to say, and whom it is for. */
export interface Wanted {
  readonly name: string;
  readonly kind: Kind;
  /** From now on; fractions count. */
  readonly days: number;
  /** Names and addresses of a server, beside its own name. */
  readonly addresses: readonly string[];
}

/** What a signed list says: its number, which only rises, and the serial numbers that count no more. */
export interface Revocations {
  readonly number: bigint;
  readonly serials: ReadonlySet<string>;
}

/** A certificate that counts no more. */
export interface Revoked {
  readonly serial: string;
  readonly at: Date;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY = 86_400_000;
const AUTHORITY_DAYS = 20 * 365;
/** Clocks of two machines may differ by so much; milliseconds. */
const SKEW = 300_000;
/** id-ce-cRLNumber, RFC 5280, section 5.2.3. */
const CRL_NUMBER = '2.5.29.20';

/** It takes a tenth of a second to load, which only what makes or signs something needs. */
async function library(): Promise<X509> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/** Makes a private key; PEM. */
export function makeKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

/** Makes the authority of a fleet. */
export async function makeAuthority(fleet: string): Promise<Pair> {
  const x509 = await library();
  const key = makeKey();
  const keys = await pairOf(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ O: [fleet] }, { OU: ['authority'] }, { CN: [fleet] }],
    notBefore: new Date(Date.now() - SKEW),
    notAfter: new Date(Date.now() + AUTHORITY_DAYS * DAY),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem('CERTIFICATE', certificate.rawData), key };
}

/** Asks for a certificate: the public half of a key, signed with the private one. What it is to say, the authority decides. */
export async function makeRequest(key: string): Promise<string> {
  const x509 = await library();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys: await pairOf(key),
    signingAlgorithm: algorithm,
  });
  return pem('CERTIFICATE REQUEST', request.rawData);
}

/** Gives the public key of a request (SubjectPublicKeyInfo). Throws MLN_BAD_REQUEST unless whoever asks has the private one. */
export async function keyOfRequest(text: string): Promise<Buffer> {
  const x509 = await library();
  try {
    const request = new x509.Pkcs10CertificateRequest(der('CERTIFICATE REQUEST', text));
    const spki = Buffer.from(request.publicKey.rawData);
    await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']);
    if (await request.verify()) return spki;
  } catch {
    // Told below: nothing of it can be used.
  }
  throw failure(
    'MLN_BAD_REQUEST',
    'the request for a certificate is none, or is not signed by its own ECDSA key over P-256',
  );
}

/** Signs a certificate. It ends when the authority itself does at the latest. */
export async function certify(authority: Pair, publicKey: Buffer, wanted: Wanted): Promise<string> {
  const x509 = await library();
  const issuer = new x509.X509Certificate(der('CERTIFICATE', authority.certificate));
  const key = await webcrypto.subtle.importKey('spki', publicKey, algorithm, true, ['verify']);
  const { name, kind, days, addresses } = wanted;
  const end = Math.min(Date.now() + days * DAY, issuer.notAfter.getTime());
  const names = [...new Set([name, ...addresses])].map((each) => ({
    type: isIP(each) === 0 ? ('dns' as const) : ('ip' as const),
    value: each,
  }));
  const uses = kind === 'server' ? [x509.ExtendedKeyUsage.serverAuth] : [];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    issuer: issuer.subjectName,
    subject: [{ OU: [kind] }, { CN: [name] }],
    notBefore: new Date(Math.min(Date.now(), end) - SKEW),
    notAfter: new Date(end),
    signingAlgorithm: algorithm,
    publicKey: key,
    signingKey: (await pairOf(authority.key)).privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([...uses, x509.ExtendedKeyUsage.clientAuth]),
      ...(kind === 'server' ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      await x509.SubjectKeyIdentifierExtension.create(key),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return pem('CERTIFICATE', certificate.rawData);
}

/** Signs the list of what counts no more. It counts until the next one, however long that takes. */
export async function signRevocations(authority: Pair, number: bigint, revoked: readonly Revoked[]): Promise<string> {
  const x509 = await library();
  const issuer = new x509.X509Certificate(der('CERTIFICATE', authority.certificate));
  const list = await x509.X509CrlGenerator.create({
    issuer: issuer.subjectName,
    thisUpdate: new Date(Date.now() - SKEW),
    nextUpdate: issuer.notAfter,
    entries: revoked.map(({ serial, at }) => ({ serialNumber: evenHex(serial), revocationDate: at })),
    signingAlgorithm: algorithm,
    signingKey: (await pairOf(authority.key)).privateKey,
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      new x509.Extension(CRL_NUMBER, false, integer(number)),
    ],
  });
  return pem('X509 CRL', list.rawData);
}

/** Reads a list. Throws MLN_BAD_REQUEST where it is none, or not signed by this authority. */
export async function readRevocations(text: string, authority: string): Promise<Revocations> {
  const x509 = await library();
  try {
    const list = new x509.X509Crl(der('X509 CRL', text));
    const issuer = new x509.X509Certificate(der('CERTIFICATE', authority));
    const number = list.getExtension(CRL_NUMBER)?.value;
    if (number && list.issuer === issuer.subject && (await list.verify({ publicKey: issuer })))
      return {
        number: fromInteger(Buffer.from(number)),
        serials: new Set(list.entries.map((each) => plainSerial(each.serialNumber))),
      };
  } catch {
    // Told below: nothing of it can be used.
  }
  throw failure(
    'MLN_BAD_REQUEST',
    'the list of revoked certificates is none, or is not signed by the authority of this fleet',
  );
}

/** A serial number as node writes it: hexadecimal, upper case, without zeros in front. */
export function plainSerial(serial: string): string {
  return serial.toUpperCase().replace(/^0+(?=.)/, '');
}

/** SHA-256 of a certificate, hexadecimal. */
export function fingerprintOf(certificate: string | Buffer): string {
  return new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase();
}

/** 128 bits of chance, but for the first: a number that is positive, and has no zeros in front. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

async function pairOf(
  key: string,
): Promise<{ readonly privateKey: webcrypto.CryptoKey; readonly publicKey: webcrypto.CryptoKey }> {
  const secret = createPrivateKey(key);
  const { subtle } = webcrypto;
  const { kty, crv, x, y } = secret.export({ format: 'jwk' });
  return {
    privateKey: await subtle.importKey('pkcs8', secret.export({ format: 'der', type: 'pkcs8' }), algorithm, true, [
      'sign',
    ]),
    publicKey: await subtle.importKey('jwk', { kty, crv, x, y } as webcrypto.JsonWebKey, algorithm, true, ['verify']),
  };
}

function pem(label: string, bytes: ArrayBuffer): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function der(label: string, text: string): Buffer {
  const [, body] =
    new RegExp(`^-----BEGIN ${label}-----\\s([A-Za-z0-9+/=\\s]+)-----END ${label}-----\\s*$`).exec(text.trim()) ?? [];
  if (body === undefined) throw new TypeError(`no ${label}`);
  return Buffer.from(body, 'base64');
}

function evenHex(serial: string): string {
  return serial.length % 2 === 0 ? serial : `0${serial}`;
}

/** INTEGER of a positive number, X.690, section 8.3. */
function integer(value: bigint): Buffer {
  const hex = evenHex(value.toString(16));
  const bytes = Buffer.from(parseInt(hex.slice(0, 2), 16) > 127 ? `00${hex}` : hex, 'hex');
  return Buffer.from([2, bytes.length, ...bytes]);
}

function fromInteger(bytes: Buffer): bigint {
  if (bytes[0] !== 2 || bytes[1] !== bytes.length - 2 || bytes.length > 22 || (bytes[2] ?? 255) > 127)
    throw new RangeError('no number of a list');
  return BigInt(`0x${bytes.subarray(2).toString('hex')}`);
}
