/** ListGroups 0 to 5. v3 flexible · v4 states, and a filter on them (KIP-518) · v5 types, likewise (KIP-848). */
import { apis } from '@tidemark/protocol';
import { handler } from '../dispatch/handler.js';
import { after } from '../now.js';
export const listGroups = handler(apis.ListGroups, { versions: [0, 5] }, (request, { services }) => after(services.groups.list({ states: request.statesFilter, types: request.typesFilter }), (listed) => listed));
