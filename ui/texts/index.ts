/** Every text of the pages, in French, a file a page. `\u00a0` before high punctuation, as French wants it. */

export * from "./alarms";
export * from "./call-flows";
export * from "./check";
export * from "./common";
export * from "./desk";
export * from "./directory";
export * from "./dossier";
export * from "./login";
export * from "./place";
export * from "./recordings";
export * from "./strip";
export * from "./wallboard";
