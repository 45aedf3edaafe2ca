import { describe, expect, it } from "vitest";
import type { HandCall, Offer, StripView } from "$ui/views";
import { isConference, mainCall, offered, offerLook, offerOrigin, otherCall, parties, who } from "../calls";

const base = { hidden: false, line: "15", flow: "15", priority: "Px", queuedAt: "2026-11-22T10:00:00.000Z" };
const CALLER: HandCall = {
  ...base,
  priority: "UV",
  id: "c1",
  kind: "incoming",
  state: "held",
  heard: false,
  number: "+33612345678",
  parties: { caller: { state: "talking", muted: false, number: "+33612345678" } },
};
const COLLEAGUE: HandCall = {
  ...base,
  priority: "Px",
  id: "c2",
  kind: "internal",
  state: "talking",
  heard: true,
  parties: { mu1: { state: "talking", muted: false, position: "mu1", label: "Dr Fabre" } },
};
const view = (...calls: HandCall[]) =>
  ({ calls: Object.fromEntries(calls.map((call) => [call.id, call])) }) as unknown as StripView;

describe("the calls in hand", () => {
  it("show the one heard large, the other beside", () => {
    expect(mainCall(view(CALLER, COLLEAGUE))?.id).toBe("c2");
    expect(otherCall(view(CALLER, COLLEAGUE))?.id).toBe("c1");
  });

  it("show a call on hold where it is the only one", () => {
    expect(mainCall(view(CALLER))?.id).toBe("c1");
    expect(otherCall(view(CALLER))).toBeUndefined();
    expect(mainCall(undefined)).toBeUndefined();
  });

  it("name a colleague, and read out a caller's number", () => {
    expect(who(COLLEAGUE).label).toBe("Dr Fabre");
    expect(who(CALLER)).toMatchObject({ label: "06\u00a012\u00a034\u00a056\u00a078", hidden: false });
    expect(who({ ...CALLER, hidden: true }).hidden).toBe(true);
  });

  it("put the caller first among the parties", () => {
    const call = { ...CALLER, parties: { ...COLLEAGUE.parties, ...CALLER.parties } };
    expect(parties(call).map(({ id }) => id)).toEqual(["caller", "mu1"]);
    expect([isConference(call), isConference(CALLER)]).toEqual([true, false]);
  });
});

describe("an offer", () => {
  const offer = (change: Partial<Offer>): Offer =>
    ({
      ...CALLER,
      id: "o1",
      callId: "c1",
      deadline: base.queuedAt,
      kind: "distributed",
      why: "",
      ...change,
    }) as Offer;

  it.each([
    [{}, "room", undefined],
    [{ kind: "invited", asked: "transfer", byName: "Ana" }, "transfer", "Transfert de Ana"],
    [{ kind: "invited", asked: "internal", byName: "Ana" }, "internal", "Collègue : Ana"],
    [{ kind: "invited" }, "invite", "Conférence demandée par un collègue"],
    [{ kind: "everybody", byName: "Ana" }, "everybody", "Appel général de Ana"],
  ] as [Partial<Offer>, string, string | undefined][])("%j looks like %s", (change, look, origin) => {
    expect(offerLook(offer(change))).toBe(look);
    expect(offerOrigin(offer(change))?.replaceAll("\u00a0", " ")).toBe(origin);
  });

  it("keeps its caller when passed on, names the colleague who calls", () => {
    expect(offered(offer({ kind: "invited", asked: "transfer", byName: "Ana" })).hidden).toBe(false);
    expect(offered(offer({ kind: "invited", asked: "internal", byName: "Ana" })).label).toBe("Ana");
  });
});
