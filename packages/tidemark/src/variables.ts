/** Variables of the environment that commands and the man page name. */
export const REGISTRY_VARIABLE = 'SCHEMA_REGISTRY_URL'
export const REGISTRY_USER_VARIABLE = 'SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO'
