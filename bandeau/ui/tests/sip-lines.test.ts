import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Credentials } from "$ui/api";
import type { LineHandlers } from "../sip-line";

interface Fake {
  credentials: () => Promise<Credentials>;
  handlers: LineHandlers;
  calls: string[];
}

const made: Fake[] = [];

vi.mock("../sip-line", () => ({
  SipLine: class {
    private readonly fake: Fake;
    constructor(credentials: () => Promise<Credentials>, _players: unknown, handlers: LineHandlers) {
      this.fake = { credentials, handlers, calls: [] };
      made.push(this.fake);
    }
    private say(word: string) {
      this.fake.calls.push(word);
    }
    async start() {
      this.say("start");
      await this.fake.credentials();
    }
    openLeg = () => this.say("openLeg");
    muteLeg = (muted: boolean) => this.say(`mute ${muted}`);
    setMicrophone = () => this.say("microphone");
    adopt = (password: string) => this.say(`adopt ${password}`);
    answerSecours = () => this.say("answer");
  },
}));

const { SipLines } = await import("../sip-lines");

function account(password: string): Credentials {
  return {
    username: "arm1",
    password,
    domain: "fr751",
    wsPort: 8088,
    wssPort: 8089,
    further: [{ wsPort: 8098, wssPort: 8099, calls: "FR751-asterisk-b-" }],
    legTarget: "leg",
    echoTarget: "echo",
    ice: { servers: [], policy: "all", seconds: 0 },
  };
}

function element() {
  return { dataset: {}, muted: false, append: () => {} } as unknown as HTMLAudioElement;
}

describe("the lines of a strip", () => {
  const fetch = vi.fn<() => Promise<Credentials>>();
  const told: string[] = [];
  const handlers: LineHandlers = {
    leg: (state) => void told.push(`leg ${state}`),
    registered: (on) => void told.push(`registered ${on}`),
    secours: (call) => void told.push(`secours ${call?.state}`),
    takesSecours: () => true,
    soundBlocked: () => {},
  };
  const players = { leg: element(), secours: element() };

  beforeEach(() => {
    made.length = told.length = 0;
    fetch.mockReset();
    fetch.mockResolvedValueOnce(account("first"));
    vi.stubGlobal("document", { createElement: element, body: { append: () => {} } });
  });

  async function started() {
    const lines = new SipLines(fetch, players, handlers);
    lines.openLeg();
    await lines.start();
    return lines;
  }

  it("are one for each Asterisk, with one account", async () => {
    await started();
    expect(made).toHaveLength(2);
    expect(made[1]?.calls).toEqual(["mute false", "start", "openLeg"]);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it("all have the fresh account of one that was refused", async () => {
    await started();
    fetch.mockResolvedValueOnce(account("second"));
    expect(await made[1]?.credentials()).toMatchObject({ password: "second", wsPort: 8098 });
    expect(made[0]?.calls).toContain("adopt second");
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it("ask again after a failure", async () => {
    fetch.mockReset();
    fetch.mockRejectedValueOnce(new Error("away")).mockResolvedValueOnce(account("first"));
    const lines = new SipLines(fetch, players, handlers);
    await expect(lines.start()).rejects.toThrow("away");
    expect(await made[0]?.credentials()).toMatchObject({ password: "first" });
  });

  it("are open when one of them is", async () => {
    await started();
    made[0]?.handlers.leg("open");
    made[1]?.handlers.leg("opening");
    made[0]?.handlers.leg("opening");
    made[1]?.handlers.registered(true);
    made[0]?.handlers.registered(false);
    expect(told).toEqual(["leg open", "leg open", "leg opening", "registered true", "registered true"]);
  });

  it("take one call of the fallback at a time", async () => {
    const lines = await started();
    made[1]?.handlers.secours({ state: "ringing" });
    expect(made[0]?.handlers.takesSecours()).toBe(false);
    made[0]?.handlers.secours(undefined);
    lines.answerSecours();
    expect(made[1]?.calls.at(-1)).toBe("answer");
    made[1]?.handlers.secours(undefined);
    expect(told).toEqual(["secours ringing", "secours undefined"]);
    expect(made[0]?.handlers.takesSecours()).toBe(true);
  });

  it("know by which a call is heard", async () => {
    const lines = await started();
    expect(lines.legOf("FR751-asterisk-a-1.1")).toBe(players.leg);
    expect(lines.legOf("FR751-asterisk-b-1.1")).toBe(lines.outputs[2]);
    expect(lines.legOf("FR752-asterisk-b-1.1")).toBe(players.leg);
  });
});
