import { describe, expect, it } from "vitest";
import { age, briefDossier, patientFacts, patientName, patients } from "../dossier";

describe("the LRM's dossier in words", () => {
  it.each([
    ["P38Y", "38\u00a0ans"],
    ["P1Y", "1\u00a0an"],
    ["P3M", "3\u00a0mois"],
    ["P1D", "1\u00a0jour"],
    ["P10D", "10\u00a0jours"],
    ["38", "38"],
  ])("reads the age %s", (written, read) => expect(age(written)).toBe(read));

  it("keeps patients in their order, beyond nine too", () => {
    const many = Object.fromEntries([...Array(11).keys()].map((n) => [String(n + 1), { name: `n${n + 1}` }]));
    expect(patients({ id: "D1", patients: many }).map(({ name }) => name)[9]).toBe("n10");
  });

  it("names a patient by what is known", () => {
    expect(patientName({ name: "Anne Martin", age: "P38Y" })).toBe("Anne Martin, 38\u00a0ans");
    expect(patientName({ birthName: "Petit" })).toBe("Petit");
    expect(patientName({})).toBe("Patient sans nom");
    expect(
      patientFacts({ name: "Anne Martin", birthName: "Petit", sex: "F", reason: "Douleur thoracique" }),
    ).toBe("femme · nom de naissance Petit · Douleur thoracique");
    expect(patientFacts({ birthName: "Petit", name: "Petit" })).toBe("");
  });

  it("is one line on the strip", () => {
    expect(briefDossier({ id: "D1" })).toBe("D1");
    const two = { "1": { name: "Anne Martin" }, "2": {} };
    expect(briefDossier({ id: "D1", patients: two })).toBe("D1 · Anne Martin + 1");
  });
});
