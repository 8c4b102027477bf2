/** SaslAuthenticate: versions 0 to 2. */
import { bytes, int16, message, offset, string } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'

export const SaslAuthenticateRequest = message(
  'SaslAuthenticateRequest',
  { apiKey: 36, versions: '0-2', flexible: '2+' },
  {
    authBytes: bytes(),
  },
)
export type SaslAuthenticateRequest = Infer<typeof SaslAuthenticateRequest>

export const SaslAuthenticateResponse = message(
  'SaslAuthenticateResponse',
  { apiKey: 36, versions: '0-2', flexible: '2+' },
  {
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    authBytes: bytes(),
    sessionLifetimeMs: offset({ versions: '1+', default: 0 }),
  },
)
export type SaslAuthenticateResponse = Infer<typeof SaslAuthenticateResponse>
