export declare function seal(payload: Uint8Array): Buffer
/** The payload, or undefined if the bytes are not exactly what `seal` made. */
export declare function unseal(bytes: Buffer): Buffer | undefined
