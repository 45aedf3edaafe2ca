import { describe, expect, it } from "vitest";
import type { DirectoryEntry } from "$ui/views";
import { decoded, draftOf, EMPTY, sent } from "../edit";

const ENTRY: DirectoryEntry = {
  id: "e",
  name: "SMUR Nord",
  kind: "smur",
  numbers: [
    { number: "+33199000010", label: "garde" },
    { number: "15", label: "" },
  ],
  priority: 3,
  favourite: true,
  tags: ["nord", "adulte"],
  notes: "Base",
};

describe("a draft", () => {
  it("gives back the entry it was made of", () => {
    const { id: _, ...fields } = ENTRY;
    expect(sent(draftOf(ENTRY))).toEqual(fields);
  });
  it("leaves out what is empty", () => {
    expect(sent({ ...EMPTY, name: "X", numbers: "\n 15 \n\n", tags: " ,a,, b " })).toEqual({
      name: "X",
      kind: "other",
      numbers: [{ number: "15", label: "" }],
      priority: 0,
      favourite: false,
      tags: ["a", "b"],
      notes: "",
    });
  });
});

describe("a sheet", () => {
  it.each([
    ["UTF-8", [0xc3, 0xa9]],
    ["Windows", [0xe9]],
    ["UTF-8 with its mark", [0xef, 0xbb, 0xbf, 0xc3, 0xa9]],
  ])("in %s", (_, octets) => {
    expect(decoded(new Uint8Array(octets).buffer)).toBe("é");
  });
});
