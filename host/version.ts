/** The version of this program, as nodes and people are told. The build puts package.json's in; unbuilt source has none. */
declare const SAPLINE_VERSION: string | undefined;

export const HOST_VERSION = typeof SAPLINE_VERSION === "string" ? SAPLINE_VERSION : "0.0.0-source";
