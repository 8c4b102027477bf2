/** What is wrong with a certificate or a handshake, in words that say what to do. */
import tls, { type PeerCertificate, type TLSSocket } from 'node:tls'
import { advice } from '../advice.ts'
import type { ConnectTls } from '../transport.ts'

/** As RFC 2253 writes it, and Java shows it: the last attribute first, special characters escaped. */
export function distinguishedName(subject: PeerCertificate['subject'] | undefined): string | undefined {
  if (subject === undefined || subject === null) return undefined
  const parts = Object.entries(subject as unknown as Record<string, string | string[]>)
    .flatMap(([type, value]) => [value].flat().map((one) => `${type}=${escaped(one)}`))
    .reverse()
  return parts.length === 0 ? undefined : parts.join(',')
}

const escaped = (value: string): string =>
  value
    .replaceAll(/[,+"\\<>;]/g, '\\$&')
    .replace(/^[# ]/, '\\$&')
    .replace(/ $/, '\\ ')

/** Undefined: the server's certificate is trusted, and has the name that was asked for. */
export function refusedCertificate(socket: TLSSocket, host: string, { servername, checkHostname }: ConnectTls): string | undefined {
  const certificate = socket.getPeerCertificate()
  const reason = socket.authorizationError as unknown
  const code = String((reason as { code?: string } | null)?.code ?? reason ?? '')
  const isOfName = code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code.startsWith('Hostname/IP')
  if (!socket.authorized && !isOfName) return trustFault(code, certificate)
  if (checkHostname === false) return undefined
  const name = servername ?? host
  const fault = tls.checkServerIdentity(name, certificate)
  if (fault === undefined) return undefined
  const names = certificate.subjectaltname ?? `CN=${certificate.subject?.CN ?? 'none'}`
  return `the certificate of the server is not for '${name}' but for ${names}: ${advice().otherName}`
}

function trustFault(code: string, { valid_from: from, valid_to: to, issuer }: PeerCertificate): string {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return `the certificate of the server expired on ${to}: it must be renewed there`
    case 'CERT_NOT_YET_VALID':
      return `the certificate of the server is valid from ${from} on: check the clocks of both machines`
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return `the certificate of the server is signed by itself, or by a root that is not trusted here: ${advice().trust('that certificate')}`
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `the certificate of the server is signed by '${issuer?.CN ?? issuer?.O ?? 'nobody'}', which is not trusted here: ${advice().trust('the certificate of that authority')}`
    default:
      return `the certificate of the server is not accepted (${code})`
  }
}

/** Undefined: it is not an error of TLS. */
export function handshakeFault(error: NodeJS.ErrnoException & { reason?: string }, peer: 'server' | 'client'): string | undefined {
  const { code = '', reason = '', message } = error
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return `the ${peer} did not finish the TLS handshake in time`
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_HTTP_REQUEST' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return peer === 'server'
      ? 'the server does not speak TLS on this port: connect without TLS, or to another port'
      : 'it does not speak TLS: it must connect with TLS, or to another port'
  }
  if (peer === 'server' && code === 'ECONNRESET')
    return 'the server ended the TLS handshake: check that the port speaks TLS, and whether it asks for a certificate of the client'
  if (peer === 'client' && code === 'ECONNRESET')
    return 'it ended the TLS handshake: it may not trust the certificate that it was shown, or it only looked whether the port is open'
  if (!code.startsWith('ERR_SSL') && !code.startsWith('ERR_TLS') && code !== 'EPROTO') return undefined
  if (/CERTIFICATE_REQUIRED|PEER_DID_NOT_RETURN_A_CERTIFICATE/.test(code)) {
    return peer === 'server' ? `the server asks for a certificate of the client: ${advice().showCertificate}` : 'it showed no certificate'
  }
  if (/ALERT_UNKNOWN_CA|ALERT_BAD_CERTIFICATE|ALERT_CERTIFICATE_(EXPIRED|UNKNOWN)|CERTIFICATE_VERIFY_FAILED/.test(code)) {
    return peer === 'server'
      ? 'the server does not accept the certificate of the client'
      : 'the certificate of the server is not accepted there, or its own is not here'
  }
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code)) return `the ${peer} speaks no version of TLS that is allowed here`
  return `the TLS handshake failed: ${reason || message}`
}
