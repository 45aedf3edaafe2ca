/** What the LRM says of a call, in words. Pure. */

import { dossier as texts } from "$ui/texts";
import type { Dossier, Patient } from "$ui/views";

const UNITS = { Y: texts.years, M: texts.months, D: texts.days };

/** An age as it is read, from an ISO 8601 duration (`P38Y`); as it is where it is none. */
export function age(written: string): string {
  const found = /^P(\d+)([YMD])$/.exec(written);
  return found ? UNITS[found[2] as keyof typeof UNITS](Number(found[1])) : written;
}

/** The patients in their order. */
export function patients(dossier: Dossier): Patient[] {
  return Object.entries(dossier.patients ?? {})
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, patient]) => patient);
}

/** A patient in a few words: who, and how old. */
export function patientName(patient: Patient): string {
  const name = patient.name || patient.birthName || texts.unnamed;
  return patient.age ? `${name}, ${age(patient.age)}` : name;
}

/** What is said beside a patient's name. */
export function patientFacts(patient: Patient): string {
  const born = patient.birthName && patient.birthName !== patient.name ? texts.born(patient.birthName) : "";
  const sex = patient.sex ? texts.sexes[patient.sex] : "";
  return [sex, born, patient.reason].filter(Boolean).join(" · ");
}

/** A dossier on one line, beside its picture: its number, and its first patient. */
export function briefDossier(dossier: Dossier): string {
  const [first, ...others] = patients(dossier);
  const who = first ? [patientName(first), ...(others.length ? [texts.others(others.length)] : [])] : [];
  return [dossier.id, who.join(" ")].filter(Boolean).join(" · ");
}
