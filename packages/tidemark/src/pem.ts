/** Files of certificates and keys that a command line names: what is not what its option says is refused at once. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { usage } from './exit.ts'
import { bytesOfFile } from './input.ts'

const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED )?CERTIFICATE-----/g

/** The text of a file of certificates as PEM. Throws `TidemarkError` USAGE, with what else the file holds. */
export function certificatesOf(option: string, file: string): string {
  const bytes = bytesOfFile(option, file)
  const text = bytes.toString('latin1')
  const blocks = text.match(CERTIFICATE) ?? []
  if (blocks.length === 0) throw usage(`${option} names ${file}, which has no certificate in it, but ${held(bytes)}`)
  blocks.forEach((block, i) => {
    try {
      new X509Certificate(block.replaceAll('TRUSTED ', ''))
    } catch (cause) {
      throw usage(`${option} names ${file}, whose certificate number ${i + 1} cannot be read: ${(cause as Error).message}`)
    }
  })
  return text
}

/** The same for the private key of the first certificate of `certificate`. */
export function keyOf(option: string, file: string, certificate: { readonly file: string; readonly text: string }): string {
  const bytes = bytesOfFile(option, file)
  const text = bytes.toString('latin1')
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw usage(`${option} names ${file}, which has no private key in it, but ${held(bytes)}`)
  // OpenSSL's older form has the encryption in a line of its own.
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text))
    throw usage(`${option} names ${file}, which is encrypted; to decrypt it: openssl pkey -in ${file} -out decrypted.key`)
  let key: KeyObject
  try {
    key = createPrivateKey(text)
  } catch (cause) {
    throw usage(`${option} names ${file}, whose key cannot be read: ${(cause as Error).message}`)
  }
  if (!new X509Certificate(certificate.text.match(CERTIFICATE)![0]).checkPrivateKey(key))
    throw usage(`the private key ${file} does not belong to the certificate ${certificate.file}`)
  return text
}

/** What a file holds that is not what was wanted. */
function held(bytes: Buffer): string {
  if (bytes.length === 0) return 'nothing: it is empty'
  const labels = [...bytes.toString('latin1').matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map(([, label]) => label!.toLowerCase())
  if (labels.length > 0) return `PEM of another kind: ${[...new Set(labels)].join(', ')}`
  if (bytes.readUIntBE(0, Math.min(4, bytes.length)) === 0xfe_ed_fe_ed)
    return 'a JKS store: keytool -list -rfc -keystore FILE makes PEM of its certificates'
  // The first byte of a DER sequence, which a line of text does not begin with but for a zero.
  if (bytes[0] === 0x30 && bytes[1]! >= 0x80)
    return 'binary data, as DER or PKCS#12: openssl x509 -inform der, or openssl pkcs12, makes PEM of it'
  return 'no PEM at all (-----BEGIN …)'
}
