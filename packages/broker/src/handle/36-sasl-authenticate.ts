/** SaslAuthenticate 0 to 2 (KIP-152). v1 how long the session lasts (KIP-368) · v2 flexible. */
import { apis } from '@tidemark/protocol'
import { type AuthenticateContext, authenticate } from '../auth/authenticate.ts'
import { handler } from '../dispatch/handler.ts'

export const saslAuthenticate = handler(apis.SaslAuthenticate, { versions: [0, 2], holds: true }, (request, context: AuthenticateContext) =>
  authenticate(Buffer.from(request.authBytes), context),
)
