/** A word that the code, its comments and its documents do not use any more. */
export interface OldWord {
  /** Matches the word, in an identifier or in prose. */
  word: RegExp;
  /** What to write instead. */
  instead: string;
  /** Only in files under these folders; everywhere by default. */
  folders?: readonly string[];
}

const SERVER = ["src/"];
const CORE = ["src/queue/", "src/object/", "src/socket/", "test/core/"];

/** Words of the project's own that the field has other words for. */
export const OLD_IDENTIFIERS: readonly OldWord[] = [
  { word: /ticket/i, instead: "request id" },
  { word: /incarnation/i, instead: "generation" },
  { word: /shipment/i, instead: "outbound transfer" },
  { word: /\b(areLetters|lettersIn|isLetter)\b/, instead: "dead letters" },
  { word: /\bstandings?\b(?! (still|behind))/i, instead: "state", folders: CORE },
  { word: /\bfate(Of)?\b/i, instead: "transition", folders: CORE },
  { word: /\blanes?\b/i, instead: "segment kind" },
  { word: /(?<!\/)\bagenda\b(?!\/)/i, instead: "timer heap" },
  { word: /\bblocks?\b/i, instead: "segment", folders: ["src/queue/base/", "src/queue/schedule/", "src/queue/store/"] },
  { word: /(?<!Math\.)\brounds?\b(?! trips?\b)/i, instead: "commit batch", folders: CORE },
  { word: /\b(crowd|linger)\b/i, instead: "expected callers, commit delay", folders: SERVER },
  { word: /\b(Surroundings|Circumstances)\b/i, instead: "queue info, request context", folders: SERVER },
  { word: /\b(Putters?|Joiners?)\b/i, instead: "blocked puts, joins", folders: CORE },
  { word: /\b(WaitingLine|closeRanks)\b/, instead: "wait queue" },
  { word: /\bLineWindow\b/, instead: "payload cache" },
  { word: /\bNextRound\b/, instead: "commit batcher" },
  { word: /\b(isAnyNext|Stock)\b/, instead: "has deliverable messages, delivery source", folders: CORE },
  { word: /\bassertLaw\b/, instead: "assert that the counts balance" },
  { word: /\b(unsaved|Unsaved)\b/, instead: "dirty", folders: CORE },
  { word: /\b(barren|isBarren)\b/, instead: "never received anything" },
  { word: /\b(hoard|hoarding)\b/i, instead: "held messages" },
  { word: /"(inspect|look|again)"/, instead: "describe, peek, resend" },
  { word: /\bmoving\b(?!\/)/, instead: "transferring", folders: ["src/", "worker-client/src/", "docs/"] },
];

/** Subjects that are nothing with a name. */
export const OLD_SUBJECTS: readonly OldWord[] = [
  { word: /\b(whoever|whomever)\b/i, instead: "the caller, client, connection, consumer or handler" },
  { word: /\b(nobody|no one)\b/i, instead: "no consumer, no client" },
  { word: /\b(somebody|someone|anybody|anyone|everybody|everyone)\b/i, instead: "a consumer, a client, each caller" },
  { word: /\b(who|those who|all who) waits?\b/i, instead: "waiting calls" },
  { word: /\b(he|she|his|him|himself)\b/i, instead: "the client" },
];
