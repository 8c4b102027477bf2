/** What errors of TLS and SASL advise on the command line: its flags, profiles, and the file of --command-config. */
import type { Advice } from '@tidemark/platform'

const PROPERTIES = 'the file of --command-config'

export const ADVICE: Advice = {
  trust: (what) => `name ${what} with tidemark profile add --ca FILE, or as ssl.truststore.location in ${PROPERTIES}`,
  trustRegistry: `name the certificate of its authority as schema.registry.ssl.truststore.location in ${PROPERTIES}`,
  otherName: 'connect to one of these names',
  showCertificate: `name one with tidemark profile add --cert FILE, or as ssl.keystore.location in ${PROPERTIES}`,
  checkCertificate: `check the certificate that it shows: that of tidemark profile add --cert, or ssl.keystore.location in ${PROPERTIES}`,
  tlsSettings: `what ssl.* says in ${PROPERTIES}, or in the profile,`,
  withoutSasl: `use a profile without --sasl, or a security.protocol without SASL in ${PROPERTIES}, or connect to another port`,
  tokensFromElsewhere: 'the command line gets tokens with the credentials of a client alone (OAUTHBEARER)',
}
