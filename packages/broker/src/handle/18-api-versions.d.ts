/**
 * ApiVersions 0 to 4. v1 throttle time · v3 flexible, the client's software · v4 features whose lowest version is 0.
 *
 * The answer is made from the table that requests are dispatched by: what is advertised is what is served.
 */
import { apis } from '@tidemark/protocol'
import { type Handler } from '../dispatch/handler.ts'
import type { AdvertisedApi } from '../dispatch/table.ts'
export declare function apiVersions(advertised: () => readonly AdvertisedApi[]): Handler<typeof apis.ApiVersions>
