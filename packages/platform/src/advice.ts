/**
 * What to do about an error of TLS or SASL, in the words of what its reader uses: a program has options, a tool has
 * flags and files. An error is made far below, and goes through several messages: so the words belong to the process.
 */

export interface Advice {
  /** `what`: a certificate that has to be trusted. */
  trust(what: string): string
  /** The certificate of a schema registry is not trusted. */
  readonly trustRegistry: string
  /** The certificate is for other names. */
  readonly otherName: string
  /** The server asks for a certificate, and none is shown. */
  readonly showCertificate: string
  /** The server does not take the certificate that is shown. */
  readonly checkCertificate: string
  /** What was given for TLS, where it cannot be used. */
  readonly tlsSettings: string
  /** The server asks nobody to authenticate. */
  readonly withoutSasl: string
  /** Tokens are to come from elsewhere than an endpoint with the credentials of the client. */
  readonly tokensFromElsewhere: string
}

const OF_PROGRAM: Advice = {
  trust: (what) => `give ${what} as 'ca'`,
  trustRegistry: "give the certificate of its authority as 'tls.ca'",
  otherName: "connect to one of these names, or give 'servername'",
  showCertificate: "give 'cert' and 'key', or 'pfx'",
  checkCertificate: "check the certificate that it shows, 'cert' and 'key' or 'pfx'",
  tlsSettings: "option 'tls'",
  withoutSasl: "leave out the option 'sasl', or connect to another port",
  tokensFromElsewhere: 'use oauthbearer with a callback for tokens: sasl.token',
}

let words = OF_PROGRAM

/** From now on errors of this process advise in these words. */
export function adviseWith(advice: Advice): void {
  words = advice
}

export const advice = (): Advice => words
