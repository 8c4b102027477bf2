export function handler(api, options, handle) {
  return { api, versions: options.versions, holds: options.holds ?? true, handle }
}
